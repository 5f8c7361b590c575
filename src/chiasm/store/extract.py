"""What the index keeps of one object, level by level, decoded to Unicode.

An Extract is plain texts and lists: it travels between threads and processes. Members of DICOM JSON
(PS3.18 §F.2) are written here once and never parsed again; keys are what values are compared by.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..dicom.dataset import DataSet, Element
from ..dicom.json_model import to_json
from ..dicom.package import Package
from ..dicom.scan import Record
from ..errors import ChiasmError
from . import index_keys
from .extract_tables import LEVELS, MOMENTS
from .names import sounds

SEPARATOR = ",\n"
"""Between two members, so that they can be told apart again: no JSON text has a line feed of its own."""

Keys = dict[str, list[Any]]
"""Keys by tag as eight hexadecimal digits; of a sequence, a list of such objects, one for each item."""

_quote: Callable[[str], str] = json.encoder.encode_basestring
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_NAMES = {tag: f"{tag:08X}" for tags in LEVELS for tag in tags}
_MOMENTS = tuple(
    tuple((_NAMES[date], f"{time:08X}") for date, time in MOMENTS.items() if date in tags) for tags in LEVELS
)
"""By level, the dates and the times that belong to them."""

_SEQUENCE_BYTES = 64 << 10
_TEXT = 1024
_CHARSET, _OFFSET, _REPRESENTATION = 0x00080005, 0x00080201, 0x00280103
_PARTS = tuple(sorted({*tags, _CHARSET, _OFFSET, _REPRESENTATION}) for tags in LEVELS)
"""By level, what its part is made from: its attributes, the character sets, the offset from UTC, and what
says whether numbers in sequences have a sign."""

_ABOVE = sorted({tag for tags in _PARTS[:3] for tag in tags})
CONTEXT = frozenset((*_ABOVE, *_PARTS[3]))
"""The tags of the main data set that an extract is made from."""

_SHARED: dict[tuple[object, ...], Part] = {}
_HELD: dict[tuple[object, ...], tuple[Part, Part, Part]] = {}
_SHARED_MOST, _SHARED_BYTES = 256, 8 << 10
_LEAVES: dict[bytes, dict[bytes, _Leaf]] = {}
_LEAVES_MOST, _CONTEXTS_MOST, _LEAF_BYTES = 4_096, 16, 128
_INSTANCE_UID = 0x00080018


@dataclass(frozen=True, slots=True)
class Part:
    """One level of an Extract: members of DICOM JSON in ascending order of tags, and keys.

    `document` are the keys as one JSON text, where they were written as such.
    """

    members: str
    keys: Keys
    document: str = field(default="", compare=False)

    def first(self, tag: str) -> str:
        """The first key of an attribute; empty where it has none."""
        found = self.keys.get(tag)
        return str(found[0]) if found and isinstance(found[0], str) else ""


@dataclass(frozen=True, slots=True)
class Extract:
    """The attributes kept of one object."""

    patient: Part
    study: Part
    series: Part
    instance: Part

    @property
    def study_uid(self) -> str:
        """Study Instance UID; empty where the object has none."""
        return self.study.first("0020000D")

    @property
    def series_uid(self) -> str:
        """Series Instance UID; empty where the object has none."""
        return self.series.first("0020000E")


def extract(data: DataSet | Package) -> Extract:
    """What the index keeps of an object.

    A value that cannot be read is left out, and so is a sequence of more than 64 KiB; LimitError where the
    scan of the data set exceeds a budget.
    """
    root = data.data if isinstance(data, Package) else data
    if root.is_dirty or root.parent is not None:
        return Extract(_part(root, 0), _part(root, 1), _part(root, 2), _part(root, 3))
    patient, study, series = _above(root)
    return Extract(patient, study, series, _part(root, 3))


def _above(root: DataSet) -> tuple[Part, Part, Part]:
    """The parts above the instance: mostly those of the object before, byte for byte."""
    buffer, records = root.buffer, root.records
    if not isinstance(buffer, bytes):
        return _shared(root, 0), _shared(root, 1), _shared(root, 2)
    spelled: list[object] = [root.form.implicit, root.form.little]
    size = 0
    for tag in _ABOVE:
        record = records.get(tag)
        if record is not None:
            _, _, end, pos = record
            size += end - pos
            if size > _SHARED_BYTES:
                return _shared(root, 0), _shared(root, 1), _shared(root, 2)
            spelled.append(buffer[pos:end])
    key = tuple(spelled)
    held = _HELD.get(key)
    if held is None:
        held = _shared(root, 0), _shared(root, 1), _shared(root, 2)
        if len(_HELD) >= _SHARED_MOST:
            _HELD.clear()
        _HELD[key] = held
    return held


def _shared(root: DataSet, level: int) -> Part:
    """The part of one level, that of an object before where all is the same that it is made from."""
    buffer, records = root.buffer, root.records
    found = [records[tag] for tag in _PARTS[level] if tag in records]
    if sum([end - pos for _, _, end, pos in found]) > _SHARED_BYTES:
        return _part(root, level)
    key = (level, root.form.implicit, root.form.little, *[buffer[pos:end] for _, _, end, pos in found])
    part = _SHARED.get(key)
    if part is None:
        part = _part(root, level)
        if len(_SHARED) >= _SHARED_MOST:
            _SHARED.clear()
        _SHARED[key] = part
    return part


def _part(root: DataSet, level: int) -> Part:
    records = root.records
    members: list[str] = []
    keys: Keys = {}
    documents: list[str] = []
    leaves = _leaves(root)
    for tag, vr in LEVELS[level].items():
        record = records.get(tag)
        if record is None:
            continue
        name = _NAMES[tag]
        try:
            if vr == "SQ":
                _sequence(root, tag, name, members, keys, documents)
                continue
            leaf = _leaf(root, tag, record, vr, leaves)
        except ChiasmError:
            continue
        if leaf is None:
            continue
        members.append(leaf.member)
        if leaf.keys:
            keys[name] = leaf.keys
            documents.append(leaf.document)
            if vr == "PN":
                keys[name + "~"] = leaf.sounds
    _moments(root, level, keys, documents)
    return Part(SEPARATOR.join(members), keys, "{" + ",".join(documents) + "}")


@dataclass(frozen=True, slots=True)
class _Leaf:
    """What is kept of one attribute: its member, its keys, their sounds for a name, and both as JSON."""

    member: str
    keys: list[Any]
    sounds: list[Any]
    document: str


def _leaves(root: DataSet) -> dict[bytes, _Leaf] | None:
    """What was kept of attributes in the same form and character sets, by their bytes; None where none is."""
    if root.is_dirty or root.parent is not None:
        return None
    record = root.records.get(_CHARSET)
    context = b"\1" if root.form.implicit else b"\0"
    context += b"\1" if root.form.little else b"\0"
    if record is not None:
        _, _, end, pos = record
        if end - pos > _LEAF_BYTES:
            return None
        context += root.buffer[pos:end]
    leaves = _LEAVES.get(context)
    if leaves is None:
        if len(_LEAVES) >= _CONTEXTS_MOST:
            _LEAVES.clear()
        leaves = _LEAVES[context] = {}
    return leaves


def _leaf(
    root: DataSet, tag: int, record: Record, vr: str, leaves: dict[bytes, _Leaf] | None
) -> _Leaf | None:
    """What is kept of an attribute; the same attribute of an object before is not read anew."""
    _, _, end, pos = record
    buffer = root.buffer
    if leaves is None or tag == _INSTANCE_UID or end - pos > _LEAF_BYTES or not isinstance(buffer, bytes):
        return _read(root, tag, record, vr)
    spelled = buffer[pos:end]
    leaf = leaves.get(spelled)
    if leaf is None:
        leaf = _read(root, tag, record, vr)
        if leaf is not None:
            if len(leaves) >= _LEAVES_MOST:
                leaves.clear()
            leaves[spelled] = leaf
    return leaf


def _read(root: DataSet, tag: int, record: Record, vr: str) -> _Leaf | None:
    value = root.value_of(tag, record)
    if isinstance(value, bytes):
        return None
    name = _NAMES[tag]
    if value is None or value == "":
        return _Leaf(f'"{name}":{{"vr":"{vr}"}}', [], [], "")
    values = value if isinstance(value, tuple) else (value,)
    member = f'"{name}":{{"vr":"{vr}","Value":[{",".join([_json(vr, one) for one in values])}]}}'
    found: list[Any] = [one.replace("\0", "")[:_TEXT] for one in index_keys.keys(vr, values)]
    sounding: list[Any] = []
    document = f'"{name}":{_dumps(found)}'
    if vr == "PN":
        sounding = list(dict.fromkeys(sound for one in found for sound in sounds(one)))
        document += f',"{name}~":{_dumps(sounding)}'
    return _Leaf(member, found, sounding, document)


def _dumps(keys: list[Any]) -> str:
    return "[" + ",".join([_quote(one) for one in keys]) + "]"


def _json(vr: str, value: object) -> str:
    if value is None or value == "":
        return "null"
    if vr == "PN":
        groups = zip(_GROUPS, str(value).split("="), strict=False)
        return "{" + ",".join([f'"{name}":{_quote(group)}' for name, group in groups if group]) + "}"
    if isinstance(value, int | float):
        return json.dumps(value)
    text = str(value)
    if vr in ("IS", "DS"):
        # a number only where the number has this very text: nothing is rounded
        plain = text.lstrip("-")
        if plain.isascii() and plain.isdigit() and (plain[0] != "0" or text == "0") and len(plain) < 16:
            return text
        try:
            real = float(text)
        except ValueError:
            return _quote(text)
        return text if repr(real) == text and text[-1].isdigit() else _quote(text)
    return _quote(text)


def _sequence(
    root: DataSet, tag: int, name: str, members: list[str], keys: Keys, documents: list[str]
) -> None:
    element = root.element(tag)
    if element is None or element.length > _SEQUENCE_BYTES:
        return
    items = element.items
    if not items:
        members.append(f'"{name}":{{"vr":"SQ"}}')
        return
    texts = ",".join([to_json(item).replace("\n", " ") for item in items])
    members.append(f'"{name}":{{"vr":"SQ","Value":[{texts}]}}')
    found = [_item_keys(item) for item in items]
    if any(found):
        keys[name] = found
        text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
        documents.append(f'"{name}":{text}')


def _item_keys(item: DataSet) -> dict[str, list[str]]:
    """The keys of an item; those of the items within it by their path, as `00400008.00080100`."""
    found: dict[str, list[str]] = {}
    for path, element in item.walk():
        parts = path.split("/")
        if len(parts) > 5 or element.tag & 0xFFFF == 0:
            continue
        got = _leaf_keys(element)
        if got:
            found.setdefault(".".join(parts[::2]), []).extend(got)
    return found


def _leaf_keys(element: Element) -> list[str]:
    value = element.value
    values = value if isinstance(value, tuple) else (value,)
    plain = [one for one in values if isinstance(one, str | int | float)]
    return [one.replace("\0", "")[:_TEXT] for one in index_keys.keys(element.vr, plain)]


def _moments(root: DataSet, level: int, keys: Keys, documents: list[str]) -> None:
    """Add the moments of dates with their times: local as `date+`, in UTC as `date@` where that is known."""
    offset: object = None
    is_told = False
    for name, time in _MOMENTS[level]:
        day = keys.get(name)
        if not day:
            continue
        clock = keys.get(time)
        moment = day[0] + (clock[0] if clock else "000000.000000")
        keys[name + "+"] = [moment]
        documents.append(f'"{name}+":[{_quote(moment)}]')
        if clock and not is_told:
            offset, is_told = root.get(_OFFSET), True
        if clock and isinstance(offset, str) and len(moment) == 21 and moment[:8].isdigit():
            universal = _at_utc(moment, offset)
            keys[name + "@"] = [universal]
            documents.append(f'"{name}@":[{_quote(universal)}]')


_at_utc: Callable[[str, str], str] = functools.lru_cache(maxsize=1024)(index_keys.at_utc)
