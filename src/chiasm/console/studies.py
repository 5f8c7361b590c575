"""The list of studies: what a person types becomes queries, and their answers rows."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..model.query import Condition, Equals, Level, Query, Range, Wildcard
from ..services.archive import Archive

_NAME, _ID, _ACCESSION, _DESCRIPTION = 0x00100010, 0x00100020, 0x00080050, 0x00081030
_DATE, _MODALITIES = 0x00080020, 0x00080061
PAGE = 50
FARTHEST = 5_000
"""Beyond so many rows one narrows the search."""

_SEARCHED = (_ID, _ACCESSION, _DESCRIPTION)
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: `text` by the beginning of name, identifier, accession number or description.

    `since` and `until` are days as a browser or DICOM writes them; `modality` is one code.
    """

    text: str = ""
    modality: str = ""
    since: str = ""
    until: str = ""
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One study as the list shows it."""

    uid: str
    name: str
    other_name: str
    identifier: str
    born: str
    sex: str
    date: str
    time: str
    modalities: str
    description: str
    accession: str
    series: int
    instances: int


async def found(archive: Archive, wanted: Wanted) -> tuple[list[Row], bool]:
    """The rows of one page, newest first, and whether there are more."""
    upto = min(wanted.offset + PAGE, FARTHEST) + 1
    rows: dict[str, Row] = {}
    for conditions in _queries(wanted):
        for one in await archive.find(Query(Level.STUDY, conditions, limit=upto)):
            if one.study not in rows:
                rows[one.study] = row(one.study, json.loads("{" + one.members + "}"))
    ordered = sorted(rows.values(), key=lambda one: (one.date, one.time), reverse=True)
    return ordered[wanted.offset : upto - 1], len(ordered) >= upto and upto <= FARTHEST


def _queries(wanted: Wanted) -> list[tuple[Condition, ...]]:
    """One query for each attribute that may begin with what was typed.

    A name may be typed as people write it, in any case. What is no name is matched as it is written, PS3.4
    §C.2.2.2.4, so it is looked for in the cases that devices write.
    """
    common: list[Condition] = []
    if wanted.modality:
        common.append(Equals((_MODALITIES,), (wanted.modality,)))
    since, until = day(wanted.since), day(wanted.until)
    if since or until:
        common.append(Range((_DATE,), since, until))
    text = wanted.text.strip()
    if not text:
        return [tuple(common)]
    name = text if "^" in text else re.sub(r"\s*,\s*|\s+", "*^", text)
    sought = [(_NAME, name), *itertools.product(_SEARCHED, dict.fromkeys((text, text.upper(), text.title())))]
    return [(Wildcard((tag,), one.rstrip("*") + "*"), *common) for tag, one in sought]


def day(text: str) -> str:
    """A day as DICOM writes it; empty for what is none."""
    found = _DAY.fullmatch(text.strip())
    return "".join(found.groups()) if found else ""


def row(uid: str, members: Mapping[str, Any]) -> Row:
    """One study from its DICOM JSON members."""
    name, other = person(members.get("00100010"))
    return Row(
        uid, name, other, text_of(members, "00100020"), date_of(text_of(members, "00100030")),
        text_of(members, "00100040"), date_of(text_of(members, "00080020")),
        time_of(text_of(members, "00080030")), text_of(members, "00080061"), text_of(members, "00081030"),
        text_of(members, "00080050"), number_of(members, "00201206"), number_of(members, "00201208"),
    )  # fmt: skip


def person(element: Any) -> tuple[str, str]:
    """A person's name in letters, and in its ideographic or phonetic form: PS3.18 §F.2.2."""
    values = element.get("Value") if isinstance(element, dict) else None
    groups = values[0] if values and isinstance(values[0], dict) else {}
    letters = spoken(groups.get("Alphabetic", ""))
    other = spoken(groups.get("Ideographic", "") or groups.get("Phonetic", ""))
    return (letters, other) if letters else (other, "")


def spoken(name: str) -> str:
    """`Doe^John^^Dr` as people read it: the family name before a comma."""
    parts = [part.strip() for part in name.split("^")]
    family, rest = parts[0], [part for part in parts[1:] if part]
    if not rest:
        return family
    return f"{family}, {' '.join(rest)}" if name.isascii() else f"{family} {' '.join(rest)}".strip()


def text_of(members: Mapping[str, Any], tag: str) -> str:
    """The values of an attribute, several parted by commas."""
    values = members.get(tag, {}).get("Value") or []
    return ", ".join(str(one) for one in values if isinstance(one, (str, int, float)))


def number_of(members: Mapping[str, Any], tag: str) -> int:
    """The first value of an attribute as a number; 0 without one."""
    values = members.get(tag, {}).get("Value") or [0]
    try:
        return int(values[0] or 0)
    except (TypeError, ValueError):
        return 0


def date_of(text: str) -> str:
    """`20240131` as `2024-01-31`; anything else as it is."""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdecimal() else text


def time_of(text: str) -> str:
    """`134501.5` as `13:45`; anything else as it is."""
    return f"{text[:2]}:{text[2:4]}" if text[:4].isdecimal() and len(text) >= 4 else text
