"""DICOM: data sets, value representations, character sets, files, and what is built on them.

`parse(data).encode() == data` for any bytes that `parse` accepts. What is exported here is loaded on
first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .charset import CharacterSet
    from .dataset import DataSet, Element
    from .json_model import parse_json
    from .names import PersonName
    from .ordered import to_ordered_dict
    from .package import Package
    from .part10 import create, parse, read_file
    from .pydicom_import import from_pydicom
    from .recoding import recode
    from .relations import graph, position, references
    from .xml_model import parse_xml

__all__ = [
    "CharacterSet",
    "DataSet",
    "Element",
    "Package",
    "PersonName",
    "create",
    "from_pydicom",
    "graph",
    "parse",
    "parse_json",
    "parse_xml",
    "position",
    "read_file",
    "recode",
    "references",
    "to_ordered_dict",
]

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


_MODULES = frozenset(("charset", "names", "temporal", "values"))


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if home is None:
        raise AttributeError(f"chiasm.dicom has no {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
