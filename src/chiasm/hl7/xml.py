"""The XML encoding, `urn:hl7-org:v2xml`, to ER7; for the other way see `to_xml`.

No DTD is read, no entity but the five of XML, nothing from the network. Groups are looked through:
the segments in document order are the message. HL7 v2.xml §2 (encoding rules).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import EncodeError, LimitError, ParseError
from ..limits import DEFAULT, Limits
from .delimiters import HEADERS, Delimiters
from .escape import escape_text
from .message import Message, parse
from .xml_writing import NAMESPACE, to_xml

if TYPE_CHECKING:
    from lxml import etree

__all__ = ["from_xml", "to_xml"]

_RULES = "HL7 v2.xml §2"
_PROLOG = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")
_ENCODINGS = re.compile(
    rb"utf-?(?:8|16(?:le|be)?)|us-ascii|iso-8859-\d+|windows-125\d|gb2312|gbk|gb18030|big5|euc-(?:jp|kr)|shift_jis",
    re.IGNORECASE,
)
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_NUMBER = re.compile(r"[^.].*\.(\d{1,6})")
_MOST = 10_000
"""The highest number that a field or component may have."""


def from_xml(data: bytes | str, *, limits: Limits = DEFAULT, source: str = "") -> Message:
    """The message of a document in the XML encoding, in the character set that its MSH.18 declares.

    Where that cannot hold the text, it is UTF-8, which the message's findings tell. Raises ParseError for
    what is no such document or has a DTD, LimitError for more bytes or depth than the budgets allow.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)
    if len(raw) > limits.xml_bytes:
        raise LimitError("the document is too long", source=source, rule="limits.xml_bytes")
    root = _document(_harmless(raw, source, text=isinstance(data, str)), source)
    segments = _segments(root, limits, source)
    if not segments or _local(segments[0]) != "MSH":
        raise ParseError("the document has no MSH at its beginning", source=source, rule=_RULES)
    builder = _Builder(_delimiters(segments[0], source), limits.hl7_message, source)
    lines = [builder.segment(segment) for segment in segments]
    return parse("\r".join(lines) + "\r", limits=limits, source=source)


def _harmless(raw: bytes, source: str, *, text: bool) -> bytes:
    """The document in UTF-8 where it was UTF-16; refused where it declares a type or an odd encoding."""
    codec = next((codec for mark, codec in _MARKS if raw.startswith(mark)), "")
    if not codec and b"\0" in raw[:4]:
        codec = "utf-16-be" if raw[:1] == b"\0" else "utf-16-le"
    if codec.startswith("utf-16"):
        try:
            plain = raw.decode(codec).lstrip("\ufeff").encode("utf-8")
        except UnicodeDecodeError as error:
            raise ParseError(f"it is no UTF-16: {error.reason}", source=source, rule=_RULES) from None
        raw = re.sub(rb"""^(<\?xml[^>]*?)\sencoding\s*=\s*["'][^"']*["']""", rb"\1", plain)
    elif codec:
        raw = raw[3:]
    if text:
        raw = re.sub(rb"""^(\s*<\?xml[^>]*?)\sencoding\s*=\s*["'][^"']*["']""", rb"\1", raw).lstrip()
    named = _ENCODING.match(raw)
    if named is not None and not _ENCODINGS.fullmatch(named[1]):
        raise ParseError(f"the encoding {named[1][:40]!r} is not read", source=source, rule=_RULES)
    prolog = _PROLOG.match(raw)
    at = prolog.end() if prolog is not None else 0
    if raw[at : at + 2] == b"<!":
        raise ParseError(
            "a document type is not read", source=source, place=f"byte {at}", rule=_RULES, hint="take it out"
        )
    if raw[at : at + 1] != b"<":
        raise ParseError("it is no XML", source=source, place=f"byte {at}", rule=_RULES)
    return raw


def _document(raw: bytes, source: str) -> etree._Element:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        attribute_defaults=False, huge_tree=True, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        message = str(error)
        if "depth" in message.lower():
            raise LimitError(
                "the document is nested too deeply", source=source, rule="limits.xml_depth"
            ) from None
        raise ParseError(f"it is no well-formed XML: {message[:200]}", source=source, rule=_RULES) from None
    if (root.nsmap.get(root.prefix) or NAMESPACE) != NAMESPACE:
        raise ParseError(
            f"the root is not of {NAMESPACE}",
            source=source,
            rule=_RULES,
            hint="is it another standard's XML?",
        )
    return root


