"""DICOM: data sets, value representations, character sets, files, and what is built on them.

`parse(data).encode() == data` for any bytes that `parse` accepts. What is exported here is loaded on
first use.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "CharacterSet": "charset",
    "DataSet": "dataset",
    "Element": "dataset",
    "Package": "package",
    "PersonName": "names",
    "create": "part10",
    "from_pydicom": "pydicom_import",
    "graph": "relations",
    "parse": "part10",
    "parse_json": "json_model",
    "parse_xml": "xml_model",
    "position": "relations",
    "read_file": "part10",
    "recode": "recoding",
    "references": "relations",
    "to_ordered_dict": "ordered",
}
"""What the room exports, and the module that each name is in; `__init__.pyi` gives the types."""

__all__ = [*_HOMES]  # noqa: PLE0604  (names, each a text)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'chiasm.dicom' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value
