"""The crosswalk: one table that says where each concept stands in each standard.

A row names a concept (a field of a record of `model`), the kind of value that converts it both ways,
its place in DICOM, HL7 v2 and FHIR, whether the way there and back is lossless, and its citation. The
same rows drive every direction. A site overrides rows with a file of the same columns; a row whose
places are all empty takes the concept out. Nothing in an override is taken on trust: concepts, kinds,
keywords and paths are checked when it is loaded.
"""

from __future__ import annotations

import csv
import functools
import io
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..model import BodyMeasures, Equipment, Instance, Order, Patient, ScheduledStep, Series, Study, Visit
from ..standards import dictionary
from . import fhir_places
from .kinds import KINDS

COLUMNS = ("concept", "kind", "dicom", "v2", "fhir", "lossless", "cite")
RECORDS: dict[str, Any] = {
    "patient": Patient,
    "visit": Visit,
    "measures": BodyMeasures,
    "order": Order,
    "step": ScheduledStep,
    "study": Study,
    "series": Series,
    "equipment": Equipment,
    "instance": Instance,
}
READ = "read"
"""The kind of a place that is looked into but never written: where others put it."""

MESSAGE_KINDS = ("oru", "omi", "orm", "omg", "adt", "siu", "mdm")

_PLACE = re.compile(
    r"(?:(?P<kinds>[a-z,]+):)?"
    r"(?:OBX\((?P<code>[^()]+)\)(?:\[(?P<unit>[^\]]+)\])?(?P<type>[A-Z]{2})?"
    r"|(?P<segment>[A-Z][A-Z0-9]{2})(?:\((?P<scope>[a-z]+)\))?-(?P<field>\d+)(?:\.(?P<component>\d+))?)"
)


@dataclass(frozen=True, slots=True)
class Place:
    """One place in a v2 message: a field, from one of its components on, or an observation by its code.

    `kinds` are the messages it applies to. An observation has a `code` as `code^text^system`, a
    `unit` of UCUM and a value type of HL7 table 0125 (`ST` unless said otherwise).
    """

    kinds: frozenset[str]
    segment: str
    field: int = 5
    component: int = 1
    scope: str = ""
    code: tuple[str, str, str] | None = None
    unit: str = ""
    value_type: str = ""

    @property
    def path(self) -> str:
        """The place as it is printed: `PID-3`, `PV1-19.4`, `OBX(113014^DICOM Study^DCM)-5`."""
        if self.code:
            return f"OBX({'^'.join(self.code)})-5"
        tail = f".{self.component}" if self.component > 1 else ""
        return f"{self.segment}-{self.field}{tail}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the crosswalk. `tags` begins with the principal element."""

    concept: str
    kind: str
    tags: tuple[int, ...]
    places: tuple[Place, ...]
    fhir: str
    lossless: bool
    cite: str
    keywords: str

    @property
    def record(self) -> str:
        """The record of `model` that the concept belongs to, as `patient`."""
        return self.concept.partition(".")[0]

    @property
    def attribute(self) -> str:
        """The field of that record."""
        return self.concept.partition(".")[2]

    def places_in(self, message_kind: str) -> tuple[Place, ...]:
        """The places of the concept in one kind of message."""
        return tuple(place for place in self.places if message_kind in place.kinds)


@dataclass(frozen=True, slots=True, eq=False)
class Crosswalk:
    """All rows, by concept, in the order of the table; two are the same only if they are one."""

    rows: tuple[Row, ...]

    def of(self, record: str) -> tuple[Row, ...]:
        """The rows whose concept is a field of one record."""
        return tuple(row for row in self.rows if row.record == record)

    def row(self, concept: str) -> Row | None:
        """The row of one concept, if there is one."""
        return next((row for row in self.rows if row.concept == concept), None)


@functools.cache
def default() -> Crosswalk:
    """The crosswalk that Chiasm brings."""
    text = resources.files(__package__).joinpath("data/crosswalk.csv").read_text("utf-8")
    return Crosswalk(tuple(_rows(text, "crosswalk.csv")))


def load(path: str | Path) -> Crosswalk:
    """The default crosswalk with the rows of a site's file in place of its own.

    Raises UsageError, naming the line, for a row that cannot be.
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the crosswalk cannot be read: {error}", source=str(path)) from error
    own = {row.concept: row for row in _rows(text, str(path))}
    for number, row in enumerate(own.values(), 2):
        _check(row, str(path), f"line {number}")
    kept = [own.pop(row.concept, row) for row in default().rows]
    return Crosswalk((*kept, *own.values()))


def _check(row: Row, source: str, where: str) -> None:
    record = RECORDS.get(row.record)
    if record is None or row.attribute not in record.__dataclass_fields__:
        raise UsageError(
            f"'{row.concept}' is not a concept of the model",
            source=source,
            place=where,
            hint="a concept is a field of a record, as patient.sex; see `chiasm convert --explain`",
        )
    if row.kind not in KINDS:
        raise UsageError(
            f"'{row.kind}' is not a kind of value",
            source=source,
            place=where,
            hint=f"known are {', '.join(sorted(KINDS))}",
        )
    try:
        fhir_places.places(row.fhir)
    except UsageError as error:
        raise UsageError(error.message, source=source, place=where, hint=error.hint) from None


def _rows(text: str, source: str) -> list[Row]:
    reader = csv.DictReader(io.StringIO(text))
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise UsageError(
            f"the crosswalk lacks the columns {', '.join(missing)}",
            source=source,
            place="line 1",
            hint=f"its first line is {','.join(COLUMNS)}",
        )
    return [_row(line, source, number) for number, line in enumerate(reader, 2)]


def _row(line: dict[str, str], source: str, number: int) -> Row:
    where = f"line {number}"
    keywords = line["dicom"] or ""
    tags = []
    for keyword in keywords.split():
        tag = dictionary.tag(keyword)
        if tag is None:
            raise UsageError(
                f"'{keyword}' is not a keyword of the DICOM dictionary",
                source=source,
                place=where,
                rule="PS3.6 §6",
            )
        tags.append(tag)
    places = tuple(
        _place(text.strip(), source, where) for text in (line["v2"] or "").split(";") if text.strip()
    )
    return Row(
        line["concept"],
        line["kind"],
        tuple(tags),
        places,
        line["fhir"] or "",
        line["lossless"] == "yes",
        line["cite"] or "",
        keywords,
    )


def _place(text: str, source: str, where: str) -> Place:
    found = _PLACE.fullmatch(text)
    if not found:
        raise UsageError(
            f"'{text}' is not a place in a message",
            source=source,
            place=where,
            hint="write it as PID-3, PV1-19.4 or OBX(8302-2^Body height^LN)[m]",
        )
    kinds = frozenset(found["kinds"].split(",")) if found["kinds"] else frozenset(MESSAGE_KINDS)
    unknown = kinds.difference((*MESSAGE_KINDS, READ))
    if unknown:
        raise UsageError(
            f"'{sorted(unknown)[0]}' is not a kind of message",
            source=source,
            place=where,
            hint=f"known are {', '.join(MESSAGE_KINDS)}",
        )
    if found["code"]:
        code, _, rest = found["code"].partition("^")
        meaning, _, scheme = rest.partition("^")
        value_type = found["type"] or ("NM" if found["unit"] else "ST")
        return Place(
            kinds, "OBX", code=(code, meaning, scheme), unit=found["unit"] or "", value_type=value_type
        )
    return Place(
        kinds,
        found["segment"],
        int(found["field"]),
        int(found["component"] or 1),
        found["scope"] or "",
    )
