"""The crossing made visible: an instance's message or bundle, and beside it the account of every leaf."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from ..errors import ChiasmError

if TYPE_CHECKING:
    from ..dicom import Package
    from ..mapping.result import Result
    from ..services.outline import Node

TARGETS = {
    "oru": "ORU^R01", "omi": "OMI^O23", "orm": "ORM^O01", "omg": "OMG^O19", "adt": "ADT^A08",
    "mdm": "MDM^T02", "fhir": "FHIR R4",
}  # fmt: skip
_FIELD = re.compile(r"([A-Z][A-Z0-9]{2})(?:\[(\d+)\])?-(\d+)")
_CODE = 3
_MSH_FIRST = 2
"""MSH-1 is the separator itself: what stands behind the first separator is MSH-2. HL7 v2.5.1 §2.15.9.1."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message as it is written; `place` is empty for a segment's name."""

    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Line:
    """One leaf of the source: its tag, name and value, what became of it, where it went and why."""

    path: str
    name: str
    value: str
    disposition: str
    target: str
    place: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Crossing:
    """A conversion shown: the segments of a message, or the rows of a bundle, with the ledger.

    `failure` says why there is none, where there is none.
    """

    segments: list[list[Field]]
    bundle: list[Node]
    lines: list[Line]
    counts: dict[str, int]
    failure: str = ""


def crossing(package: Package, to: str) -> Crossing:
    """Convert an instance, and draw up both sides; an object that has no such form says why."""
    from .. import mapping
    from ..mapping.routes import Options
    from ..model import Instant, Sender  # with all that cases are made of

    moment = datetime.now().astimezone()
    sent = Instant(moment.strftime("%Y%m%d%H%M%S"), "", moment.strftime("%z"))
    sender = replace(Sender(sent=sent), control_id=os.urandom(10).hex().upper())
    try:
        result = mapping.convert([("", package)], to, Options(sender=sender))
    except ChiasmError as error:
        return Crossing([], [], [], {}, str(error))
    return _drawn(package, result, to)


def _drawn(package: Package, result: Result, to: str) -> Crossing:
    from ..services.outline import of_data_set, of_resource

    rows = {row.path: row for row in (*of_data_set(package.header), *of_data_set(package.data))}
    segments = [] if to == "fhir" else _segments(result.output)
    coded = _coded(segments)
    lines = []
    for entry in result.ledger:
        row = rows.get(entry.source.lstrip("#"))
        lines.append(
            Line(
                entry.source, row.name if row else "", row.value[:200] if row else "",
                entry.disposition.value, entry.target, _place(entry.target, coded), entry.rule, entry.reason,
            )
        )  # fmt: skip
    counts = result.ledger.counts()
    if to == "fhir":
        return Crossing([], list(of_resource(json.loads(result.output))), lines, counts)
    return Crossing(segments, [], lines, counts)


def _segments(output: bytes) -> list[list[Field]]:
    """The segments of a message, each as its name and its fields as they are written."""
    from .. import hl7

    found: list[list[Field]] = []
    counts: dict[str, int] = {}
    for text in str(hl7.parse(output)).splitlines():
        name = text[:3]
        counts[name] = counts.get(name, 0) + 1
        first = _MSH_FIRST if name in {"MSH", "BHS", "FHS"} else 1
        fields = [Field(name, "")]
        for number, part in enumerate(text[4:].split(text[3:4] or "|"), first):
            fields.append(Field(part, f"{name}[{counts[name]}]-{number}"))
        found.append(fields)
    return found


def _coded(segments: list[list[Field]]) -> dict[str, str]:
    """The places of observations by their codes: `OBX(code)` is what a ledger writes for one."""
    found: dict[str, str] = {}
    for fields in segments:
        if fields[0].text == "OBX" and len(fields) > _CODE:
            found.setdefault(f"OBX({fields[_CODE].text})", fields[_CODE].place.rpartition("-")[0])
    return found


def _place(target: str, coded: dict[str, str]) -> str:
    """The field that a target lies in, as `PID[1]-5`, or the path in a bundle."""
    head, dash, tail = target.rpartition("-")
    if dash and head in coded:
        target = f"{coded[head]}-{tail}"
    found = _FIELD.match(target)
    return f"{found[1]}[{found[2] or 1}]-{found[3]}" if found else target
