"""Values as they are compared: one key per value, made the same way for what is held and what is sought.

Names are folded by group; dates, times and moments are written in full and compared as texts; numbers lose
their spelling. All else is compared as it stands, spaces around it aside. PS3.4 §C.2.2.2.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable

from . import names

NUMBERS = frozenset(("DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"))
HIGHEST = "\U0010ffff"
_TM = re.compile(r"(\d\d):?(?:(\d\d):?(?:(\d\d)(?:\.(\d{1,6}))?)?)?", re.ASCII)
_DT = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.(\d{1,6}))?([+-]\d{4})?", re.ASCII)


def key(vr: str, value: object) -> str:
    """The key of one value of a VR other than PN; a value that is none of its VR is its own text."""
    text = str(value).strip(" \0")
    if vr == "DA":
        return text.replace(".", "") if len(text) == 10 else text
    if vr == "TM":
        return time_bounds(text)[0]
    if vr == "DT":
        return moment_bounds(text)[0]
    if vr in NUMBERS:
        return number(text)
    return text


def keys(vr: str, values: Iterable[object]) -> list[str]:
    """The keys of an attribute's values, those that are empty left out."""
    if vr == "PN":
        return [one for value in values if value for one in names.groups(str(value))]
    return [one for value in values if value is not None and (one := key(vr, value))]


def number(text: str) -> str:
    """A number without its spelling: `+1`, `01` and `1.0` are `1`."""
    if text.isdigit() and text[0] != "0":
        return text
    try:
        value = float(text)
    except ValueError:
        return text
    if not math.isfinite(value):
        return text
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def time_bounds(text: str) -> tuple[str, str]:
    """The first and last moment, as HHMMSS.FFFFFF, that a TM of any precision may mean."""
    found = _TM.fullmatch(text.strip(" \0"))
    if found is None:
        return text, text
    hour, minute, second, fraction = found.groups()
    low = f"{hour}{minute or '00'}{second or '00'}.{(fraction or '').ljust(6, '0')}"
    high = f"{hour}{minute or '59'}{second or '59'}.{(fraction or '').ljust(6, '9')}"
    return low, high


def moment_bounds(text: str) -> tuple[str, str]:
    """The first and last moment, as YYYYMMDDHHMMSS.FFFFFF, that a DT of any precision may mean.

    An offset from UTC is taken away: the moments are then those of UTC.
    """
    found = _DT.fullmatch(text.strip(" \0"))
    if found is None:
        return text, text
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    low = f"{year}{month or '01'}{day or '01'}{hour or '00'}{minute or '00'}{second or '00'}"
    high = f"{year}{month or '12'}{day or '31'}{hour or '23'}{minute or '59'}{second or '59'}"
    low, high = f"{low}.{(fraction or '').ljust(6, '0')}", f"{high}.{(fraction or '').ljust(6, '9')}"
    return (at_utc(low, offset), at_utc(high, offset)) if offset else (low, high)


def at_utc(moment: str, offset: str) -> str:
    """A moment of local time with its offset `&ZZXX`, in UTC; unchanged where it is no real moment."""
    minutes = offset_minutes(offset)
    if minutes is None:
        return moment
    try:
        year, month = int(moment[:4]), int(moment[4:6])
        day = min(int(moment[6:8]), _days(year, month))
        hour, minute, second = int(moment[8:10]), int(moment[10:12]), min(int(moment[12:14]), 59)
        local = datetime.datetime(year, month, day, hour, minute, second, int(moment[15:21]))
        moved = local - datetime.timedelta(minutes=minutes)
    except (ValueError, OverflowError):
        return moment
    return f"{moved.year:04}{moved:%m%d%H%M%S.%f}"


def offset_minutes(text: str) -> int | None:
    """Minutes east of UTC of `&ZZXX`; None for what is none."""
    text = text.strip(" \0")
    if len(text) != 5 or text[0] not in "+-" or not (text[1:].isascii() and text[1:].isdigit()):
        return None
    return (int(text[1:3]) * 60 + int(text[3:])) * (-1 if text[0] == "-" else 1)


def has_offset(text: str) -> bool:
    """Whether a DT says its offset from UTC."""
    return len(text) > 5 and text[-5] in "+-" and offset_minutes(text[-5:]) is not None


def _days(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31
