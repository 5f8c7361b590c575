"""Dates and times: FHIR holds a time of day only with seconds and a zone; without them it stays behind.

FHIR R4 §2.24.0.1; HL7 v2.5.1 §2.A.22; PS3.5 §6.2. No zone is ever invented.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import ValueFormatError
from ..model import Instant
from .fhir_kind import Held, checked
from .times import TIME_OF_DAY, ZONE

if TYPE_CHECKING:
    from .fhir_kind import People
    from .fhir_nodes import Node
    from .fhir_places import FhirPlace

_BOTH = frozenset({TIME_OF_DAY, ZONE})
_TEXT = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d))?)?)?")


def to_date(moment: Instant) -> str:
    """The date, to the precision known; raises ValueFormatError for no day of the calendar."""
    digits = moment.date
    return str(checked("date", "-".join(part for part in (digits[:4], digits[4:6], digits[6:8]) if part)))


def to_date_time(moment: Instant) -> Held:
    """The moment as dateTime; as a date where it has no zone or no minutes.

    Where it has minutes and no seconds these are written as zero, as FHIR asks, and noted.
    """
    day = to_date(moment)
    clock = moment.digits[8:]
    if not clock:
        return Held((day,))
    if not moment.offset:
        return Held((day,), _BOTH, f"the time {moment.time} without a zone has no place in FHIR")
    if len(clock) < 4:
        return Held((day,), _BOTH, f"the time {moment.time} without minutes has no place in FHIR")
    second = clock[4:6] or "00"
    fraction = f".{moment.fraction}" if moment.fraction and len(clock) == 6 else ""
    zone = f"{moment.offset[:3]}:{moment.offset[3:]}"
    text = checked("dateTime", f"{day}T{clock[:2]}:{clock[2:4]}:{second}{fraction}{zone}")
    return Held((text,), note="" if len(clock) == 6 else "seconds are not known and written as 00")


def to_instant(moment: Instant | None) -> str:
    """The moment as instant; empty where its precision does not make one. FHIR R4 §2.24.0.1."""
    if moment is None or not moment.offset or len(moment.digits) < 14:
        return ""
    return str(to_date_time(moment).values[0])


def from_text(text: str) -> Instant | None:
    """The moment of a date, dateTime or instant; raises ValueFormatError for anything else."""
    if not text:
        return None
    found = _TEXT.fullmatch(text)
    if not found:
        raise ValueFormatError(f"'{text}' is not a date or time", rule="FHIR R4 §2.24.0.1")
    *digits, fraction, zone = found.groups()
    offset = "+0000" if zone == "Z" else (zone or "").replace(":", "")
    return Instant("".join(part for part in digits if part), fraction or "", offset)


class MomentKind:
    """A moment at a date, dateTime or instant; the first of several places that knows most wins."""

    def to_fhir(self, value: Instant, place: FhirPlace, people: People) -> Held:
        """The moment as far as the place holds it; nothing where a dateTime would add nothing to a date."""
        if place.type == "date":
            text = to_date(value)
            return Held((text,), _BOTH if value.time else frozenset())
        held = to_date_time(value)
        beside_a_date = place.steps[0].name.startswith("_")
        return Held((), held.unheld, held.note) if beside_a_date and "T" not in held.values[0] else held

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> Instant | None:
        """The moment of the first node."""
        return from_text(nodes[0].leaf()) if nodes else None
