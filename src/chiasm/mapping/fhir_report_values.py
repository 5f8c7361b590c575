"""The value of a content item as `value[x]` of an Observation or component. FHIR R4 §10.1; PS3.3 §C.17.3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..model import Coded
from .fhir_kind import checked
from .fhir_terms import concept
from .fhir_times import to_date_time
from .fhir_values import to_number, unit
from .times import from_dicom_dt

if TYPE_CHECKING:
    from ..model import Content

_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d)([0-5]\d|60)(\.\d{1,6})?")


def value_of(item: Content, number: str | None = None) -> tuple[dict[str, Any], str]:
    """The value of an item, and what to note of it; empty for one without a value.

    `number` is that of several. Raises ValueFormatError for what FHIR cannot hold.
    """
    kind = item.value_type
    if kind == "NUM":
        return _measured(item, number if number is not None else next(iter(item.numbers), ""))
    if kind == "CODE":
        return ({"valueCodeableConcept": concept(item.code)}, "") if item.code else ({}, "")
    if not item.text or kind in {"CONTAINER", "TABLE"}:
        return {}, ""
    if kind in {"DATE", "DATETIME"}:
        moment = from_dicom_dt(item.text.strip())
        if moment:
            held = to_date_time(moment)
            return {"valueDateTime": held.values[0]}, held.note
    found = _TIME.fullmatch(item.text.strip()) if kind == "TIME" else None
    if found:
        return {"valueTime": f"{found[1]}:{found[2]}:{found[3]}{found[4] or ''}"}, ""
    return {"valueString": checked("string", item.text)}, ""


def _measured(item: Content, number: str) -> tuple[dict[str, Any], str]:
    """A number with its unit; a qualifier (not a number, measurement failure) instead of it says why.

    PS3.3 §C.18.1. Beside a number it is an interpretation: a value has no reason to be absent (obs-6).
    """
    found: dict[str, Any] = {}
    note = ""
    if number.strip():
        value, note = to_number(number)
        found["valueQuantity"] = {"value": value, **unit(item.unit or Coded())}
        if item.qualifier:
            found["interpretation"] = [concept(item.qualifier)]
    elif item.qualifier:
        found["dataAbsentReason"] = concept(item.qualifier)
    elif item.unit:
        found["dataAbsentReason"] = {"text": f"no number, in {item.unit.meaning or item.unit.code}"}
    return found, note
