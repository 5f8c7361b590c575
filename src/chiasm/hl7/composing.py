"""Composing messages from values: the way from other standards to ER7, made to be fast.

A field value is a text; a tuple of components, in which a tuple is one of subcomponents; or a list of
repetitions of those. Texts are escaped here. HL7 v2.5.1 §2.5, §2.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Union

from ..errors import UsageError
from .delimiters import NULL, STANDARD, Delimiters, Raw
from .escape import escape_text

if TYPE_CHECKING:
    from .message import Message

FieldValue = Union[str, None, tuple[Any, ...], list[Any]]
SegmentValue = tuple[str, Mapping[int, FieldValue]]


def compose(
    segments: Iterable[SegmentValue],
    *,
    encoding_characters: str = "^~\\&",
    field_separator: str = "|",
    charset: str | None = None,
) -> Message:
    """The message of the given segments, the header first.

    MSH-1 and MSH-2 are filled in. `charset` is a value of HL7 table 0211 for MSH-18; without one,
    text beyond ASCII makes it `UNICODE UTF-8`. Raises EncodeError for text that a named set cannot
    hold, UsageError where the first segment is no header.
    """
    from .charset import declared
    from .message import composed

    delimiters = Delimiters.from_encoding_characters(encoding_characters, field_separator)
    if delimiters == STANDARD:
        delimiters = STANDARD
    lines = []
    for name, fields in segments:
        header = name in ("MSH", "FHS", "BHS")
        if not lines and not header:
            raise UsageError(f"a message begins with MSH, not with {name}", rule="HL7 v2.5.1 §2.15.9")
        lines.append(segment_text(name, fields, delimiters, header=header))
    if not lines:
        raise UsageError("a message has at least its header", rule="HL7 v2.5.1 §2.15.9")
    text = "\r".join(lines) + "\r"
    if charset is None and not text.isascii():
        charset = "UNICODE UTF-8"
    if charset:
        lines[0] = _with_charset(lines[0], charset, delimiters)
        text = "\r".join(lines) + "\r"
    return composed(text, delimiters, declared((charset,) if charset else ()))


def _with_charset(line: str, charset: str, delimiters: Delimiters) -> str:
    parts = line.split(delimiters.field)
    parts += [""] * (18 - len(parts))
    if not parts[17]:
        parts[17] = escape_text(charset, delimiters)
    return delimiters.field.join(parts)


def segment_text(name: str, fields: Mapping[int, FieldValue], delimiters: Delimiters, *, header: bool) -> str:
    """The ER7 text of one segment, without trailing delimiters."""
    if not fields:
        return f"{name}{delimiters.field}{delimiters.encoding_characters}" if header else name
    last = max(fields)
    parts = [""] * (last + 1)
    special = delimiters.special
    for number, value in fields.items():
        if value.__class__ is str:
            parts[number] = value if special.search(value) is None and value != '""' else escape_text(value, delimiters)  # type: ignore[arg-type]  # narrowed by its class
        elif value is not None:
            parts[number] = field_text(value, delimiters)
    if header:
        parts[1:3] = [delimiters.encoding_characters] if last > 1 else []
        if last <= 2:
            parts = [name, delimiters.encoding_characters]
    parts[0] = name
    return delimiters.field.join(parts).rstrip(delimiters.field) if not parts[-1] else delimiters.field.join(parts)


def field_text(value: FieldValue, delimiters: Delimiters) -> str:
    """The ER7 text of one field value."""
    if isinstance(value, list):
        return delimiters.repetition.join([_repetition(one, delimiters) for one in value])
    return _repetition(value, delimiters)


def _repetition(value: FieldValue, delimiters: Delimiters) -> str:
    if not isinstance(value, tuple):
        return _leaf(value, delimiters)
    parts = [_component(one, delimiters) for one in value]
    return delimiters.component.join(parts).rstrip(delimiters.component)


def _component(value: FieldValue, delimiters: Delimiters) -> str:
    if not isinstance(value, tuple):
        return _leaf(value, delimiters)
    parts = [_leaf(one, delimiters) for one in value]
    return delimiters.subcomponent.join(parts).rstrip(delimiters.subcomponent)


def _leaf(value: FieldValue, delimiters: Delimiters) -> str:
    if value is None or value == "":
        return ""
    if value is NULL or isinstance(value, Raw):
        return str(value)
    if not isinstance(value, str):
        raise UsageError(f"a leaf is a text, not {type(value).__name__}")
    if delimiters.special.search(value) is None and value != '""':
        return value
    return escape_text(value, delimiters)
