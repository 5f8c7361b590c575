"""The crossing: the only room that translates, always through the records of `model`.

`convert` takes what a codec has parsed and gives a `Result`: the output in the other standard, and the
ledger that accounts for every leaf of the source. Which place answers to which is said by one table,
the crosswalk, read both ways.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Crosswalk": "crosswalk",
    "Result": "result",
    "convert": "routes",
    "rebuild": "carry",
}
"""What the room exports, and the module that each name is in; `__init__.pyi` gives the types."""

__all__ = [*_HOMES]  # noqa: PLE0604  (names, each a text)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'chiasm.mapping' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value
