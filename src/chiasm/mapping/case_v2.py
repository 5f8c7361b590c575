"""From a v2 message to a case: each concept looked for in every place that the crosswalk knows.

Hospitals put the same fact in different fields: the places of the message's own kind come first, those
of other kinds after them. Where two places say the same, both are accounted for; where they say
different things, the first stands and the other is reported, never merged.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..errors import ChiasmError
from ..model import (
    BodyMeasures,
    Case,
    Coded,
    Equipment,
    Order,
    Patient,
    Quantity,
    ScheduledStep,
    Sender,
    Series,
    Study,
    Visit,
)
from .crosswalk import Crosswalk, Place
from .kinds import KINDS
from .reading import FieldReader
from .scopes import Scope, scopes
from .times import from_v2

if TYPE_CHECKING:
    from ..hl7 import Message
    from .kind import Kind

ReadPlan = tuple[tuple[str, str, "Kind", tuple[Place, ...]], ...]


@dataclass(frozen=True, slots=True)
class FieldRead:
    """What one place gave: the leaves read, which record they filled, and why they were refused, if so."""

    concept: str
    index: int
    leaves: list[str]
    refusal: str = ""


@dataclass(slots=True)
class MessageReading:
    """A case, what was read to make it, and the concepts that the message asks to be deleted."""

    case: Case
    reads: list[FieldRead]
    nulls: dict[str, str]


@functools.lru_cache(maxsize=64)
def _plans(crosswalk: Crosswalk, message_kind: str) -> dict[str, ReadPlan]:
    plans: dict[str, list[Any]] = {}
    for row in crosswalk.rows:
        own = row.places_in(message_kind)
        places = (*own, *(place for place in row.places if place not in own))
        if places:
            plans.setdefault(row.record, []).append((row.concept, row.attribute, KINDS[row.kind], places))
    return {record: tuple(rows) for record, rows in plans.items()}


class _Reader:
    """Fills records from scopes; keeps the reads."""

    def __init__(self, plans: dict[str, ReadPlan]) -> None:
        self._plans = plans
        self.reads: list[FieldRead] = []
        self.nulls: dict[str, str] = {}

    def fill(self, record: str, scope: Scope, index: int = 0) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for concept, attribute, kind, places in self._plans.get(record, ()):
            for place in places:
                for field, unit in scope.fields(place):
                    self._take(concept, attribute, index, kind, place, field, unit, values)
        return values

    def _take(
        self,
        concept: str,
        attribute: str,
        index: int,
        kind: Kind,
        place: Place,
        field: FieldReader,
        unit: Coded | None,
        values: dict[str, Any],
    ) -> None:
        if field.is_null:
            self.nulls[concept] = field.path
            return
        refusal, value = "", None
        try:
            value = kind.from_v2(field)
        except ChiasmError as error:
            refusal = error.message
        if not field.leaves:
            return
        if isinstance(value, Quantity) and unit is not None:
            value = replace(value, unit=unit)
        known = values.get(attribute)
        if not refusal and not value:
            refusal = "nothing that the concept can hold"
        elif known and not refusal:
            if place.segment == "NTE" and isinstance(known, str):
                values[attribute] = f"{known}\n{value}"
            elif value != known:
                refusal = f"another place of the message says otherwise of {concept}"
        elif not refusal:
            values[attribute] = value
        self.reads.append(FieldRead(concept, index, field.leaves, refusal))


def read(message: Message, crosswalk: Crosswalk) -> MessageReading:
    """The case that one message says: its patient, visit, orders and what it tells of their study."""
    kind = str(message["MSH-9.1"] or "").lower()
    reader = _Reader(_plans(crosswalk, kind))
    whole, ordered = scopes(message)
    orders = []
    study: dict[str, Any] = {}
    series: dict[str, Any] = {}
    equipment: dict[str, Any] = {}
    for index, scope in enumerate(ordered):
        values = reader.fill("order", scope, index)
        orders.append(Order(**values, steps=_steps(reader, scope, index), control=scope.control))
        if index == 0:
            study = reader.fill("study", scope)
            series = reader.fill("series", scope)
            equipment = reader.fill("equipment", scope)
    uid = orders[0].study_uid if orders else ""
    made = (Series(**series, equipment=Equipment(**equipment)),) if "uid" in series else ()
    case = Case(
        patient=Patient(**reader.fill("patient", whole)),
        visit=Visit(**reader.fill("visit", whole)),
        measures=BodyMeasures(**reader.fill("measures", whole)),
        orders=tuple(orders),
        study=Study(uid=uid, series=made, **study),
        sender=_sender(message),
    )
    return MessageReading(case, reader.reads, reader.nulls)


def _steps(reader: _Reader, scope: Scope, index: int) -> tuple[ScheduledStep, ...]:
    found = []
    for number, part in enumerate(scope.steps()):
        values = reader.fill("step", part, index if number == 0 else index + number)
        if values:
            found.append(ScheduledStep(**values))
    return tuple(found)


def _sender(message: Message) -> Sender:
    try:
        sent = from_v2(str(message["MSH-7.1"] or message["MSH-7"] or ""))
    except ChiasmError:
        sent = None
    return Sender(
        str(message["MSH-3.1"] or ""), str(message["MSH-4.1"] or ""), sent, str(message["MSH-10"] or "")
    )
