"""What receivers look for in fields of the OBX itself, though the tree says it in items below the number.

The method (OBX-17), the normal range (OBX-7), the abnormal flag (OBX-8), a comparator (SN) and the
observer that an item inherits (OBX-16) are said again in the OBX of the item that they qualify.
PS3.16 §TID 300, §TID 310, §TID 312, §TID 1003; HL7 v2.5.1 §7.4.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Coded, Person
from . import sr_elements as sr
from .names import from_pn, to_xcn

if TYPE_CHECKING:
    from ..hl7 import FieldValue
    from ..model import Content, Position
    from .writing import Fields

FLAGS = {
    "N": Coded("17621005", "SCT", "Normal"),
    "A": Coded("263654008", "SCT", "Abnormal"),
    "H": Coded("371879000", "SCT", "Abnormally High"),
    "L": Coded("371880002", "SCT", "Abnormally Low"),
}
"""Abnormal flags of HL7 table 0078 and the concepts of CID 222 that say the same."""

LOWER = Coded("385524004", "SCT", "Normal Range Lower Limit")
UPPER = Coded("371933006", "SCT", "Normal Range Upper Limit")
"""The limits of a normal range: CID 223."""

OBSERVER_NAME, CONTEXT = "121008", "HAS OBS CONTEXT"
"""The concept and the relationship of a person observer's name. PS3.16 §TID 1003."""

_SAYING = frozenset({"TEXT", "NUM", "CODE", "DATETIME", "DATE", "TIME", "UIDREF", "PNAME"})
_FLAG_OF = {concept.code: flag for flag, concept in FLAGS.items()}
_QUALIFYING = frozenset(
    {sr.MEASUREMENT_METHOD.code, "G-C036", sr.NORMALITY.code, LOWER.code, UPPER.code, sr.COMPARATOR.code}
)


def decorations(items: tuple[Content, ...]) -> dict[Position, Fields]:
    """The fields that the items below a position add to its OBX."""
    found: dict[Position, Fields] = {}
    ranges: dict[Position, dict[str, str]] = {}
    bounds: dict[Position, str] = {}
    for item in items:
        name = item.name
        if name is None or name.code not in _QUALIFYING:
            continue
        parent = item.position[:-1]
        if item.code is not None:
            if name.code == sr.NORMALITY.code and item.code.code in _FLAG_OF:
                found.setdefault(parent, {})[8] = _FLAG_OF[item.code.code]
            elif name.scheme in {"SCT", "SRT"} and item.relationship == "HAS CONCEPT MOD":
                method = (item.code.code, item.code.meaning, item.code.scheme)
                found.setdefault(parent, {})[17] = method
        elif item.value_type == "NUM" and len(item.numbers) == 1:
            ranges.setdefault(parent, {})[name.code] = item.numbers[0]
        elif name == sr.COMPARATOR and item.text:
            bounds[parent] = item.text
    _responsible(items, found)
    for parent, limits in ranges.items():
        found.setdefault(parent, {})[7] = _range(limits.get(LOWER.code, ""), limits.get(UPPER.code, ""))
    if bounds:
        _structured(items, bounds, found)
    return found


def _responsible(items: tuple[Content, ...], found: dict[Position, Fields]) -> None:
    """OBX-16 of what is said below an observer: the context that its items inherit. PS3.3 §C.17.5."""
    observers: dict[Position, list[FieldValue]] = {}
    for item in items:
        name = item.name
        if name is not None and name.code == OBSERVER_NAME and item.relationship == CONTEXT and item.text:
            said: list[FieldValue] = [*to_xcn(Person(from_pn(item.text)))]
            observers.setdefault(item.position[:-1], []).extend(said)
    if not observers:
        return
    for item in items:
        if item.value_type in _SAYING and item.relationship == "CONTAINS":
            position = item.position[:-1]
            while position and position not in observers:
                position = position[:-1]
            if position:
                found.setdefault(item.position, {})[16] = observers[position]


def _range(lower: str, upper: str) -> str:
    """A reference range, as lower-upper, >lower or <upper: HL7 v2.5.1 §7.4.2.7."""
    if lower and upper:
        return f"{lower}-{upper}"
    return f">{lower}" if lower else f"<{upper}"


def _structured(
    items: tuple[Content, ...], bounds: dict[Position, str], found: dict[Position, Fields]
) -> None:
    for item in items:
        bound = bounds.get(item.position)
        if bound and item.value_type == "NUM" and len(item.numbers) == 1:
            found.setdefault(item.position, {}).update({2: "SN", 5: (bound, item.numbers[0])})
