"""Identifiers of queries and of their answers, to data sets and back. PS3.4 §C.4.1, §C.6.

Answers are made of members of DICOM JSON as the index keeps them, without a data set between.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..dicom import charset as charsets
from ..dicom import writing
from ..dicom.charset import CharacterSet
from ..dicom.dataset import DataSet, Element
from ..dicom.deflate import inflate
from ..dicom.encode import Encoding, turned
from ..dicom.package import form_for
from ..dicom.reading import Reading
from ..dicom.vr import BYTE_VRS, ITEM, WORD_SIZES, Form, header
from ..errors import ChiasmError, EncodeError, ParseError
from ..limits import Limits
from ..model.query import Level, Path
from ..services.matching import Key
from ..standards import uids

LEVELS = {
    "PATIENT": Level.PATIENT,
    "STUDY": Level.STUDY,
    "SERIES": Level.SERIES,
    "IMAGE": Level.INSTANCE,
}
"""Query/Retrieve Level (0008,0052): PS3.4 §C.6."""

CHARSET, QUERY_LEVEL, RETRIEVE_AE, AVAILABILITY, ZONE = (
    0x00080005,
    0x00080052,
    0x00080054,
    0x00080056,
    0x00080201,
)
_LIMITS = Limits(dicom_depth=16, dicom_elements=20_000, dicom_items=2_000, dicom_inflated=16 << 20)
_DEEPEST = 16
_MADE = 256
_CONTROL = frozenset((CHARSET, QUERY_LEVEL, RETRIEVE_AE, AVAILABILITY))
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")

Wanted = dict[int, "Wanted | None"]
"""Tags to return; of a sequence those of its items, None for all of them."""


def read(data: bytes, transfer_syntax: str) -> DataSet:
    """The data set of an identifier. ParseError for what is none, LimitError for a monstrous one."""
    syntax = uids.transfer_syntax(transfer_syntax)
    if syntax is None:
        raise ParseError(f"{transfer_syntax} is no transfer syntax", rule="PS3.5 §A")
    reading = Reading(_LIMITS, "identifier")
    if syntax.deflated:
        data = inflate(data, 0, reading)
    found = DataSet.at(data, 0, len(data), form_for(syntax), reading)
    _ = found.records
    return found


def write(data: DataSet, transfer_syntax: str) -> bytes:
    """The bytes of a data set in a transfer syntax that is not encapsulated."""
    syntax = uids.transfer_syntax(transfer_syntax)
    if syntax is None:
        raise EncodeError(f"{transfer_syntax} is no transfer syntax", rule="PS3.5 §A")
    content = b"".join(Encoding(data, form_for(syntax)).parts())
    return _deflated(content) if syntax.deflated else content


def _deflated(content: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = engine.compress(content) + engine.flush()
    return packed + b"\0" * (len(packed) % 2)


def keys(identifier: DataSet) -> tuple[list[Key], Wanted]:
    """The keys of an identifier: what is to be matched, and what is to be returned. PS3.4 §C.2.2.

    ParseError for a sequence with several items.
    """
    found: list[Key] = []
    return found, _keys(identifier, (), found)


def _keys(data: DataSet, above: Path, found: list[Key]) -> Wanted:
    wanted: Wanted = {}
    for element in data:
        tag = element.tag
        if tag & 0xFFFF == 0 or (not above and (tag in _CONTROL or tag == ZONE)):
            if tag == ZONE:
                wanted[tag] = None
            continue
        if element.vr != "SQ":
            wanted[tag] = None
            found.append(Key((*above, tag), element.vr, text_of(element)))
            continue
        items = element.items
        if len(items) > 1:
            raise ParseError(
                "a sequence of several items asks for nothing", place=f"{tag:08X}", rule="PS3.4 §C.2.2.2.6"
            )
        inner = _keys(items[0], (*above, tag), found) if items else {}
        wanted[tag] = inner or None
    return wanted


def text_of(element: Element | None) -> str:
    """The value of an element as one text, several parted by a backslash; empty where there is none."""
    if element is None:
        return ""
    value = element.value
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    values = value if isinstance(value, tuple) else (value,)
    return "\\".join("" if one is None else str(one) for one in values)


@dataclass(frozen=True, slots=True)
class Entry:
    """One element of an answer as the JSON model has it: VR and values. PS3.18 §F.2.2."""

    vr: str
    values: list[Any]
    inline: str = ""


class Answers:
    """Makes the identifiers of answers: one for each Found, in the form of a presentation context.

    `wanted` are the return keys, `vrs` their VRs as they were asked; `constants` stand in every answer.
    Texts are in the character set `terms` where it can hold them, else in UTF-8.
    """

    def __init__(
        self,
        wanted: Wanted,
        vrs: Mapping[int, str],
        transfer_syntax: str,
        terms: tuple[str, ...],
        constants: Mapping[int, tuple[str, str]],
        *,
        names_charset: bool = False,
    ) -> None:
        syntax = uids.transfer_syntax(transfer_syntax)
        if syntax is None:
            raise EncodeError(f"{transfer_syntax} is no transfer syntax", rule="PS3.5 §A")
        self._form, self._deflates = form_for(syntax), syntax.deflated
        self._charset = charsets.of_terms(terms)
        self._utf8 = charsets.of_terms(charsets.UTF8)
        self._names_charset = names_charset
        fixed = {tag: _element(self._form, tag, *pair, self._utf8) for tag, pair in constants.items()}
        self._slots: list[tuple[int, str, Wanted | None, bytes | None]] = [
            (tag, f"{tag:08X}", wanted.get(tag), fixed.get(tag)) for tag in sorted({*wanted, *fixed})
        ]
        self._made: dict[str, bytes] = {}
        self._empty = {
            tag: header(self._form, tag, vrs.get(tag) or "UN", 0) for tag in wanted if tag not in fixed
        }

    def of_members(self, members: str) -> bytes:
        """The same of members alone; what was made before of the same text is not made again."""
        content = self._made.get(members)
        if content is None:
            if len(self._made) >= _MADE:
                self._made.clear()
            content = self._made[members] = self.encode(members)
        return content

    def encode(self, members: str, added: Mapping[str, dict[str, Any]] | None = None) -> bytes:
        """The identifier of one answer; `added` are elements beside the members, by their tags."""
        texts = {one[1:9]: one for one in members.split(",\n")} if members else {}
        entries: dict[str, dict[str, Any]] = {
            name: json.loads(texts[name][11:])
            for _, name, _, fixed in self._slots
            if fixed is None and name in texts
        }
        if added:
            entries |= {name: one for name, one in added.items() if name not in entries}
        try:
            content, charset = self._body(entries, self._charset), self._charset
        except ChiasmError:
            content, charset = self._body(entries, self._utf8), self._utf8
        if self._names_charset or not content.isascii() or b"\x1b" in content:
            text = "\\".join(charset.terms)
            content = _element(self._form, CHARSET, "CS", text, self._utf8) + content
        return _deflated(content) if self._deflates else content

    def _body(self, entries: Mapping[str, dict[str, Any]], charset: CharacterSet) -> bytes:
        parts: list[bytes] = []
        form = self._form
        for tag, name, inner, fixed in self._slots:
            if fixed is not None:
                parts.append(fixed)
                continue
            entry = entries.get(name)
            parts.append(self._empty[tag] if entry is None else _entry(form, tag, entry, inner, charset, 0))
        return b"".join(parts)


def _element(form: Form, tag: int, vr: str, value: object, charset: CharacterSet) -> bytes:
    data = writing.field(vr, value, charset, form.little)
    return header(form, tag, vr, len(data)) + data


def _entry(
    form: Form, tag: int, entry: dict[str, Any], inner: Wanted | None, charset: CharacterSet, depth: int
) -> bytes:
    vr = str(entry.get("vr") or "UN")
    if vr == "SQ":
        items = b""
        if depth < _DEEPEST:
            items = b"".join(
                [_item(form, one or {}, inner, charset, depth) for one in entry.get("Value") or ()]
            )
        return header(form, tag, vr, len(items)) + items
    if vr in BYTE_VRS:
        try:
            raw = base64.b64decode(entry.get("InlineBinary") or "")
        except (binascii.Error, ValueError):
            raw = b""
        raw = raw if form.little else turned(raw, WORD_SIZES.get(vr, 1))
        return header(form, tag, vr, len(raw)) + raw
    values = entry.get("Value")
    if not values:
        return header(form, tag, vr, 0)
    value = values[0] if len(values) == 1 else values
    if vr == "PN":
        value = "\\".join([_name(one) for one in values])
    elif isinstance(value, list):
        value = ["" if one is None else one for one in value]
    return _element(form, tag, vr, value, charset)


def _name(value: object) -> str:
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    return "=".join([str(value.get(group) or "") for group in _GROUPS]).rstrip("=")


def _item(form: Form, item: dict[str, Any], inner: Wanted | None, charset: CharacterSet, depth: int) -> bytes:
    parts: list[bytes] = []
    for name, entry in sorted(item.items()):
        try:
            tag = int(name, 16)
        except ValueError:
            continue
        if isinstance(entry, dict) and (inner is None or tag in inner):
            below = None if inner is None else inner[tag]
            parts.append(_entry(form, tag, entry, below, charset, depth + 1))
    content = b"".join(parts)
    return header(form, ITEM, "", len(content)) + content
