"""Composing messages from values: the way from other standards to ER7, made to be fast. HL7 v2.5.1 §2.5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from ..errors import UsageError
from .charset import Charset, Coding, bytewise, declared
from .delimiters import STANDARD, Delimiters, Raw
from .envelope import Envelope
from .escape import unescape
from .fieldtext import FieldValue, field_text, segment_text
from .message import Message

__all__ = ["FieldValue", "SegmentValue", "compose"]

SegmentValue: TypeAlias = tuple[str, Mapping[int, FieldValue]] | Raw
"""A segment's id with its fields, or (`Raw`) a segment after the header that is ER7 already."""


def compose(
    segments: Iterable[SegmentValue],
    *,
    encoding_characters: str = "^~\\&",
    field_separator: str = "|",
    charset: str | tuple[str, ...] | None = None,
) -> Message:
    """The message of the given segments, the header first; texts are escaped here.

    MSH-1 and MSH-2 are filled in. `charset` is a value of HL7 table 0211 for MSH-18, or several; without
    one, the header's own field 18 counts, and text beyond ASCII makes it `UNICODE UTF-8`. Raises EncodeError
    for text that a named set cannot hold, UsageError where the first segment is no header.
    """
    delimiters = _delimiters(encoding_characters, field_separator)
    lines: list[str] = []
    for segment in segments:
        if not lines and segment[0] != "MSH":
            named = segment[:3] if isinstance(segment, Raw) else segment[0]
            raise UsageError(f"a message begins with MSH, not with {named}", rule="HL7 v2.5.1 §2.15.9")
        if isinstance(segment, Raw):
            lines.append(segment)
        else:
            lines.append(segment_text(segment[0], segment[1], delimiters, header=not lines))
    if not lines:
        raise UsageError("a message has at least its header", rule="HL7 v2.5.1 §2.15.9")
    names = (charset,) if isinstance(charset, str) else charset or ()
    given = _header_field(lines[0], 18, delimiters)
    if given and not names:
        plain = declared(())
        coding = Coding(plain, "ascii", bytewise=False, clean=True)
        marks = given.split(delimiters.repetition) if delimiters.repetition else [given]
        names = tuple(unescape(mark, delimiters, coding) for mark in marks)
    text = "\r".join(lines) + "\r"
    if not names and not text.isascii():
        names = ("UNICODE UTF-8",)
    if names and not given:
        lines[0] = _with_charset(lines[0], names, delimiters)
        text = "\r".join(lines) + "\r"
    return _composed(text, delimiters, declared(tuple(names)))


def _delimiters(encoding_characters: str, field_separator: str) -> Delimiters:
    if encoding_characters == "^~\\&" and field_separator == "|":
        return STANDARD
    marks = encoding_characters + field_separator
    if not 2 <= len(encoding_characters) <= 5 or len(field_separator) != 1 or len(set(marks)) != len(marks):
        raise UsageError(
            f"{encoding_characters!r} are no encoding characters with the separator {field_separator!r}",
            place="MSH-2",
            rule="HL7 v2.5.1 §2.5.4",
            hint="two to five characters, each another one",
        )
    if not marks.isascii() or any(mark.isalnum() or mark.isspace() or mark < " " for mark in marks):
        raise UsageError(
            "encoding characters are printable ASCII, and no letters or digits",
            place="MSH-2",
            rule="HL7 v2.5.1 §2.5.4",
        )
    return Delimiters.from_encoding_characters(encoding_characters, field_separator)


def _header_field(line: str, number: int, delimiters: Delimiters) -> str:
    parts = line.split(delimiters.field, number)
    return parts[number - 1] if number <= len(parts) else ""


def _with_charset(line: str, names: tuple[str, ...], delimiters: Delimiters) -> str:
    parts = line.split(delimiters.field)
    parts += [""] * (18 - len(parts))
    parts[17] = field_text(list(names), delimiters)
    return delimiters.field.join(parts)


def _composed(text: str, delimiters: Delimiters, charset: Charset) -> Message:
    """The message of ER7 text that was put together here, in the set it shall be written in."""
    if charset.designations and charset.wide == 1:
        data = charset.encode(text)
        clean = text.isascii() and "\x1b" not in text
        coding = Coding(charset, charset.codec, bytewise=True, clean=clean)
        return Message(data, bytewise(data, charset), delimiters, coding, Envelope())
    coding = Coding(charset, charset.codec or "ascii", bytewise=False, clean=True)
    return Message(charset.encode(text), text, delimiters, coding, Envelope())
