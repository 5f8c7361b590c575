"""From the content items of a report to observations that the tree can be rebuilt from.

Every item is an OBX: OBX-3 its concept name with, as alternate code, its value type and relationship
(`NUM^CONTAINS^99CHIASM`); OBX-4 its position as dots and digits (`1.2.1`); OBX-5 its value, OBX-6 its
unit, OBX-14 when it was observed. What has no field follows in OBX of its own under the same OBX-4.
docs/mapping-sr.md has it all. HL7 v2.5.1 §7.4.2; PS3.3 §C.17.3.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from ..errors import ChiasmError
from ..model import Attribute, Coded, Content
from ..standards import dictionary
from . import sr_elements as sr
from .names import from_pn, to_pn, to_xpn
from .sr_attributes import is_text
from .sr_decorations import decorations
from .times import to_v2

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..hl7 import FieldValue
    from ..model import Instant, Position
    from .writing import Fields, SegmentRow

LONGEST = 20
"""Characters that OBX-4 holds: HL7 v2.5.1 §7.4.2.4."""

Valued = tuple[str, "FieldValue", str]
"""A value type, a value, and what more the alternate text of OBX-3 says of the value."""

_NM = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_DT = re.compile(r"\d{8}")
_TM = re.compile(r"(\d\d(?:\d\d(?:\d\d(?:\.\d{1,4})?)?)?)(\d{0,2})")
_DTM = re.compile(r"(\d{14}\.\d{1,4}|\d{4}(?:\d\d){0,5})(\d{0,2})([+-]\d{4})?")


class Observer:
    """Writes items as OBX segments, numbered on from those there are; `targets` are the OBX of each item.

    `classes` are the SOP classes of the objects that the report names as evidence, by instance: what
    they say need not be said again.
    """

    def __init__(self, segments: list[SegmentRow], status: str, classes: Mapping[str, str]) -> None:
        self._segments = segments
        self._status = status
        self._classes = classes
        self._number = sum(1 for name, _ in segments if name == "OBX")
        self.targets: list[str] = []

    def write(self, items: tuple[Content, ...]) -> None:
        """Write all items, and before them the versions of coding schemes that are the same throughout."""
        versions = self._versions(items)
        decorated = decorations(items)
        numbers: dict[Position, int] = {}
        none: Fields = {}
        for item in items:
            place = sub_id(item.position, numbers)
            first = numbers[item.position] = self._number + 1
            valued, extras = _valued(item)
            kind, value, more = valued
            fields: Fields = {
                1: str(first),
                2: kind,
                3: _name(item, more),
                4: place,
                5: value,
                11: self._status,
            }
            unit = item.unit
            if unit is not None:
                fields[6] = (unit.code, unit.meaning, unit.scheme)
            if item.observed is not None:
                fields[14] = _moment(item.observed, extras)
            fields.update(decorated.get(item.position, none))
            self._segments.append(("OBX", fields))
            self._number = first
            self._more(item, place, versions, extras)
            last = self._number
            self.targets.append(f"OBX[{first}]" if last == first else f"OBX[{first}] to OBX[{last}]")

    def declare(self, tag: int, kind: str, value: FieldValue, more: Fields | None = None) -> str:
        """Write an element of the document itself as an OBX; gives back its path."""
        return self._extra(f"{tag:08X}", "", kind, value, "", more)

    def _more(self, item: Content, place: str, versions: Mapping[str, str], extras: list[Attribute]) -> None:
        """The OBX for what an item says besides."""
        qualifier = item.qualifier
        if qualifier is not None:
            self._extra("0040A301", "", "CWE", _cwe(qualifier), place)
        if item.template:
            self._extra("0040DB00", "", "ST", item.template, place)
        if item.identifier:
            self._extra("0040A171", "", "ST", item.identifier, place)
        reference = item.reference
        if reference is not None and self._classes.get(reference.instance) != reference.sop_class:
            self._extra("00081150", "", "ST", reference.sop_class, place)
        for concept, path in ((item.name, sr.NAME_VERSION), (item.unit, sr.UNIT_VERSION)):
            if concept is not None and concept.version and versions.get(concept.scheme) != concept.version:
                self._extra(path, "SH", "ST", concept.version, place)
        for attribute in (*extras, *item.attributes) if extras else item.attributes:
            if is_text(attribute.vr):
                self._extra(attribute.path, attribute.vr, "TX", attribute.text, place)
            else:
                packed = ("", "AP", "Octet-stream", "Base64", attribute.text)
                self._extra(attribute.path, attribute.vr, "ED", packed, place)

    def _extra(
        self, path: str, vr: str, kind: str, value: FieldValue, place: str, more: Fields | None = None
    ) -> str:
        self._number += 1
        tag = path[-8:]
        keyword = dictionary.keyword(int(tag, 16))
        code: FieldValue = (tag, keyword, sr.OWN_SYSTEM)
        if vr:
            code = (tag, keyword, sr.OWN_SYSTEM, vr, path if len(path) > 8 else "", sr.VR_SYSTEM)
        fields: Fields = {1: str(self._number), 2: kind, 3: code, 4: place, 5: value, 11: self._status}
        if more:
            fields.update(more)
        self._segments.append(("OBX", fields))
        return f"OBX[{self._number}]"

    def _versions(self, items: tuple[Content, ...]) -> dict[str, str]:
        """Versions that all names and units of a scheme agree in: said once, by scheme, in one OBX."""
        found: dict[str, set[str]] = {}
        for item in items:
            for concept in (item.name, item.unit):
                if concept is not None:
                    found.setdefault(concept.scheme, set()).add(concept.version)
        agreed = {scheme: versions.pop() for scheme, versions in found.items() if len(versions) == 1}
        agreed = {scheme: version for scheme, version in agreed.items() if scheme and version}
        if agreed:
            pairs: list[FieldValue] = []
            for scheme, version in agreed.items():
                pairs += (scheme, version)
            self.declare(sr.SCHEME_VERSION, "ST", pairs)
        return agreed


def sub_id(position: Position, numbers: Mapping[Position, int]) -> str:
    """OBX-4 of an item: its position, or `@17.3`, the third item below that of OBX 17, if it is too long."""
    text = ".".join(map(str, position))
    if len(text) <= LONGEST:
        return text
    return f"@{numbers[position[:-1]]}.{position[-1]}"


def _name(item: Content, more: str) -> FieldValue:
    kind = item.value_type or sr.POINTER
    how = f"{item.relationship};{more}" if more else item.relationship
    name = item.name
    if name is None:
        return (kind, how, sr.OWN_SYSTEM)
    return (name.code, name.meaning, name.scheme, kind, how, sr.OWN_SYSTEM)


def _cwe(concept: Coded) -> FieldValue:
    if concept.version:
        return (concept.code, concept.meaning, concept.scheme, "", "", "", concept.version)
    return (concept.code, concept.meaning, concept.scheme)


def _moment(moment: Instant, extras: list[Attribute]) -> FieldValue:
    text = to_v2(moment)[0]
    exact = moment.digits + ("." + moment.fraction if moment.fraction else "") + moment.offset
    if text != exact:
        extras.append(Attribute(f"{sr.OBSERVED:08X}", "DT", exact))
    return text


def _valued(item: Content) -> tuple[Valued, list[Attribute]]:
    """The value of an item, and the elements that say exactly what the value cannot."""
    extras: list[Attribute] = []
    write = _WRITERS.get(item.value_type)
    if write is None:
        return ("ST", item.text, ""), extras
    return write(item, extras), extras


def _text(item: Content, _: list[Attribute]) -> Valued:
    """Lines are repetitions; how they end is told where it is not CR LF, as DICOM has it."""
    text = item.text
    if "\r" not in text and "\n" not in text:
        return "TX", text, ""
    for end, name in (("\r\n", ""), ("\n", "LF"), ("\r", "CR")):
        lines: list[FieldValue] = list(text.split(end))
        if lines[-1] and len(lines) > 1 and not any("\r" in str(one) or "\n" in str(one) for one in lines):
            return "TX", lines, name
    return "TX", text, ""


def _number(item: Content, extras: list[Attribute]) -> Valued:
    spelled: list[FieldValue] = []
    exact = True
    for text in item.numbers:
        if _NM.fullmatch(text):
            spelled.append(text)
            continue
        exact = False
        spelled.append(_plain(text))
    if not exact:
        extras.append(Attribute(sr.NUMBERS, "DS", "\\".join(item.numbers)))
    return "NM", spelled[0] if len(spelled) == 1 else spelled or "", ""


def _plain(text: str) -> str:
    """A number without an exponent, which NM does not know; empty where that would be a flood of zeros."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return ""
    if not number.is_finite() or abs(number.adjusted()) > 30:
        return ""
    return format(number, "f")


