"""FHIR R4 in JSON: resources as trees that keep what they were read from, and their checking.

Knows neither DICOM nor HL7 v2. `parse` reads bytes within the budgets of `limits`; a resource is read
and edited by paths (`Patient.name[0].family`), encodes to the bytes it came from while nobody edits it,
and is checked by `validate` against the definitions of FHIR R4 (4.0.1).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .numbers import Number
    from .parser import parse, read_file
    from .resource import Resource
    from .validator import validate

__all__ = ["Number", "Resource", "parse", "read_file", "validate"]

_HOMES = {
    "Number": "numbers",
    "Resource": "resource",
    "parse": "parser",
    "read_file": "parser",
    "validate": "validator",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'chiasm.fhir' has no attribute {name!r}")
    return getattr(importlib.import_module(f".{home}", __name__), name)
