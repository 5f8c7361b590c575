"""Writing records into segments by the crosswalk, with the account of where each concept went."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from ..model import Coded, Quantity
from .crosswalk import Crosswalk, Place
from .kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..hl7 import FieldValue, Raw
    from .kind import Held

Fields = dict[int, "FieldValue"]
SegmentRow: TypeAlias = "tuple[str, Fields] | Raw"
WritePlan = tuple[tuple[str, str, "Callable[[object], Held]", tuple[Place, ...]], ...]


@dataclass(frozen=True, slots=True)
class Written:
    """Where one concept went, and the facets of its value that found no place there."""

    target: str
    unheld: frozenset[str] = frozenset()
    notes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Observation:
    """An OBX in the making: its code, value type, value, unit, sub-identifier and result status."""

    code: FieldValue
    value_type: str
    value: FieldValue
    unit: FieldValue = None
    sub_id: str = ""
    status: str = "O"


@functools.lru_cache(maxsize=64)
def _plans(crosswalk: Crosswalk, message_kind: str) -> dict[str, WritePlan]:
    plans: dict[str, list[Any]] = {}
    for row in crosswalk.rows:
        places = row.places_in(message_kind)
        if places:
            plans.setdefault(row.record, []).append(
                (row.concept, row.attribute, KINDS[row.kind].to_v2, places)
            )
    return {record: tuple(rows) for record, rows in plans.items()}


class Writer:
    """Fills segments of one message; `written` says where the concepts of each record went."""

    __slots__ = ("_plans", "observations", "written")

    def __init__(self, crosswalk: Crosswalk, message_kind: str) -> None:
        self._plans = _plans(crosswalk, message_kind)
        self.written: dict[tuple[str, int], Written] = {}
        self.observations: list[Observation] = []

    def fill(
        self,
        record: str,
        value: object,
        segments: dict[str, Fields],
        index: int = 0,
        sub_id: str = "",
        status: str = "O",
    ) -> None:
        """Write what one record says into its segments, and into `observations` where its place is one."""
        for concept, attribute, to_v2, places in self._plans.get(record, ()):
            said = getattr(value, attribute)
            if not said:
                continue
            field, unheld = to_v2(said)
            targets = []
            for place in places:
                if place.code is not None:
                    unit = said.unit if isinstance(said, Quantity) else None
                    self.observations.append(_observation(place, field, unit, sub_id, status))
                    targets.append(place.path)
                elif _put(segments, place, field):
                    targets.append(place.path)
            if targets:
                self.written[concept, index] = Written(" ".join(targets), unheld)


def _observation(
    place: Place, field: FieldValue, unit: Coded | None, sub_id: str, status: str
) -> Observation:
    if unit is None:
        return Observation(place.code, place.value_type, field, None, sub_id, status)
    return Observation(place.code, "NM", field, (unit.code, unit.meaning, unit.scheme), sub_id, status)


def _put(segments: dict[str, Fields], place: Place, field: FieldValue) -> bool:
    """Put a field value at its place; whoever was there first stays, and False says so."""
    name = f"{place.segment}({place.scope})" if place.scope else place.segment
    fields = segments.get(name)
    if fields is None:
        return False
    there = fields.get(place.field)
    if place.component == 1:
        if not there:
            fields[place.field] = field
            return True
        return _fill_up(fields, place.field, there, field)
    wanted = _components(field)
    if not any(wanted):
        return False
    return _place_components(fields, place.field, there, place.component - 1, wanted)


def _components(field: FieldValue) -> tuple[Any, ...]:
    """The components of a field value, of its first repetition where there are several."""
    first = field[0] if isinstance(field, list) and field else field
    return first if isinstance(first, tuple) else (first,)


def _fill_up(fields: Fields, number: int, there: FieldValue, field: FieldValue) -> bool:
    """A value for the first component where later ones are already filled."""
    if isinstance(there, tuple) and not there[0] and isinstance(field, str):
        fields[number] = (field, *there[1:])
        return True
    return False


def _place_components(
    fields: Fields, number: int, there: FieldValue, offset: int, wanted: tuple[Any, ...]
) -> bool:
    if isinstance(there, list):
        return False
    parts: list[Any] = list(there) if isinstance(there, tuple) else [there or ""]
    parts += [""] * (offset + len(wanted) - len(parts))
    if any(parts[offset : offset + len(wanted)]):
        return False
    parts[offset : offset + len(wanted)] = wanted
    fields[number] = tuple(parts)
    return True