def _code(item: Content, _: list[Attribute]) -> Valued:
    return "CWE", "" if item.code is None else _cwe(item.code), ""


def _date(item: Content, _: list[Attribute]) -> Valued:
    return "DT" if _DT.fullmatch(item.text) else "ST", item.text, ""


def _time(item: Content, extras: list[Attribute]) -> Valued:
    return _cut(_TM, "TM", item.text, sr.TIME, "TM", extras)


def _date_time(item: Content, extras: list[Attribute]) -> Valued:
    return _cut(_DTM, "TS", item.text, sr.DATE_TIME, "DT", extras)


def _cut(
    pattern: re.Pattern[str], kind: str, text: str, tag: int, vr: str, extras: list[Attribute]
) -> Valued:
    """A time with four digits of a second's fraction, as v2 holds, and the exact one beside it."""
    found = pattern.fullmatch(text)
    if not found or (found[2] and "." not in found[1]):
        return "ST", text, ""
    if not found[2]:
        return kind, text, ""
    extras.append(Attribute(f"{tag:08X}", vr, text))
    return kind, found[1] + (found[3] if pattern is _DTM and found[3] else ""), ""


def _person(item: Content, _: list[Attribute]) -> Valued:
    try:
        name = from_pn(item.text)
    except (ChiasmError, TypeError):
        return "ST", item.text, ""
    if to_pn(name) != item.text:
        return "ST", item.text, ""
    return "XPN", list(to_xpn(name)), ""


