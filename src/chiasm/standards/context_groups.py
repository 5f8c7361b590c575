"""The context groups of PS3.16 §B: which codes are meant where."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class ContextGroup:
    """One group: its number, its name, and its codes as (scheme, value, meaning)."""

    cid: int
    name: str
    codes: tuple[tuple[str, str, str], ...]

    def has(self, scheme: str, value: str) -> bool:
        """Whether a code is one of the group; the old designators of SNOMED are told apart from SCT."""
        return any(code[0] == scheme and code[1] == value for code in self.codes)


@functools.cache
def _load() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((_DATA / "dicom-context-groups.json").read_bytes())
    return content


@functools.cache
def by_cid(cid: int) -> ContextGroup | None:
    """The group of a number; None for one that does not exist."""
    content = _load()
    row = content["groups"].get(str(cid))
    if row is None:
        return None
    rows = (content["codes"][place] for place in row[1])
    return ContextGroup(cid, row[0], tuple((scheme, value, meaning) for value, scheme, meaning in rows))
