"""One question, however it was asked: C-FIND, QIDO-RS and FHIR search all become a Query."""

from __future__ import annotations

import enum
from dataclasses import dataclass

Path = tuple[int, ...]
"""The tags that lead to an attribute: one for an attribute of the level, more through sequences."""


class Level(enum.IntEnum):
    """The levels of the information model, top to bottom. PS3.4 §C.6."""

    PATIENT = 0
    STUDY = 1
    SERIES = 2
    INSTANCE = 3


@dataclass(frozen=True, slots=True)
class Equals:
    """Single value matching; `values` has several for a list of UIDs, of which one must match.

    PS3.4 §C.2.2.2.1, §C.2.2.2.2.
    """

    path: Path
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Wildcard matching: `*` stands for any characters, `?` for one. PS3.4 §C.2.2.2.4."""

    path: Path
    pattern: str


@dataclass(frozen=True, slots=True)
class Range:
    """Range matching of a date, a time or a date and time; an empty end is open. PS3.4 §C.2.2.2.5.

    With `time` given, `path` is a date and both are matched as one moment (combined date-time matching);
    `low` and `high` are then DT. Values are DICOM texts.
    """

    path: Path
    low: str = ""
    high: str = ""
    time: Path | None = None


@dataclass(frozen=True, slots=True)
class Exists:
    """The attribute has (or has not) a value."""

    path: Path
    present: bool = True


Condition = Equals | Wildcard | Range | Exists


@dataclass(frozen=True, slots=True)
class Query:
    """What is sought: entities of one level that meet all conditions.

    Conditions on attributes of higher levels are allowed. `fuzzy` matches person names by sound and
    spelling as well; names are always matched by group, case- and width-insensitive. `limit` None is no
    limit. `newest_first` orders studies by date and time, latest first; else the order is that of arrival.
    """

    level: Level
    conditions: tuple[Condition, ...] = ()
    fuzzy: bool = False
    limit: int | None = None
    offset: int = 0
    newest_first: bool = True