def _container(item: Content, _: list[Attribute]) -> Valued:
    return "ST", item.name.meaning if item.name is not None else "", item.text


def _referenced(item: Content, _: list[Attribute]) -> Valued:
    reference = item.reference
    if reference is None:
        return "ST", "", ""
    parts = [
        f"{mark}{','.join(map(str, numbers))}"
        for mark, numbers in (
            ("", reference.frames),
            ("segments=", reference.segments),
            ("channels=", reference.channels),
        )
        if numbers
    ]
    return "ST", f"{reference.instance}#{';'.join(parts)}" if parts else reference.instance, ""


def _points(item: Content, _: list[Attribute]) -> Valued:
    return "ST", [item.graphic, *item.coordinates], item.basis


def _pointer(item: Content, _: list[Attribute]) -> Valued:
    return "ST", ".".join(map(str, item.by_reference)), ""


def _plainly(item: Content, _: list[Attribute]) -> Valued:
    return "ST", item.text, ""


_WRITERS: dict[str, Callable[[Content, list[Attribute]], Valued]] = {
    "TEXT": _text,
    "NUM": _number,
    "CODE": _code,
    "DATE": _date,
    "TIME": _time,
    "DATETIME": _date_time,
    "PNAME": _person,
    "UIDREF": _plainly,
    "TABLE": _plainly,
    "CONTAINER": _container,
    **dict.fromkeys(sr.REFERENCE_TYPES, _referenced),
    **dict.fromkeys(sr.COORDINATE_TYPES, _points),
    "": _pointer,
}
