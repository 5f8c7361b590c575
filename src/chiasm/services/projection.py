"""The index follows the journal: a thread takes what is durable, in order, and applies it in batches."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ChiasmError
from ..model import Event, Location
from ..store.index import Arrival, Index
from .extraction import known_of

BATCH = 500
BACKLOG = 2_000
HEADS = 64 << 20
"""Events applied in one transaction; those that may wait before receiving stops, and bytes of their heads."""

GATHER = 0.25
"""Seconds that are waited for more, so that one transaction serves many, unless someone asks."""

_BACK_OFF = (0.05, 0.2, 1.0, 3.0)
Place = Callable[[int], tuple[str, int]]
"""The chain that an event of this process lies in, and its number there."""

Heard = Callable[["Sequence[Durable]"], None]
"""Told of what the index knows from now on; of nothing, where it does not follow."""


@dataclass(frozen=True, slots=True)
class Durable:
    """One event that is durable, with where its object lies where it brought one.

    `head` is the object's beginning, for those that are no files of this machine.
    """

    sequence: int
    event: Event
    location: Location | None = None
    head: bytes = b""

    def __lt__(self, other: Durable) -> bool:
        return self.sequence < other.sequence

    def arrival(self, place: tuple[str, int], root: Path | None) -> Arrival:
        """What the index is told; `root` is the folder of the objects."""
        location, known = self.location, None
        if location is not None:
            known = known_of(location, self.head or (f"{root}/{location.key}" if root else location.key))
        return Arrival(*place, self.event, location, known)


class Projection:
    """The thread that applies. `position` is the last event of this process that the index knows.

    Events are applied in their order and without a gap, so that a position says that everything
    before it is durable and indexed. `trouble` says why the index does not follow, where it does not.
    """

    def __init__(
        self,
        index: Index,
        place: Place,
        position: int,
        heard: Heard,
        root: Path | None = None,
        gather: float = GATHER,
    ) -> None:
        self._index, self._place, self._heard, self._root = index, place, heard, root
        self._gather = gather
        self._ready: list[Durable] = []
        self._next = position + 1
        self._came = self._went = 0
        self._wake = threading.Condition()
        self._closing = False
        self._hurried = threading.Event()
        self.position = position
        self.trouble = ""
        self._worker = threading.Thread(target=self._run, name="projection", daemon=True)
        self._worker.start()

    @property
    def backlog(self) -> int:
        """How many events wait."""
        return len(self._ready)

    @property
    def is_full(self) -> bool:
        """Whether more should not be taken in before the index has followed."""
        return len(self._ready) > BACKLOG or self._came - self._went > HEADS

    def add(self, *durable: Durable) -> None:
        """Take events that became durable; those that the index knows are passed over."""
        self._came += sum([len(one.head) for one in durable])
        with self._wake:
            for one in durable:
                heapq.heappush(self._ready, one)
            if self._ready and self._ready[0].sequence <= self._next:
                self._wake.notify()
        if len(self._ready) >= BATCH or self._came - self._went > HEADS // 4:
            self._hurried.set()

    def hurry(self) -> None:
        """Someone waits for what is durable to be found."""
        self._hurried.set()

    def _take(self) -> list[Durable]:
        taken: list[Durable] = []
        while self._ready and self._ready[0].sequence <= self._next and len(taken) < BATCH:
            one = heapq.heappop(self._ready)
            self._went += len(one.head)
            if one.sequence == self._next:  # and not one that was told twice
                taken.append(one)
                self._next += 1
        return taken

    def _run(self) -> None:
        while True:
            with self._wake:
                while not (taken := self._take()):
                    if self._closing:
                        return
                    self._wake.wait()
            arrivals = [one.arrival(self._place(one.sequence), self._root) for one in taken]
            if not self._apply(arrivals):
                return
            self.position = taken[-1].sequence
            self._heard(taken)
            if self._gather:
                self._hurried.wait(self._gather)
                self._hurried.clear()

    def _apply(self, arrivals: Sequence[Arrival]) -> bool:
        """Apply until it succeeds; not where the node closes before, and the next start takes it up."""
        tries = 0
        while True:
            try:
                self._index.apply(arrivals)
            except (ChiasmError, OSError) as error:
                self.trouble = str(error)
                self._heard(())
            else:
                self.trouble = ""
                return True
            with self._wake:
                if self._closing:
                    return False
                self._wake.wait(_BACK_OFF[min(tries, len(_BACK_OFF) - 1)])
            tries += 1

    def close(self, patience: float = 10.0) -> None:
        """Apply what waits, as far as it can be done in so many seconds."""
        limit = time.monotonic() + patience
        self._hurried.set()
        while self._ready and not self.trouble and time.monotonic() < limit:
            time.sleep(0.005)
        self._hurried.set()
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._worker.join(patience)
