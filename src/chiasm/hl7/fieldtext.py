"""ER7 text of field values: what composing, editing and creating all write with. HL7 v2.5.1 §2.5, §2.7."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from ..errors import UsageError
from .delimiters import NULL, Delimiters, Raw
from .escape import escape_text

FieldValue: TypeAlias = str | tuple[Any, ...] | list[Any] | None
"""A text; a tuple of components, in which a tuple is one of subcomponents; a list of repetitions of those."""


def segment_text(name: str, fields: Mapping[int, FieldValue], delimiters: Delimiters, *, header: bool) -> str:
    """The ER7 text of one segment, without trailing delimiters; MSH-1 and MSH-2 filled in."""
    mark = delimiters.field
    if not fields:
        return f"{name}{mark}{delimiters.encoding_characters}" if header else name
    last = max(fields)
    parts = [""] * (last + 1)
    special = delimiters.special
    for number, value in fields.items():
        if value is None:
            continue
        if value.__class__ is str and special.search(value) is None and value != '""':
            parts[number] = value
        else:
            parts[number] = field_text(value, delimiters)
    if header:
        parts[1:3] = [delimiters.encoding_characters]
    parts[0] = name
    text = mark.join(parts)
    return text if parts[-1] else text.rstrip(mark)


def field_text(value: FieldValue, delimiters: Delimiters) -> str:
    """The ER7 text of one field value; raises UsageError for a leaf that is no text."""
    if isinstance(value, list):
        parts = [_repetition(one, delimiters) for one in value]
        return _joined(parts, delimiters.repetition, "repetition", trim=False)
    return _repetition(value, delimiters)


def part_text(value: FieldValue, delimiters: Delimiters, level: int) -> str:
    """The ER7 text for a field (level 0), a repetition (1), a component (2) or a subcomponent (3)."""
    if isinstance(value, list) and level > 0:
        raise UsageError(
            "a list is the repetitions of a whole field", hint="leave out what follows the field"
        )
    return (field_text, _repetition, _component, _leaf)[level](value, delimiters)


def _repetition(value: FieldValue, delimiters: Delimiters) -> str:
    if not isinstance(value, tuple):
        return _leaf(value, delimiters)
    parts = [_component(one, delimiters) for one in value]
    return _joined(parts, delimiters.component, "component", trim=True)


def _component(value: FieldValue, delimiters: Delimiters) -> str:
    if not isinstance(value, tuple):
        return _leaf(value, delimiters)
    parts = [_leaf(one, delimiters) for one in value]
    return _joined(parts, delimiters.subcomponent, "subcomponent", trim=True)


def _joined(parts: list[str], mark: str, what: str, *, trim: bool) -> str:
    if trim:
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
    if not mark and len(parts) > 1:
        raise UsageError(
            f"the encoding characters declare no {what} separator", place="MSH-2", rule="HL7 v2.5.1 §2.5.4"
        )
    return mark.join(parts)


def raw_text(value: Raw, delimiters: Delimiters) -> str:
    """ER7 text that is placed verbatim; raises UsageError where it would end the field or the segment."""
    if delimiters.field in value or "\r" in value or "\n" in value:
        raise UsageError(
            "raw text of a field has no field separator and no line end",
            rule="HL7 v2.5.1 §2.5.4",
            hint="escape it",
        )
    return str(value)


def _leaf(value: FieldValue, delimiters: Delimiters) -> str:
    if value is None or value == "":
        return ""
    if value is NULL:
        return str(value)
    if isinstance(value, Raw):
        return raw_text(value, delimiters)
    if not isinstance(value, str):
        raise UsageError(f"a leaf is a text, not {type(value).__name__}")
    return escape_text(value, delimiters)