def _local(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _segments(root: etree._Element, limits: Limits, source: str) -> list[etree._Element]:
    """The segment elements in document order; a group is an element with a dot in its name."""
    found: list[etree._Element] = []
    pending = [iter(root)]
    while pending:
        for child in pending[-1]:
            name = _local(child)
            if "." in name:
                if len(pending) >= limits.xml_depth:
                    raise LimitError("groups are nested too deeply", source=source, rule="limits.xml_depth")
                pending.append(iter(child))
                break
            if not name:
                raise ParseError("an entity is not read", source=source, rule=_RULES)
            found.append(child)
            if len(found) > limits.hl7_segments:
                raise LimitError("more segments than allowed", source=source, rule="limits.hl7_segments")
        else:
            pending.pop()
    return found


def _delimiters(header: etree._Element, source: str) -> Delimiters:
    texts = {_local(child): child.text or "" for child in header}
    field, marks = texts.get("MSH.1") or "|", texts.get("MSH.2", "^~\\&")
    every = field + marks
    odd = any(mark.isalnum() or mark.isspace() or mark < " " for mark in every)
    if len(field) != 1 or odd or len(marks) > 32 or not every.isascii():
        raise ParseError("MSH.1 and MSH.2 declare no delimiters", source=source, place="MSH-2", rule=_RULES)
    return Delimiters.from_encoding_characters(marks, field)


class _Builder:
    """Builds ER7 lines; `left` is the budget of characters for all of them, padding too."""

    __slots__ = ("_left", "_marks", "_source")

    def __init__(self, marks: Delimiters, left: int, source: str) -> None:
        self._marks = marks
        self._left = left
        self._source = source

    def segment(self, element: etree._Element) -> str:
        """One segment."""
        name = _local(element)
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ParseError(f"{name[:40]!r} is no segment", source=self._source, rule=_RULES)
        fields: dict[int, list[str]] = {}
        for child in element:
            number = self._numbered(child, name)
            if name in HEADERS and number <= 2:
                fields[number] = [child.text or ""]
            else:
                fields.setdefault(number, []).append(self._part(child, 1))
        last = max(fields, default=0)
        repetition = self._marks.repetition
        parts = [name]
        for number in range(1, last + 1):
            texts = fields.get(number, [""])
            if len(texts) > 1 and not repetition:
                raise self._no_mark(f"{name}-{number}")
            parts.append(repetition.join(texts))
        if name in HEADERS:
            parts[1:3] = [fields[2][0] if 2 in fields else self._marks.encoding_characters]
        return self._spent(self._marks.field.join(parts))

    def _spent(self, text: str) -> str:
        self._left -= len(text)
        if self._left < 0:
            raise LimitError("the message is too long", source=self._source, rule="limits.hl7_message")
        return text

    def _no_mark(self, place: str) -> ParseError:
        return ParseError("MSH.2 declares no delimiter for it", source=self._source, place=place, rule=_RULES)

    def _numbered(self, element: etree._Element, place: str) -> int:
        """The number at the end of an element's name, as 5 of `PID.5`."""
        name = _local(element)
        match = _NUMBER.fullmatch(name)
        number = int(match[1]) if match else 0
        if number == 0:
            raise ParseError(
                f"{name[:40]!r} is no part of {place}", source=self._source, place=place, rule=_RULES
            )
        if number > _MOST:
            raise LimitError(
                f"{name[:40]!r} has too high a number", source=self._source, place=place, rule=_RULES
            )
        return number

    def _part(self, element: etree._Element, level: int) -> str:
        """A repetition (level 1), a component (2) or a subcomponent (3)."""
        inner = [child for child in element if _local(child) != "escape"]
        if not inner:
            return self._leaf(element)
        name = _local(element)
        mark = ("", self._marks.component, self._marks.subcomponent, "")[level]
        stray = [element.text, *[child.tail for child in element]]
        if len(inner) != len(element) or any(text and text.strip() for text in stray):
            raise ParseError("text stands between elements", source=self._source, place=name, rule=_RULES)
        parts: list[str] = []
        for child in inner:
            number = self._numbered(child, name)
            if number <= len(parts) and parts[number - 1]:
                raise ParseError("a part is given twice", source=self._source, place=name, rule=_RULES)
            parts += [""] * (number - len(parts))
            parts[number - 1] = self._part(child, level + 1) if level < 3 else self._leaf(child)
        if len(parts) > 1 and not mark:
            raise self._no_mark(name)
        return self._spent(mark.join(parts))

    def _leaf(self, element: etree._Element) -> str:
        out = [self._text(element.text or "")]
        if not len(element):
            return '""' if element.text == '""' else out[0]
        for child in element:
            if _local(child) != "escape":
                raise ParseError("a part is nested too deeply", source=self._source, rule=_RULES)
            body = child.get("V") or ""
            escape = self._marks.escape
            if not escape or not body or not body.isprintable() or self._marks.special.search(body):
                raise ParseError(f"{body[:20]!r} is no escape sequence", source=self._source, rule=_RULES)
            out += [escape, body, escape, self._text(child.tail or "")]
        return self._spent("".join(out))

    def _text(self, text: str) -> str:
        """Text escaped; a truncation character stays as it is, for it may mean what it is there for."""
        try:
            escaped = escape_text(text, self._marks) if text != '""' else text
        except EncodeError as error:
            raise ParseError(error.message, source=self._source, rule=_RULES, hint=error.hint) from None
        mark, escape = self._marks.truncation, self._marks.escape
        return escaped.replace(f"{escape}P{escape}", mark) if mark and mark in text else escaped
