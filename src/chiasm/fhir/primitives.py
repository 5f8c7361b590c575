"""The formats of primitive values: FHIR R4 §2.24.0.1.

Each check says in words what is wrong with a value, or nothing. Calendar dates are checked beyond the
patterns of the standard: no February 30.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from datetime import date

from .numbers import Number

_YEAR = r"(?:[0-9](?:[0-9](?:[0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_NO_SPACE = r"[^\s\x00-\x20]+"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"

_PATTERNS = {
    "base64Binary": r"(?:\s*[0-9a-zA-Z+/=]\s*)+",
    "canonical": _NO_SPACE,
    "code": rf"{_NO_SPACE}(?:\s{_NO_SPACE})*",
    "date": rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY})?)?",
    "dateTime": rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY}(?:T{_CLOCK}{_ZONE})?)?)?",
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "instant": rf"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}",
    "markdown": r"[ \r\n\t\S]+",
    "oid": r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+",
    "string": r"[ \r\n\t\S]+",
    "time": _CLOCK,
    "uri": _NO_SPACE,
    "url": _NO_SPACE,
    "uuid": r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
}
_COMPILED: dict[str, re.Pattern[str]] = {}
_INTEGERS = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
_FULL_DATE = 10
_TEXT_SIZE = 1024 * 1024
_DATED = frozenset({"date", "dateTime", "instant"})


def problem(kind: str, value: object) -> str:
    """What is wrong with a value of a primitive type; empty where nothing is."""
    if kind == "boolean":
        return "" if isinstance(value, bool) else "not true or false"
    if kind == "decimal":
        return _number(value)
    if kind in _INTEGERS:
        return _integer(kind, value)
    if not isinstance(value, str):
        return f"not a text, as {kind} is written"
    if kind == "xhtml":
        return "" if value.lstrip().startswith("<div") else "not a div element"
    if kind == "base64Binary":
        return _base64(value)
    return _text(kind, value)


def _number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, Number)):
        return "not a number"
    return ""


def _integer(kind: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        return "not a whole number"
    return "" if _INTEGERS[kind] <= value < 2**31 else f"beyond what {kind} holds"


def _base64(value: str) -> str:
    """Decoded rather than matched: documents of many megabytes come this way."""
    try:
        binascii.a2b_base64(value.encode("ascii"), strict_mode=not any(map(str.isspace, value[:100])))
    except (ValueError, binascii.Error):
        return "not Base64"
    return "" if value else "empty"


def _text(kind: str, value: str) -> str:
    if not value or value.isspace():
        return "empty"
    if kind in {"string", "markdown"}:
        if len(value) > _TEXT_SIZE:
            return "longer than 1 MB"
        return "" if all(ch >= " " or ch in "\r\n\t" for ch in value) else "holds a control character"
    pattern = _COMPILED.get(kind)
    if pattern is None:
        pattern = _COMPILED[kind] = re.compile(_PATTERNS[kind])
    if not pattern.fullmatch(value):
        if kind == "dateTime" and "T" in value:
            return "a time of day needs seconds and a zone"
        return f"not written as {kind}"
    if kind in _DATED and len(value) >= _FULL_DATE:
        return _calendar(value)
    return ""


def _calendar(value: str) -> str:
    try:
        date.fromisoformat(value[:_FULL_DATE])
    except ValueError:
        return "no day of the calendar"
    return ""


Check = Callable[[str, object], str]
