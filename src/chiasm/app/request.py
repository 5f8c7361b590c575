"""What the command line is asked to convert, the jobs that follow from it, and what becomes of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .sources import Source


@dataclass(frozen=True, slots=True)
class Manner:
    """How to convert: the target (empty: what the names say), how much to carry, a site's own rows."""

    to: str = ""
    carry: str = "rows"
    crosswalk: str = ""
    onto: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What `chiasm convert` was asked."""

    sources: tuple[str, ...]
    destination: str
    manner: Manner = Manner()
    ledger: str = ""
    study: bool = False
    again: bool = False
    json: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One conversion: from where, to where, where its ledger goes (nowhere: None), and how."""

    source: Source
    destination: Path
    manner: Manner
    ledger: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one job: its outputs and ledger counts, or the error in words.

    `counts` are the leaves mapped, carried and dropped; `earlier` says that a run before this one did it.
    """

    name: str
    to: str
    outputs: tuple[str, ...] = ()
    counts: tuple[int, int, int] = (0, 0, 0)
    error: str = ""
    earlier: bool = False

    def as_json(self) -> dict[str, object]:
        """It as `--json` prints it."""
        mapped, carried, dropped = self.counts
        return {
            "source": self.name,
            "status": "failed" if self.error else "done before" if self.earlier else "converted",
            "to": self.to,
            "outputs": list(self.outputs),
            "ledger": {"mapped": mapped, "carried": carried, "dropped": dropped},
            "error": self.error,
        }
