"""The account of a conversion: each leaf of the source, once."""

from __future__ import annotations

import enum
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


class Disposition(enum.StrEnum):
    """What became of a leaf: it has a place, it travels as it is, or it was left out."""

    MAPPED = "mapped"
    CARRIED = "carried"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Entry:
    """One leaf of the source: where it stood, where it went, by which rule, and why.

    `source` and `target` are paths of their standards: `00400275/0/00400009`, `PID[1]-5[1].1.1`,
    a FHIRPath. `rule` is the name of a crosswalk row or of a general rule; `reason` is filled for
    what was dropped, and for what was mapped with a loss of precision.
    """

    source: str
    disposition: Disposition
    target: str = ""
    rule: str = ""
    reason: str = ""


class Ledger:
    """The entries of one conversion, in the order of the source."""

    __slots__ = ("entries",)

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def counts(self) -> dict[str, int]:
        """How many leaves were mapped, carried and dropped; all three are always there."""
        found = Counter(entry.disposition.value for entry in self.entries)
        return {disposition.value: found[disposition.value] for disposition in Disposition}

    def to_json_lines(self) -> str:
        """One JSON object a line, as the ledger is written to a file."""
        return "".join(
            json.dumps(
                {
                    "source": entry.source,
                    "disposition": entry.disposition.value,
                    "target": entry.target,
                    "rule": entry.rule,
                    "reason": entry.reason,
                },
                ensure_ascii=False,
            )
            + "\n"
            for entry in self.entries
        )
