"""`python -m chiasm.app` is the command line."""

from .start import main

main()
