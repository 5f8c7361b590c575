"""DICOM: data sets, value representations, character sets, files, and what is built on them.

`parse(data).encode() == data` for any bytes that `parse` accepts. What is exported here is loaded on
first use.
"""

from __future__ import annotations

import importlib

_HOMES = {
    "CharacterSet": "charset",
    "DataSet": "dataset",
    "Element": "dataset",
    "Package": "package",
    "PersonName": "names",
    "create": "part10",
    "parse": "part10",
    "read_file": "part10",
    "recode": "recode",
    "to_ordered_dict": "ordered",
}
_MODULES = frozenset(("charset", "names", "temporal", "values"))


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is not None:
        found: object = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    elif name in _MODULES:
        found = importlib.import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"chiasm.dicom has no {name!r}")
    globals()[name] = found
    return found
