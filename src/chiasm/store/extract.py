"""What the index keeps of one object, level by level, decoded to Unicode.

An Extract is plain texts and lists: it travels between threads and processes. Members of DICOM JSON
(PS3.18 §F.2) are written here once and never parsed again; keys are what values are compared by.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..dicom.dataset import DataSet, Element
from ..dicom.json_model import to_json
from ..dicom.package import Package
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
_SEQUENCE_BYTES = 64 << 10
_TEXT = 1024
_CONTEXT = tuple(sorted({*tags, 0x00080005, 0x00080201}) for tags in LEVELS)
"""By level, what its part is made from: its attributes, the character sets and the offset from UTC."""

_SHARED: dict[tuple[object, ...], Part] = {}
_SHARED_MOST, _SHARED_BYTES = 256, 8 << 10
_STUDY_UID, _SERIES_UID, _INSTANCE_UID, _CLASS_UID = 0x0020000D, 0x0020000E, 0x00080018, 0x00080016


@dataclass(frozen=True, slots=True)
class Part:
    """One level of an Extract: members of DICOM JSON in ascending order of tags, and keys."""

    members: str
    keys: Keys

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
    return Extract(_shared(root, 0), _shared(root, 1), _shared(root, 2), _part(root, LEVELS[3]))


def _shared(root: DataSet, level: int) -> Part:
    """The part of a level above the instance: mostly that of the object before, byte for byte."""
    buffer, records = root.buffer, root.records
    found = [(tag, records[tag]) for tag in _CONTEXT[level] if tag in records]
    if root.is_dirty or sum([end - start for _, (_, start, end, _) in found]) > _SHARED_BYTES:
        return _part(root, LEVELS[level])
    key = (level, root.form, *[(tag, vr, buffer[start:end]) for tag, (vr, start, end, _) in found])
    part = _SHARED.get(key)
    if part is None:
        part = _part(root, LEVELS[level])
        if len(_SHARED) >= _SHARED_MOST:
            _SHARED.clear()
        _SHARED[key] = part
    return part


def _part(root: DataSet, tags: dict[int, str]) -> Part:
    records = root.records
    members: list[str] = []
    keys: Keys = {}
    for tag in tags.keys() & records.keys():
        record, vr, name = records[tag], tags[tag], _NAMES[tag]
        try:
            if vr == "SQ":
                _sequence(root, tag, name, members, keys)
                continue
            value = root.value_of(tag, record)
            if isinstance(value, bytes):
                continue
        except ChiasmError:
            continue
        if value is None or value == "":
            members.append(f'"{name}":{{"vr":"{vr}"}}')
            continue
        values = value if isinstance(value, tuple) else (value,)
        members.append(f'"{name}":{{"vr":"{vr}","Value":[{",".join([_json(vr, one) for one in values])}]}}')
        found = index_keys.keys(vr, values)
        if found:
            keys[name] = [one.replace("\0", "")[:_TEXT] for one in found]
            if vr == "PN":
                keys[name + "~"] = list(dict.fromkeys(sound for one in keys[name] for sound in sounds(one)))
    _moments(root, tags, keys)
    members.sort()
    return Part(SEPARATOR.join(members), keys)


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


def _sequence(root: DataSet, tag: int, name: str, members: list[str], keys: Keys) -> None:
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


def _moments(root: DataSet, tags: dict[int, str], keys: Keys) -> None:
    """Add the moments of dates with their times: local as `date+`, in UTC as `date@` where that is known."""
    for date, time in MOMENTS.items():
        if date not in tags:
            continue
        day = keys.get(f"{date:08X}")
        if not day:
            continue
        clock = keys.get(f"{time:08X}")
        moment = day[0] + (clock[0] if clock else "000000.000000")
        keys[f"{date:08X}+"] = [moment]
        offset = root.get(0x00080201)
        if clock and isinstance(offset, str) and len(moment) == 21 and moment[:8].isdigit():
            keys[f"{date:08X}@"] = [index_keys.at_utc(moment, offset)]
