"""Moments in time, as precise as they were written and no more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instant:
    """A date, or a date with a time, to the precision known.

    `digits` are YYYY, YYYYMM, YYYYMMDD, …, YYYYMMDDHHMMSS; `fraction` the digits after the point;
    `offset` is `+HHMM` or `-HHMM`, and empty where the zone is not known.
    """

    digits: str
    fraction: str = ""
    offset: str = ""

    @property
    def date(self) -> str:
        """The date, as far as known: YYYY, YYYYMM or YYYYMMDD."""
        return self.digits[:8]

    @property
    def time(self) -> str:
        """The time of day, HH, HHMM or HHMMSS with its fraction; empty for a date alone."""
        clock = self.digits[8:]
        return f"{clock}.{self.fraction}" if self.fraction else clock
