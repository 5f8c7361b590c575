"""`python tools/house [CHECK…]`, from any folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.house.run import main

sys.exit(main())
