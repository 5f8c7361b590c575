"""What a key of a query asks for: from its text to a Condition, the same for every wire. PS3.4 §C.2.2.2."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import ServiceError
from ..model.query import Condition, Equals, Exists, Level, Path, Query, Range, Wildcard
from ..store.extract_tables import MOMENTS

WILDCARDS = frozenset(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"))
"""The VRs whose values may hold `*` and `?`: PS3.4 §C.2.2.2.4."""

EMPTY = '""'
"""The value that asks for attributes without one: PS3.4 §C.2.2.2.8."""

_BYTES = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN", "SQ"))
_ONE_TEXT = frozenset(("LT", "ST", "UT", "UR"))
_DA = re.compile(r"\d{8}|\d{4}\.\d\d\.\d\d", re.ASCII)
_TM = re.compile(r"\d\d(?::?\d\d(?::?\d\d(?:\.\d{1,6})?)?)?", re.ASCII)
_DT = re.compile(r"\d{4}(?:\d\d){0,5}(?:(?<=\d{14})\.\d{1,6})?(?:[+-](?:0\d|1[0-4])[0-5]\d)?", re.ASCII)
_FORMS = {"DA": _DA, "TM": _TM, "DT": _DT}
_LONGEST = 65_536
_PROMPT = {
    Level.PATIENT: frozenset((0x00100020,)),
    Level.STUDY: frozenset((0x00100020, 0x0020000D, 0x00080050)),
    Level.SERIES: frozenset((0x0020000D, 0x0020000E)),
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a query: the tags that lead to it, its VR, and the text that it is to match."""

    path: Path
    vr: str
    text: str


def condition(path: Path, vr: str, text: str, *, empty_values: bool = False) -> Condition | None:
    """What a key asks for; None where everything meets it (universal matching).

    A backslash parts the UIDs of a list, and the values of which one must match for VRs that can have
    several. With `empty_values`, two quotation marks ask for attributes that have no value. ServiceError
    `bad-query` for a text that its VR does not allow.
    """
    value = text.strip(" \0") if vr not in _ONE_TEXT else text.rstrip(" \0")
    if not value or value.strip("*") == "":
        return None
    if len(value) > _LONGEST:
        raise _refusal(path, f"a key of {len(value)} characters")
    if empty_values and value == EMPTY:
        return Exists(path, False)
    if vr in _BYTES:
        raise _refusal(path, f"{vr} cannot be matched by a text")
    if vr in _FORMS:
        return _moments(path, vr, value)
    values = (value,) if vr in _ONE_TEXT else tuple(part.strip(" \0") for part in value.split("\\"))
    if vr in WILDCARDS and ("*" in value or "?" in value):
        if len(values) > 1:
            raise _refusal(path, "a list with wildcards", "PS3.4 §C.2.2.2.4")
        return Wildcard(path, values[0])
    several = tuple(dict.fromkeys(one for one in values if one))
    return Equals(path, several) if several else None


def query(
    level: Level,
    keys: Iterable[Key],
    *,
    fuzzy: bool = False,
    combined: bool = False,
    zone: str = "",
    empty_values: bool = False,
    limit: int | None = None,
    offset: int = 0,
) -> Query:
    """The query of all keys.

    `combined` matches the range of a date and that of its time as one span of moments; `zone` is the offset
    from UTC, as +0800, that these are of. ServiceError `bad-query` as `condition`.
    """
    found: list[Condition] = []
    for key in keys:
        one = condition(key.path, key.vr, key.text, empty_values=empty_values)
        if one is not None:
            found.append(one)
    if combined:
        found = _combined(found, zone)
    return Query(level, tuple(found), fuzzy, limit, offset)


def is_prompt(query: Query) -> bool:
    """Whether a query asks for a few patients, studies or series by an identifier that all of them have.

    An index reads such off without sorting or testing many rows.
    """
    if query.offset or query.fuzzy:
        return False
    tags = _PROMPT.get(query.level)
    if tags is None:
        return False
    return any(
        type(one) is Equals and len(one.values) == 1 and len(one.path) == 1 and one.path[0] in tags
        for one in query.conditions
    )


def _combined(conditions: list[Condition], zone: str) -> list[Condition]:
    """Ranges of a date and of its time joined into one: PS3.4 §C.2.2.2.5.1."""
    ranges = {one.path: one for one in conditions if isinstance(one, Range)}
    joined: dict[Path, Condition] = {}
    gone: set[Path] = set()
    for path, date in ranges.items():
        time_tag = MOMENTS.get(path[-1])
        time = ranges.get((*path[:-1], time_tag)) if time_tag is not None else None
        if time is None:
            continue
        low, high = (_moment(*ends, zone) for ends in ((date.low, time.low), (date.high, time.high)))
        joined[path] = Range(path, low, high, time.path)
        gone.add(time.path)
    return [joined.get(one.path, one) for one in conditions if one.path not in gone]


def _moment(date: str, time: str, zone: str) -> str:
    return f"{date.replace('.', '')}{time.replace(':', '')}{zone}" if date else ""


def _moments(path: Path, vr: str, value: str) -> Condition:
    """The condition on a date, a time or a date and time; a hyphen makes a range of it."""
    form = _FORMS[vr]
    values = value.split("\\")
    if all(form.fullmatch(one.strip()) for one in values):
        return Equals(path, tuple(one.strip() for one in values))
    # The hyphen of a range may stand beside those of offsets from UTC: the ends decide which it is.
    for found in re.finditer("-", value):
        at = found.start()
        low, high = value[:at].strip(), value[at + 1 :].strip()
        ends = [one for one in (low, high) if one]
        if ends and all(form.fullmatch(one) for one in ends):
            return Range(path, low, high)
    raise _refusal(path, f"'{value[:64]}' is neither a {vr} nor a range of them", "PS3.4 §C.2.2.2.5")


def _refusal(path: Path, message: str, rule: str = "PS3.4 §C.2.2.2") -> ServiceError:
    place = ".".join(f"{tag:08X}" for tag in path)
    return ServiceError("bad-query", message, place=place, rule=rule)
