"""FHIR R4 in JSON: resources as trees that keep what they were read from, and their checking.

Knows neither DICOM nor HL7 v2. `parse` reads bytes within the budgets of `limits`; a resource is read
and edited by paths (`Patient.name[0].family`), encodes to the bytes it came from while nobody edits it,
and is checked by `validate` against the definitions of FHIR R4 (4.0.1).
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Number": "numbers",
    "Resource": "resource",
    "parse": "parser",
    "read_file": "parser",
    "validate": "validator",
}
"""What the room exports, and the module that each name is in; `__init__.pyi` gives the types."""

__all__ = [*_HOMES]  # noqa: PLE0604  (names, each a text)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'chiasm.fhir' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value
