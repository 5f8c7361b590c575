"""Chiasm: DICOM, HL7 and FHIR read, written, checked and translated, with nothing lost silently.

The three names of the founding example are here: `dicom`, `hl7` and `convert`; each is
loaded when it is first used, so that importing `chiasm` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import dicom, fhir, hl7, mapping, model
    from .app.convert import convert

__version__ = "0.1.0"
__all__ = ["__version__", "convert", "dicom", "fhir", "hl7", "mapping", "model"]

_ROOMS = frozenset({"dicom", "fhir", "hl7", "mapping", "model"})


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"chiasm.{name}")
    if name == "convert":
        from .app.convert import convert

        return convert
    raise AttributeError(f"module 'chiasm' has no attribute {name!r}")
