"""The index followed in a process of its own, so that receiving does not wait for headers to be read.

`Follower` stands where a `Projection` would, and `main` is what its process runs: a Projection that is told
over a pipe what became durable, and answers how far it is. The process ends with its node; where it falls
alone a new one takes its place and is told again what was not confirmed.
"""

from __future__ import annotations

import contextlib
import pickle
import signal
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

from ..errors import ChiasmError
from ..model import Event, Location, Source
from ..store.index import open_index
from .garbage import undisturbed_start
from .projection import BACKLOG, BATCH, GATHER, HEADS, Durable, Projection

_SIZE = struct.Struct("<I")
_BACK_OFF = (0.0, 0.2, 1.0, 3.0)
"""Seconds before a process that fell is replaced."""

_place_of = attrgetter(*[one.name for one in fields(Location)])


class Follower:
    """A Projection elsewhere: `position` is the last number of the chain that the index is known to know."""

    def __init__(
        self,
        database: str,
        chain: str,
        position: int,
        heard: Callable[[Sequence[Durable]], None],
        root: Path | None = None,
    ) -> None:
        self._terms = (database, chain, root)
        self._heard = heard
        self._unconfirmed: dict[int, Durable] = {}
        self._due: deque[Durable] = deque()
        self._wake, self._hurried = threading.Event(), threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None
        self._closing = False
        self._falls = self._came = self._went = 0
        self.position = position
        self.trouble = ""
        self._teller = threading.Thread(target=self._tell, name="follower", daemon=True)
        self._teller.start()

    @property
    def backlog(self) -> int:
        """How many events wait."""
        return len(self._unconfirmed)

    @property
    def is_full(self) -> bool:
        """Whether more should not be taken in before the index has followed."""
        return len(self._unconfirmed) > BACKLOG or self._came - self._went > HEADS

    def add(self, durable: Durable) -> None:
        """Take an event that became durable."""
        self._came += len(durable.head)
        self._unconfirmed[durable.sequence] = durable
        self._due.append(durable)
        if not self._wake.is_set():
            self._wake.set()
        if len(self._due) == BATCH or (durable.head and self._came - self._went > HEADS // 4):
            self._hurried.set()

    def hurry(self) -> None:
        """Someone waits for what is durable to be found."""
        if self._unconfirmed:
            self._hurried.set()
            self._wake.set()

    def close(self, patience: float = 10.0) -> None:
        """Let it apply what waits, as far as it can be done in so many seconds, and end it."""
        limit = time.monotonic() + patience
        self.hurry()
        while self._unconfirmed and not self.trouble and time.monotonic() < limit:
            time.sleep(0.005)
        self._closing = True
        self._hurried.set()
        self._wake.set()
        self._teller.join(patience)
        if self._process is not None:
            try:
                self._process.wait(patience)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._listener is not None:
            self._listener.join(patience)

    # What its threads do.

    def _tell(self) -> None:
        """Say what became durable, many at a time; the process begins with the first."""
        while True:
            self._wake.wait()
            self._hurried.wait(GATHER)
            self._wake.clear()
            self._hurried.clear()
            told = [self._due.popleft() for _ in range(len(self._due))]
            process = self._process
            if process is None or process.poll() is not None:
                if not self._unconfirmed or self._closing:
                    return
                process = self._begin()
                told = [self._unconfirmed[number] for number in sorted(self._unconfirmed.copy())]
            assert process.stdin is not None
            with contextlib.suppress(OSError):  # it fell: the listener wakes this thread to begin another
                _say(process.stdin, [_plain(one) for one in told])
            if self._closing:
                with contextlib.suppress(OSError):
                    process.stdin.close()
                return

    def _begin(self) -> subprocess.Popen[bytes]:
        time.sleep(_BACK_OFF[min(self._falls, len(_BACK_OFF) - 1)])
        command = [sys.executable, "-m", "chiasm.services.follower"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            _say(process.stdin, self._terms)
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process = process
        self._listener = threading.Thread(target=self._listen, args=(process,), daemon=True)
        self._listener.start()
        return process

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Hear how far one process is, until it ends."""
        assert process.stdout is not None
        with process.stdout:
            while (said := _hear(process.stdout)) is not None:
                position, self.trouble = said
                self._confirm(position)
        process.wait()
        if not self._closing:
            self.trouble = self.trouble or "the process that indexes ended"
            self._falls += 1
            self.hurry()

    def _confirm(self, position: int) -> None:
        known = [number for number in self._unconfirmed.copy() if number <= position]
        done = [self._unconfirmed.pop(number) for number in sorted(known)]
        self._went += sum([len(one.head) for one in done])
        self.position = max(position, self.position)
        if done:
            self._falls = 0
            self._heard(done)


def _plain(durable: Durable) -> tuple[Any, ...]:
    """What travels of an event: what the index is told of it, that is no more than its kind and its time."""
    event, location = durable.event, durable.location
    place = None if location is None else _place_of(location)
    return durable.sequence, event.kind, event.at, event.source.kind, place, durable.head


def _durable(
    sequence: int, kind: str, at: str, origin: str, place: tuple[Any, ...] | None, head: bytes
) -> Durable:
    location = None if place is None else Location(*place)
    return Durable(sequence, Event(kind, at, Source(origin), {}), location, head)


def _say(pipe: IO[bytes], what: object) -> None:
    data = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    pipe.write(_SIZE.pack(len(data)) + data)
    pipe.flush()


def _hear(pipe: IO[bytes]) -> Any:
    """What the other process said; None at the end."""
    head = pipe.read(_SIZE.size)
    if len(head) < _SIZE.size:
        return None
    (size,) = _SIZE.unpack(head)
    data = pipe.read(size)
    return pickle.loads(data) if len(data) == size else None


def main() -> None:
    """The process: follow what comes over standard input, say over standard output how far it is."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the node's end is this one's, by the end of its input
        signal.signal(number, signal.SIG_IGN)
    ear, mouth = sys.stdin.buffer, sys.stdout.buffer
    database, chain, root = _hear(ear)
    try:
        with undisturbed_start():
            index = open_index(database)
        position = index.position(chain)
    except ChiasmError as error:
        _say(mouth, (0, str(error)))
        return

    def heard(_: Sequence[Durable]) -> None:
        with contextlib.suppress(OSError):
            _say(mouth, (projection.position, projection.trouble))

    _say(mouth, (position, ""))
    projection = Projection(index, lambda number: (chain, number), position, heard, root, gather=0.0)
    while (told := _hear(ear)) is not None:
        projection.add(*[_durable(*plain) for plain in told])
    projection.close()
    index.close()


if __name__ == "__main__":
    main()
