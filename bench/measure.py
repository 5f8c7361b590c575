"""How every figure is taken: ours and the peer in turn, same data, one process, medians with their spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

ROUND_SECONDS = 0.06
ROUNDS = 9

Mark = Literal["pass", "fail", "absent"]
Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of the table. `ours` and `peer` are as printed; `ratio` is None where nothing was measured."""

    work: str
    peer_name: str
    required: str
    ours: str = ""
    peer: str = ""
    ratio: float | None = None
    spread: str = ""
    mark: Mark = "absent"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row to be measured: `run` gives its outcome, or raises ImportError where its subject is absent."""

    work: str
    peer_name: str
    required: str
    run: Callable[[Row, int], Outcome]

    def outcome(self, rounds: int = ROUNDS) -> Outcome:
        """Measure in `rounds` rounds; what cannot be imported is `absent`, what breaks is `fail`."""
        try:
            return self.run(self, rounds)
        except ImportError as error:
            return self._without_figures("absent", str(error))
        except Exception as error:
            if isinstance(error, AttributeError) and "module 'chiasm" in str(error):
                return self._without_figures("absent", str(error))
            return self._without_figures("fail", f"{type(error).__name__}: {error}")

    def _without_figures(self, mark: Mark, note: str) -> Outcome:
        return Outcome(self.work, self.peer_name, self.required, mark=mark, note=note)


def agree(ours: Sequence[object], peer: Sequence[object]) -> None:
    """Hold what was read by the one against the other; raises ValueError at the first difference."""
    for index, (one, other) in enumerate(zip(ours, peer, strict=False)):
        if one != other:
            raise ValueError(f"value {index} is {one!r} here and {other!r} at the peer")
    if len(ours) != len(peer):
        raise ValueError(f"{len(ours)} values here and {len(peer)} at the peer")


def versus(
    work: str, peer_name: str, at_least: float, build: Callable[[], tuple[Work, Work]], note: str = ""
) -> Row:
    """A row that holds ours against a peer: at least so many times faster.

    `build` makes both and asserts that they agree on what they read.
    """

    def run(row: Row, rounds: int) -> Outcome:
        ours, peer = build()
        our_times, peer_times = _alternate(ours, peer, rounds)
        ratios = sorted(b / a for a, b in zip(our_times, peer_times, strict=True))
        ratio = statistics.median(peer_times) / statistics.median(our_times)
        return Outcome(
            row.work,
            row.peer_name,
            row.required,
            ours=duration(statistics.median(our_times)),
            peer=duration(statistics.median(peer_times)),
            ratio=ratio,
            spread=f"{ratios[0]:.1f} to {ratios[-1]:.1f}",
            mark="pass" if ratio >= at_least else "fail",
            note=note,
        )

    return Row(work, peer_name, f"{at_least:g} ×", run)


def rate(work: str, at_least: float, build: Callable[[], Work]) -> Row:
    """A row without a peer: at least so many times a second."""

    def run(row: Row, rounds: int) -> Outcome:
        ours = build()
        times = [seconds for _, seconds in zip(range(rounds), _rounds(ours), strict=False)]
        per_second = 1 / statistics.median(times)
        return Outcome(
            row.work,
            row.peer_name,
            row.required,
            ours=f"{per_second:.0f} a second",
            ratio=per_second / at_least,
            spread=f"{1 / max(times):.0f} to {1 / min(times):.0f}",
            mark="pass" if per_second >= at_least else "fail",
        )

    return Row(work, "none", f"{at_least:g} a second", run)


def duration(seconds: float) -> str:
    """A time as people read it, three figures."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def _alternate(ours: Work, peer: Work, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds per call of each, taken turn about so that a busy machine slows both alike."""
    pairs = zip(_rounds(ours), _rounds(peer), strict=False)
    taken = [pair for _, pair in zip(range(rounds), pairs, strict=False)]
    return [a for a, _ in taken], [b for _, b in taken]


def _rounds(work: Work) -> Iterator[float]:
    """Endless rounds of some 60 ms, each giving seconds per call; the first call warms up."""
    work()
    start = time.perf_counter()
    work()
    calls = max(1, round(ROUND_SECONDS / max(time.perf_counter() - start, 1e-7)))
    while True:
        start = time.perf_counter()
        for _ in range(calls):
            work()
        yield (time.perf_counter() - start) / calls
