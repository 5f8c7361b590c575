"""From the observations that `sr_observe` writes back to the content items, equal to those they came from.

HL7 v2.5.1 §7.4.2; PS3.3 §C.17.3; docs/mapping-sr.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..errors import ChiasmError, LimitError, MappingError
from ..limits import DEFAULT
from ..model import Attribute, Coded, Content, Reference
from . import sr_elements as sr
from .names import from_xpn, to_pn
from .report_header import REFERENCES
from .sr_attributes import check_path
from .times import from_dicom_dt, from_v2

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Position
    from .report_obx import Obx

_TAG = re.compile(r"[0-9A-F]{8}")
_DOTTED = re.compile(r"\d{1,7}(?:\.\d{1,7})*")
_ENDS = {"": "\r\n", "LF": "\n", "CR": "\r"}
_RULE = "sr-tree"
_NARROWING = frozenset({"frames", "segments", "channels"})
_NAMING = frozenset(f"{tag:08X}" for tag in REFERENCES)


@dataclass(slots=True)
class Rebuilt:
    """The items of a tree, and the OBX that say elements of the document itself, by tag."""

    items: tuple[Content, ...] = ()
    declared: dict[int, list[Obx]] = field(default_factory=dict)


@dataclass(slots=True)
class _Draft:
    """One item in the making."""

    position: Position
    fields: dict[str, Any]
    attributes: list[Attribute]
    sources: list[Obx]


def is_own(obx: Obx) -> bool:
    """Whether an OBX is of the form that `sr_observe` writes."""
    code = obx.code
    return code[5] == sr.OWN_SYSTEM or (code[2] == sr.OWN_SYSTEM and bool(code[0]))


def rebuild(found: list[Obx]) -> Rebuilt:
    """The tree that the OBX of Chiasm's own form say.

    Raises MappingError, naming the OBX, where an item stands nowhere, twice, or leaves a gap.
    """
    rebuilt = Rebuilt()
    drafts: dict[Position, _Draft] = {}
    numbered: dict[str, Position] = {}
    versions: dict[str, str] = {}
    classes = _classes(found)
    for obx in found:
        code = obx.code
        extra = code[5] != sr.OWN_SYSTEM and _TAG.fullmatch(code[0])
        place = obx.text(4)
        if extra and not place:
            tag = int(code[0], 16)
            rebuilt.declared.setdefault(tag, []).append(obx)
            if tag == sr.SCHEME_VERSION:
                versions = _versions(obx)
            continue
        position = _position(place, numbered, obx)
        if extra:
            draft = drafts.get(position)
            if draft is None:
                raise MappingError(
                    "the item that it belongs to has not come before it", place=f"{obx.path}-4"
                )
            draft.sources.append(obx)
            _apply(draft, obx)
        else:
            if position in drafts or (position[:-1] and position[:-1] not in drafts):
                raise MappingError(f"item {place} stands twice or nowhere", place=f"{obx.path}-4")
            draft = drafts[position] = _draft(position, obx)
            reference = draft.fields.get("reference")
            if reference is not None:
                draft.fields["reference"] = replace(reference, sop_class=classes.get(reference.instance, ""))
            numbered[obx.text(1)] = position
    rebuilt.items = _finished(drafts, versions)
    return rebuilt


def _classes(found: list[Obx]) -> dict[str, str]:
    """The SOP class of each object that the report names, by its instance UID."""
    classes = {}
    for obx in found:
        if obx.code[2] == sr.OWN_SYSTEM and obx.code[0] in _NAMING:
            names = [part[0] if part else "" for part in obx.parts(5)]
            if len(names) == 4:
                classes[names[3]] = names[2]
    return classes


def _position(place: str, numbered: dict[str, Position], obx: Obx) -> Position:
    start: Position = ()
    if place.startswith("@"):
        number, _, place = place[1:].partition(".")
        start = numbered.get(number, ())
        if not start:
            raise MappingError(f"no item stands in OBX {number}", place=f"{obx.path}-4")
    if not _DOTTED.fullmatch(place):
        raise MappingError(f"'{place}' is not the position of an item", place=f"{obx.path}-4")
    position = (*start, *map(int, place.split(".")))
    if len(position) > DEFAULT.dicom_depth:
        raise LimitError(f"items stand more than {DEFAULT.dicom_depth} deep", place=f"{obx.path}-4")
    return position


def _versions(obx: Obx) -> dict[str, str]:
    texts = [part[0] for part in obx.parts(5)]
    obx.parts(3)
    obx.text(2)
    obx.use("the versions of the coding schemes", _RULE)
    return dict(zip(texts[::2], texts[1::2], strict=False))


def _draft(position: Position, obx: Obx) -> _Draft:
    parts = [*obx.parts(3)[0], *[""] * 6]
    if parts[5] == sr.OWN_SYSTEM:
        name = Coded(parts[0], parts[2], parts[1])
        kind, how = parts[3], parts[4]
    else:
        name = None
        kind, how = parts[0], parts[1]
    relationship, _, more = how.partition(";")
    value_type = "" if kind == sr.POINTER else kind
    fields: dict[str, Any] = {"relationship": relationship, "value_type": value_type, "name": name}
    read = _READERS.get(value_type, _plainly)
    read(obx, more, fields)
    unit = obx.parts(6)
    if unit:
        texts = [*unit[0], "", "", ""]
        fields["unit"] = Coded(texts[0], texts[2], texts[1])
    observed = obx.text(14)
    if observed:
        fields["observed"] = from_v2(observed)
    return _Draft(position, fields, [], [obx])


def _apply(draft: _Draft, obx: Obx) -> None:
    """Put what an OBX says besides into its item: a field, the exact form of a value, or an attribute."""
    parts = [*obx.parts(3)[0], *[""] * 6]
    path = parts[4] or parts[0]
    check_path(path)
    vr = parts[3]
    fields = draft.fields
    kind = obx.text(2)
    repetitions = obx.parts(5)
    value = [*repetitions[0], *[""] * 7] if repetitions else [""] * 7
    text = value[4] if kind == "ED" else value[0]
    if not vr:
        _field(int(path, 16), value, fields)
    elif path in {sr.NAME_VERSION, sr.UNIT_VERSION}:
        field_name = "name" if path == sr.NAME_VERSION else "unit"
        concept = fields.get(field_name)
        if concept is not None:
            fields[field_name] = Coded(concept.code, concept.scheme, concept.meaning, text)
    elif path == sr.NUMBERS and vr == "DS" and fields["value_type"] == "NUM":
        fields["numbers"] = tuple(text.split("\\"))
    elif _exact(path, vr, text, fields):
        return
    else:
        draft.attributes.append(Attribute(path, vr, text))


def _field(tag: int, value: list[str], fields: dict[str, Any]) -> None:
    if tag == sr.QUALIFIER:
        fields["qualifier"] = Coded(value[0], value[2], value[1], value[6])
    elif tag == sr.TEMPLATE_ID:
        fields["template"] = value[0]
    elif tag == sr.OBSERVATION_UID:
        fields["identifier"] = value[0]
    elif tag == sr.SOP_CLASS and "reference" in fields:
        fields["reference"] = replace(fields["reference"], sop_class=value[0])


def _exact(path: str, vr: str, text: str, fields: dict[str, Any]) -> bool:
    """The exact form of a time of which v2 holds less."""
    if len(path) > 8 or "\\" in text:
        return False
    tag = int(path, 16)
    if tag in {sr.TIME, sr.DATE_TIME} and sr.TEXT_TAGS[tag] == fields["value_type"]:
        fields["text"] = text
        return True
    if tag == sr.OBSERVED and vr == "DT":
        try:
            fields["observed"] = from_dicom_dt(text)
        except ChiasmError:
            return False
        return True
    return False


def _finished(drafts: dict[Position, _Draft], versions: dict[str, str]) -> tuple[Content, ...]:
    items = []
    highest: dict[Position, tuple[int, int]] = {}
    for position in sorted(drafts):
        draft = drafts[position]
        if versions:
            for name in ("name", "unit"):
                concept = draft.fields.get(name)
                if concept is not None and not concept.version and concept.scheme in versions:
                    version = versions[concept.scheme]
                    draft.fields[name] = Coded(concept.code, concept.scheme, concept.meaning, version)
        items.append(Content(position, attributes=tuple(draft.attributes), **draft.fields))
        count, last = highest.get(position[:-1], (0, 0))
        highest[position[:-1]] = (count + 1, max(last, position[-1]))
        for obx in draft.sources:
            obx.use(path_of(position), _RULE)
    for parent, (count, last) in highest.items():
        if count != last:
            where = ".".join(map(str, parent)) or "the root"
            raise MappingError(
                f"{last - count} of the items below {where} are missing", rule="PS3.3 §C.17.3.2.5"
            )
    return tuple(items)


def path_of(position: Position) -> str:
    """The path of an item in a data set; the root is named by its value type."""
    if len(position) < 2:
        return "0040A040"
    return "/".join(f"0040A730/{number - 1}" for number in position[1:])


def _first(obx: Obx) -> str:
    parts = obx.parts(5)
    return parts[0][0] if parts and parts[0] else ""


def _plainly(obx: Obx, _: str, fields: dict[str, Any]) -> None:
    obx.text(2)
    fields["text"] = _first(obx)


def _text(obx: Obx, more: str, fields: dict[str, Any]) -> None:
    obx.text(2)
    fields["text"] = _ENDS.get(more, "\r\n").join(part[0] if part else "" for part in obx.parts(5))


def _number(obx: Obx, _: str, fields: dict[str, Any]) -> None:
    structured = obx.text(2) == "SN"
    index = 1 if structured else 0
    texts = [part[index] for part in obx.parts(5) if len(part) > index]
    fields["numbers"] = tuple(texts) if any(texts) else ()


def _code(obx: Obx, _: str, fields: dict[str, Any]) -> None:
    obx.text(2)
    parts = obx.parts(5)
    if parts and any(parts[0]):
        texts = [*parts[0], *[""] * 7]
        fields["code"] = Coded(texts[0], texts[2], texts[1], texts[6])


def _person(obx: Obx, _: str, fields: dict[str, Any]) -> None:
    if obx.text(2) != "XPN":
        fields["text"] = _first(obx)
        return
    reader = obx.field(5)
    names = from_xpn(reader)
    obx.note(reader)
    fields["text"] = to_pn(names[0]) if names else ""


def _container(obx: Obx, more: str, fields: dict[str, Any]) -> None:
    # OBX-5 is the heading for people, its name once more: it is not read.
    obx.text(2)
    fields["text"] = more


def _referenced(obx: Obx, _: str, fields: dict[str, Any]) -> None:
    obx.text(2)
    text = _first(obx)
    if not text:
        return
    instance, _, narrowed = text.partition("#")
    found: dict[str, tuple[int, ...]] = {}
    for part in narrowed.split(";") if narrowed else ():
        name, equals, numbers = part.rpartition("=")
        key = name if equals else "frames"
        try:
            found[key] = tuple(int(number) for number in numbers.split(","))
        except ValueError:
            raise MappingError(
                f"'{part}' names no frames, segments or channels", place=f"{obx.path}-5"
            ) from None
    if found.keys() - {"frames", "segments", "channels"}:
        raise MappingError(f"'{narrowed}' names no frames, segments or channels", place=f"{obx.path}-5")
    empty: tuple[int, ...] = ()
    fields["reference"] = Reference(
        "", instance, found.get("frames", empty), found.get("segments", empty), found.get("channels", empty)
    )


def _points(obx: Obx, more: str, fields: dict[str, Any]) -> None:
    obx.text(2)
    texts = [part[0] if part else "" for part in obx.parts(5)]
    fields["graphic"] = texts[0] if texts else ""
    fields["coordinates"] = tuple(texts[1:])
    fields["basis"] = more


def _pointer(obx: Obx, _: str, fields: dict[str, Any]) -> None:
    obx.text(2)
    text = _first(obx)
    if text and not _DOTTED.fullmatch(text):
        raise MappingError(f"'{text}' is not the position of an item", place=f"{obx.path}-5")
    fields["by_reference"] = tuple(map(int, text.split("."))) if text else ()


_READERS: dict[str, Callable[[Obx, str, dict[str, Any]], None]] = {
    "TEXT": _text,
    "NUM": _number,
    "CODE": _code,
    "PNAME": _person,
    "CONTAINER": _container,
    "": _pointer,
    **dict.fromkeys(sr.REFERENCE_TYPES, _referenced),
    **dict.fromkeys(sr.COORDINATE_TYPES, _points),
}
