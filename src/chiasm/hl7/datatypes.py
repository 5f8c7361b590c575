"""Which texts each primitive data type of HL7 v2 admits.

A text is one leaf as it stands between its delimiters. Types without a format of their own (ST, FT,
TX, ID, IS, GTS) admit every text; what a code may be is for its table to say.
HL7 v2.5.1 §2.A (data types).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from ..errors import ValueFormatError

_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@cache
def _pattern(name: str) -> re.Pattern[str]:
    """The patterns, compiled on first use."""
    offset = r"(?:([+-])([0-9]{2})([0-9]{2}))?"
    clock = r"([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:\.[0-9]{1,4})?)?)?"
    texts = {
        "DT": r"([0-9]{4})(?:([0-9]{2})([0-9]{2})?)?",
        "TM": clock + offset,
        "DTM": rf"([0-9]{{4}})(?:([0-9]{{2}})(?:([0-9]{{2}})(?:{clock})?)?)?{offset}",
        "NM": r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)",
        "SI": r"[0-9]+",
        "SNM": r"\+?[0-9]+",
        "TN": r"(?:[0-9]{1,3} ?)?(?:\([0-9]{1,5}\))?[0-9]{3}-?[0-9]{4}"
        r"(?:X[0-9]{1,5})?(?:B[0-9]{1,5})?(?:C.*)?",
    }
    return re.compile(texts[name], re.DOTALL)


def _date_fault(year: str, month: str | None, day: str | None) -> str:
    if month is None:
        return ""
    if not 1 <= int(month) <= 12:
        return f"there is no month {month}"
    if day is None:
        return ""
    leap = int(year) % 4 == 0 and (int(year) % 100 != 0 or int(year) % 400 == 0)
    last = 28 if month == "02" and not leap else _DAYS[int(month) - 1]
    return "" if 1 <= int(day) <= last else f"{year}-{month} has no day {day}"


def _clock_fault(
    hour: str | None, minute: str | None, second: str | None, offset: tuple[str | None, ...]
) -> str:
    if hour is not None and int(hour) > 23:
        return f"there is no hour {hour}"
    if minute is not None and int(minute) > 59:
        return f"there is no minute {minute}"
    if second is not None and int(second) > 59:
        return f"there is no second {second}"
    _, hours, minutes = offset
    if hours is not None and minutes is not None and (int(hours) > 14 or int(minutes) > 59):
        return f"there is no time zone {offset[0]}{hours}{minutes}"
    return ""


def _date(text: str) -> str:
    match = _pattern("DT").fullmatch(text)
    return "a date is YYYY[MM[DD]]" if match is None else _date_fault(match[1], match[2], match[3])


def _time(text: str) -> str:
    match = _pattern("TM").fullmatch(text)
    if match is None:
        return "a time is HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ]"
    return _clock_fault(match[1], match[2], match[3], match.groups()[3:])


def _moment(text: str) -> str:
    match = _pattern("DTM").fullmatch(text)
    if match is None:
        return "a date with time is YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]"
    year, month, day, hour, minute, second, *offset = match.groups()
    return _date_fault(year, month, day) or _clock_fault(hour, minute, second, tuple(offset))


def _matches(name: str, hint: str) -> Callable[[str], str]:
    return lambda text: "" if _pattern(name).fullmatch(text) else hint


_FORMATS: dict[str, Callable[[str], str]] = {
    "DT": _date,
    "TM": _time,
    "DTM": _moment,
    "NM": _matches("NM", "a number is an optional sign, digits, and at most one decimal point"),
    "SI": _matches("SI", "a sequence ID is a whole number without sign"),
    "SNM": _matches("SNM", "a dialing string is an optional + and digits"),
    "TN": _matches("TN", "a telephone number is [NN] [(999)]999-9999[X99999][B99999][C any text]"),
}
SECTIONS: dict[str, str] = {
    "DT": "HL7 v2.5.1 §2.A.21",
    "DTM": "HL7 v2.5.1 §2.A.22",
    "NM": "HL7 v2.5.1 §2.A.47",
    "SI": "HL7 v2.5.1 §2.A.69",
    "TM": "HL7 v2.5.1 §2.A.75",
}
"""Where the standard defines each format; the others are in HL7 v2.5.1 §2.A."""


def has_format(datatype: str) -> bool:
    """Whether the type restricts its texts at all."""
    return datatype in _FORMATS


def fault(datatype: str, text: str) -> str:
    """Say why a primitive type does not admit a text; "" where it does, or has no format."""
    check = _FORMATS.get(datatype)
    return check(text) if check else ""


def check(datatype: str, text: str) -> None:
    """Raise ValueFormatError for a text that the primitive type does not admit."""
    reason = fault(datatype, text)
    if reason:
        raise ValueFormatError(f"{text[:40]!r} is no {datatype}: {reason}", rule=section(datatype))


def section(datatype: str) -> str:
    """The section of the standard that defines the type."""
    return SECTIONS.get(datatype, "HL7 v2.5.1 §2.A")
