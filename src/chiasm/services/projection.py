"""The index follows the journal: a thread takes what is durable, in order, and applies it in batches."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..dicom import Package
from ..errors import ChiasmError
from ..model import Event, Location
from ..store.extract import extract
from ..store.index import Applied, Arrival, Index

BATCH = 100
BACKLOG = 2_000
"""Objects applied in one transaction, and those that may wait before receiving stops."""

_GATHER = 0.02
"""Seconds that are waited for more, so that one transaction serves many, unless someone asks."""

_BACK_OFF = (0.05, 0.2, 1.0, 3.0)
Heard = Callable[[Sequence[Arrival], Sequence[Applied]], None]


@dataclass(frozen=True, slots=True)
class Durable:
    """One event that is durable, with its object where it brought one, and that object's parsed head."""

    sequence: int
    event: Event
    location: Location | None = None
    package: Package | None = None

    def __lt__(self, other: Durable) -> bool:
        return self.sequence < other.sequence

    def arrival(self, chain: str) -> Arrival:
        """What the index is told."""
        known = None if self.package is None else extract(self.package)
        return Arrival(chain, self.sequence, self.event, self.location, known)


class Projection:
    """The thread that applies. `position` is the last number of the chain that the index knows.

    Events are applied in the order of the chain and without a gap, so that a position says that everything
    before it is durable and indexed. `trouble` says why the index does not follow, where it does not.
    """

    def __init__(self, index: Index, chain: str, position: int, heard: Heard) -> None:
        self._index, self._chain, self._heard = index, chain, heard
        self._ready: list[Durable] = []
        self._next = position + 1
        self._wake = threading.Condition()
        self._closing = False
        self._hurried = threading.Event()
        self.position = position
        self.trouble = ""
        self._thread = threading.Thread(target=self._run, name="projection", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> int:
        """How many events wait."""
        return len(self._ready)

    def add(self, durable: Durable) -> None:
        """Take an event that became durable."""
        with self._wake:
            heapq.heappush(self._ready, durable)
            if self._ready[0].sequence == self._next:
                self._wake.notify()

    def hurry(self) -> None:
        """Someone waits for what is durable to be found."""
        self._hurried.set()

    def _take(self) -> list[Durable]:
        taken: list[Durable] = []
        while self._ready and self._ready[0].sequence == self._next and len(taken) < BATCH:
            taken.append(heapq.heappop(self._ready))
            self._next += 1
        return taken

    def _run(self) -> None:
        while True:
            with self._wake:
                while not (taken := self._take()):
                    if self._closing:
                        return
                    self._wake.wait()
            arrivals = [one.arrival(self._chain) for one in taken]
            applied = self._apply(arrivals)
            if applied is None:
                return
            self.position = taken[-1].sequence
            self._heard(arrivals, applied)
            self._hurried.wait(_GATHER)
            self._hurried.clear()

    def _apply(self, arrivals: Sequence[Arrival]) -> list[Applied] | None:
        """Apply until it succeeds; None where the node closes before, and the next start takes it up."""
        tries = 0
        while True:
            try:
                applied = self._index.apply(arrivals)
            except (ChiasmError, OSError) as error:
                self.trouble = str(error)
            else:
                self.trouble = ""
                return applied
            with self._wake:
                if self._closing:
                    return None
                self._wake.wait(_BACK_OFF[min(tries, len(_BACK_OFF) - 1)])
            tries += 1

    def close(self, patience: float = 10.0) -> None:
        """Apply what waits, as far as it can be done in so many seconds."""
        limit = time.monotonic() + patience
        while self._ready and not self.trouble and time.monotonic() < limit:
            time.sleep(0.005)
        self._hurried.set()
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(patience)
