"""Paths into a message, as `PID-3[2].4.1`, `OBX[3]-5` or `ORDER[1].OBX[3]-5`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ..errors import UsageError

_STEP = r"[A-Za-z][A-Za-z0-9_]*(?:\[\d{1,9}\])?"
_PATH = re.compile(
    rf"((?:{_STEP}\.)*)([A-Z][A-Za-z0-9]{{2,}})(?:\[(\d{{1,9}})\])?"
    r"(?:-(\d{1,6})(?:\[(\d{1,9})\])?(?:\.(\d{1,6})(?:\.(\d{1,6}))?)?)?",
    re.ASCII,
)
_GROUP = re.compile(r"([A-Za-z][A-Za-z0-9_]*)(?:\[(\d+)\])?\.")


class Path(NamedTuple):
    """One place in a message; all numbers count from 1, and None stands for what the path leaves open.

    `groups` holds the (group name, repetition) steps before the segment; `segment_rep` is the
    occurrence of the segment in the message, or in the last group step.
    """

    groups: tuple[tuple[str, int], ...]
    segment: str
    segment_rep: int
    field: int | None
    field_rep: int | None
    component: int | None
    subcomponent: int | None


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """Read a path; raises UsageError for text that is none, or that counts from 0."""
    match = _PATH.fullmatch(text)
    if match is None:
        raise UsageError(f"{text[:80]!r} is not an HL7 v2 path", hint="write it as PID-3[2].4.1")
    groups, segment, *numbers = match.groups()
    rep, number, field_rep, component, subcomponent = (None if n is None else int(n) for n in numbers)
    steps = tuple((m[1], int(m[2] or 1)) for m in _GROUP.finditer(groups))
    path = Path(steps, segment, 1 if rep is None else rep, number, field_rep, component, subcomponent)
    if 0 in path[2:] or any(count == 0 for _, count in steps):
        raise UsageError(f"the path {text!r} counts from 0", hint="HL7 v2 paths count from 1")
    return path
