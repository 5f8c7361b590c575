"""The parts of a message that belong together: the patient's, each order's, each step's.

Orders are told apart by their leading segments alone, so that a message whose structure is broken
still gives each order its own fields. HL7 v2.5.1 §4.4, §7.3.1, §10.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Coded
from .reading import FieldReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..hl7 import Message, Segment
    from .crosswalk import Place

Placed = tuple[str, "Segment"]
"""A segment with its path, as `OBX[3]`."""

_ORDER_SEGMENTS = frozenset(
    {"ORC", "OBR", "TQ1", "TQ2", "IPC", "ZDS", "AIS", "AIL", "AIP", "AIG", "CTD", "TXA"}
)


class Scope:
    """Segments that are read as one, those of their own before those shared with others.

    `notes` is the scope name under which NTE segments are found here.
    """

    __slots__ = ("_notes", "_observed", "_segments")

    def __init__(self, segments: dict[str, list[Placed]], notes: str = "") -> None:
        self._segments = segments
        self._notes = notes
        self._observed: dict[tuple[str, str], list[Placed]] | None = None

    @property
    def control(self) -> str:
        """The order control code of the scope's ORC: HL7 v2.5.1 §4.5.1.1."""
        for _, segment in self._segments.get("ORC", ()):
            return _text(segment, 1)
        return ""

    def fields(self, place: Place) -> Iterator[tuple[FieldReader, Coded | None]]:
        """The fields at one place, and the unit where it is an observation's."""
        if place.code is not None:
            code, meaning, system = place.code
            observed = self._observations()
            for path, segment in (
                *observed.get((code, system), ()),
                *observed.get(("", meaning.casefold()), ()),
            ):
                yield FieldReader(f"{path}-5", segment.value(5)), _unit(segment)
            return
        if place.segment == "NTE" and place.scope != self._notes:
            return
        found = self._segments.get(place.segment, ())
        for path, segment in found if place.segment == "NTE" else found[:1]:
            repetitions = segment.value(place.field)
            if repetitions:
                yield FieldReader(f"{path}-{place.field}", repetitions, place.component), None

    def _observations(self) -> dict[tuple[str, str], list[Placed]]:
        """The OBX segments by code and system; one without a code by the empty code and its text."""
        if self._observed is None:
            self._observed = {}
            for placed in self._segments.get("OBX", ()):
                self._observed.setdefault(_code(placed[1]), []).append(placed)
        return self._observed

    def steps(self) -> Iterator[Scope]:
        """The scheduled steps of an order: one for each IPC or AIS, else the order itself."""
        for name in ("IPC", "AIS"):
            several = self._segments.get(name, ())
            if several:
                for one in several:
                    yield Scope({**self._segments, name: [one]}, self._notes)
                return
        yield self


def _text(segment: Segment, number: int) -> str:
    field = segment.value(number)
    return str(field[0][0][0]) if field else ""


def _code(segment: Segment) -> tuple[str, str]:
    """What an OBX is of: its code and coding system, or its text where it has no code."""
    field = segment.value(3)
    if not field:
        return "", ""
    parts = [part[0] for part in field[0]] + ["", "", ""]
    return (parts[0], parts[2]) if parts[0] else ("", parts[1].casefold())


def _unit(segment: Segment) -> Coded | None:
    field = segment.value(6)
    if not field:
        return None
    parts = [part[0] for part in field[0]] + ["", "", ""]
    return Coded(parts[0], parts[2] or "UCUM", parts[1] or {"m": "meter", "kg": "kilogram"}.get(parts[0], ""))


def scopes(message: Message) -> tuple[Scope, list[Scope]]:
    """The scope of the patient and the visit, and one for each order of the message.

    An order begins with ORC, or with an OBR that no ORC came before, or with the RGS of a schedule.
    """
    counts: dict[str, int] = {}
    common: dict[str, list[Placed]] = {}
    orders: list[dict[str, list[Placed]]] = []
    for segment in message.segments:
        name = segment.id
        counts[name] = counts.get(name, 0) + 1
        placed = (f"{name}[{counts[name]}]", segment)
        if _begins_order(name, orders):
            orders.append({})
        target = orders[-1] if orders else common
        target.setdefault(name, []).append(placed)
        if orders and name in {"OBX", "AL1"}:
            common.setdefault(name, []).append(placed)
    return Scope(common), [Scope(order, "order") for order in orders]


def _begins_order(name: str, orders: list[dict[str, list[Placed]]]) -> bool:
    if name not in _ORDER_SEGMENTS and name != "RGS":
        return False
    if not orders:
        return True
    current = orders[-1]
    if name in {"ORC", "RGS"}:
        return bool(current.keys() - {"NTE"}) and not (name == "ORC" and current.keys() <= {"RGS"})
    return name == "OBR" and "OBR" in current
