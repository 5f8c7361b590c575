"""The context groups of PS3.16 §B: which codes are meant where."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import iods

_DATA = Path(__file__).parent / "data"
_OLD_SNOMED = frozenset(("SRT", "SNM3", "99SDM"))


@dataclass(frozen=True, slots=True)
class ContextGroup:
    """One group: its number, its name, and its codes as (scheme, value, meaning), sorted.

    `extensible` is whether other codes may be added to it, None where the sources do not tell. Groups that
    the standard includes in others are expanded. PS3.16 §7.2
    """

    cid: int
    name: str
    codes: tuple[tuple[str, str, str], ...]
    extensible: bool | None = None

    def has(self, scheme: str, value: str) -> bool:
        """Whether a code is one of the group, be it in SNOMED CT or in the SNOMED-RT of older objects."""
        wanted = equivalent(scheme, value)
        return any(code[0] == wanted[0] and code[1] == wanted[1] for code in self.codes)


@functools.cache
def _load() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((_DATA / "dicom-context-groups.json").read_bytes())
    return content


@functools.cache
def _sct_of_srt() -> dict[str, str]:
    content: dict[str, str] = json.loads((_DATA / "dicom-snomed.json").read_bytes())["sct_of_srt"]
    return content


@functools.cache
def by_cid(cid: int) -> ContextGroup | None:
    """The group of a number; None for one that does not exist."""
    content = _load()
    row = content["groups"].get(str(cid))
    if row is None:
        return None
    rows = (content["codes"][place] for place in row[1])
    codes = tuple((scheme, value, meaning) for value, scheme, meaning in rows)
    return ContextGroup(cid, row[0], codes, iods.extensible(cid))


def cids() -> tuple[int, ...]:
    """The numbers of all groups, in order."""
    return tuple(int(cid) for cid in _load()["groups"])


def equivalent(scheme: str, value: str) -> tuple[str, str]:
    """A code as scheme and value of today: SNOMED-RT, however it is designated, becomes SNOMED CT.

    A code that has no other spelling is given back as it is. PS3.16 §8.1
    """
    if scheme in _OLD_SNOMED:
        current = _sct_of_srt().get(value)
        if current:
            return "SCT", current
    return scheme, value
