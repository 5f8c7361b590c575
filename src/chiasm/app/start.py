"""The entry point of the command line; what needs no command answers before anything is loaded."""

from __future__ import annotations

import gc
import sys

import chiasm


def main() -> None:
    """Run the command line: exit status 0 done, 1 findings or partial, 2 unusable input or arguments."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"chiasm {chiasm.__version__}\n")
        return
    gc.disable()  # nothing that is loaded becomes garbage
    from .cli import run

    gc.enable()
    run()
