"""Dates, times and moments as DICOM writes them: exact texts with their precision and offset.

PS3.5 §6.2, VRs DA, TM and DT; the Timezone Offset From UTC (0008,0201) of the data set: PS3.3 §C.12.1.1.8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import ValueFormatError
from .dataset import DataSet

TIMEZONE_OFFSET = 0x00080201
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)")


@dataclass(frozen=True, slots=True)
class Date:
    """One DA: a whole day. `text` is as it stood, `2026.11.23` of old files included."""

    text: str
    year: int
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Time:
    """One TM, with as much of it as is there: `precision` is hour, minute, second or fraction.

    `fraction` are the digits after the point, so that 10.5 and 10.50 seconds stay apart.
    """

    text: str
    precision: str
    hour: int
    minute: int | None = None
    second: int | None = None
    fraction: str = ""


@dataclass(frozen=True, slots=True)
class DateTime:
    """One DT, with as much of it as is there: `precision` from year to fraction.

    `offset` are minutes east of UTC, None where the text has none.
    """

    text: str
    precision: str
    year: int
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None
    fraction: str = ""
    offset: int | None = None


def parse_date(text: str) -> Date:
    """The record of a DA, `20261123` or the old `2026.11.23`; ValueFormatError for anything else."""
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)|(\d{4})\.(\d\d)\.(\d\d)", text.strip(" \0"), re.ASCII)
    if found is None:
        raise _refused("DA", text)
    year, month, day = (int(part) for part in found.groups() if part is not None)
    _check("DA", text, month, day, year)
    return Date(text, year, month, day)


def parse_time(text: str) -> Time:
    """The record of a TM, `HH` to `HHMMSS.FFFFFF`, or the old `HH:MM:SS`; ValueFormatError otherwise."""
    plain = text.strip(" \0")
    form = r"(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?" if ":" in plain else _TM
    found = re.fullmatch(form, plain, re.ASCII)
    if found is None:
        raise _refused("TM", text)
    hour, minute, second, fraction = found.groups()
    numbers = [None if part is None else int(part) for part in (hour, minute, second)]
    _check_time("TM", text, *numbers)
    precision = ("hour", "minute", "second", "fraction")[sum(part is not None for part in found.groups()) - 1]
    return Time(text, precision, int(hour), numbers[1], numbers[2], fraction or "")


_TM = r"(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?)?"
_DT = rf"(\d{{4}})(?:(\d\d)(?:(\d\d)(?:{_TM})?)?)?([+-]\d{{4}})?"
_PRECISIONS = ("year", "month", "day", "hour", "minute", "second", "fraction")


def parse_datetime(text: str) -> DateTime:
    """The record of a DT, `YYYY` to `YYYYMMDDHHMMSS.FFFFFF&ZZXX`; ValueFormatError otherwise."""
    found = re.fullmatch(_DT, text.strip(" \0"), re.ASCII)
    if found is None:
        raise _refused("DT", text)
    *parts, offset = found.groups()
    year, month, day, hour, minute, second = (None if part is None else int(part) for part in parts[:6])
    _check("DT", text, month, day, year)
    _check_time("DT", text, hour, minute, second)
    precision = _PRECISIONS[sum(part is not None for part in parts) - 1]
    minutes = None if offset is None else parse_offset(offset)
    return DateTime(text, precision, year or 0, month, day, hour, minute, second, parts[6] or "", minutes)


def parse_offset(text: str) -> int:
    """Minutes east of UTC of `&ZZXX`, -1200 to +1400; ValueFormatError for anything else."""
    found = _OFFSET.fullmatch(text.strip(" \0"))
    if found is None or int(found[3]) > 59:
        raise _refused("offset", text)
    minutes = (int(found[2]) * 60 + int(found[3])) * (-1 if found[1] == "-" else 1)
    if not -720 <= minutes <= 840:
        raise _refused("offset", text)
    return minutes


def effective_offset(data: DataSet, value: DateTime | None = None) -> int | None:
    """Minutes east of UTC of a value in a data set: its own, else the data set's, else None.

    The Timezone Offset From UTC of the data set holds for what is nested in it too, and for DA with TM.
    """
    if value is not None and value.offset is not None:
        return value.offset
    owner: DataSet | None = data
    while owner is not None:
        text = owner.get(TIMEZONE_OFFSET)
        if isinstance(text, str):
            return parse_offset(text)
        owner = owner.parent
    return None


def _refused(vr: str, text: str) -> ValueFormatError:
    return ValueFormatError(f"{text!r:.60} is no {vr}", rule="PS3.5 §6.2")


def _check(vr: str, text: str, month: int | None, day: int | None, year: int | None) -> None:
    if month is not None and not 1 <= month <= 12:
        raise _refused(vr, text)
    if day is None or month is None or year is None:
        return
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    if not 1 <= day <= days:
        raise _refused(vr, text)


def _check_time(vr: str, text: str, hour: int | None, minute: int | None, second: int | None) -> None:
    # 60 is the second of a leap: PS3.5 §6.2
    if (hour or 0) > 23 or (minute or 0) > 59 or (second or 0) > 60:
        raise _refused(vr, text)
