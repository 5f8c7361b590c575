"""Coded concepts and quantities."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Coded:
    """A code of a coding scheme with its meaning; a meaning alone is text without a code.

    `scheme` is the designator of DICOM (`SCT`, `LN`, `DCM`, `UCUM`, `99LOCAL`); each room spells it
    in its own way. PS3.3 §8.8; HL7 v2.5.1 §2.A.12.
    """

    code: str = ""
    scheme: str = ""
    meaning: str = ""
    version: str = ""

    def __bool__(self) -> bool:
        return bool(self.code or self.meaning)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as written, with its unit; `value` keeps its text and precision."""

    value: str
    unit: Coded = Coded()
