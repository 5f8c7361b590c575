"""What the index is told, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.holdings import Event, Location, Verdict
from .conflicts import Conflict
from .extract import Extract


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event of the journal; with a location and an extract where it brought an object."""

    chain: str
    sequence: int
    event: Event
    location: Location | None = None
    extract: Extract | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of an arrival: `location` has its version; `superseded` is the version before, or 0."""

    chain: str
    sequence: int
    verdict: Verdict
    location: Location
    superseded: int = 0
    conflicts: tuple[Conflict, ...] = ()
