"""The journal in files: one chain for each process that writes, side by side in one folder."""

from __future__ import annotations

import asyncio
import fcntl
import mmap
import os
import struct
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import ServiceError
from ..model import Event
from . import journal
from .journal import Record
from .segments import Tail, drop_unbegun, read_segment, segments, sync_folder

_PROGRESS = struct.Struct("<QQ")


@dataclass(slots=True)
class _Waiting:
    """One event that waits to be durable, and what became of it."""

    payload: bytes
    number: int = 0
    failure: ServiceError | None = None


class Chain:
    """One chain's folder, held by a lock: no two processes append to it."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self.name = folder.name
        self._lock = lock

    def read(self, after: int = 0) -> Iterator[Record]:
        """The records behind a number, each checked against the one before it."""
        yield from read_chain(self.folder, after)

    def release(self) -> None:
        """Let another process have it."""
        os.close(self._lock)


def read_chain(folder: Path, after: int = 0) -> Iterator[Record]:
    """The records of a chain behind a number. ParseError where a segment is broken."""
    found = segments(folder)
    starts = [int(path.stem) for path in found]
    for number, path in enumerate(found):
        if number + 1 < len(found) and starts[number + 1] <= after + 1:
            continue
        for stored in read_segment(path):
            if stored.sequence > after:
                event = journal.decode(stored.payload)
                yield Record(folder.name, stored.sequence, event, stored.hash)


def free_chains(folder: Path) -> Iterator[Chain]:
    """The chains that no living process holds, each now held by this one."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.iterdir()):
        chain = _hold(path) if path.is_dir() else None
        if chain is not None:
            yield chain


def new_chain(folder: Path) -> Chain:
    """A chain that was not there before."""
    path = folder / uuid.uuid4().hex
    path.mkdir(parents=True)
    chain = _hold(path)
    if chain is None:
        raise ServiceError("fault", "a new chain is held by another process", source=str(path))
    sync_folder(folder)
    return chain


def _hold(path: Path) -> Chain | None:
    lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    drop_unbegun(path)
    return Chain(path, lock)


class FileJournal:
    """The chain that this process appends to; who commits does so for all who wait by then (group commit)."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self.name = chain.name
        self._tail = Tail(chain.folder)
        self._waiting: list[_Waiting] = []
        self._queue = threading.Lock()
        self._committing = threading.Lock()
        self._closed = False
        self._progress = Progress(chain.folder, self._tail.sequence)

    @property
    def sequence(self) -> int:
        """The number of the last durable record."""
        return self._tail.sequence

    async def append(self, event: Event) -> int:
        """The number of the event in the chain, once it is durable; ServiceError where it cannot be."""
        return await asyncio.get_running_loop().run_in_executor(None, self.append_now, event)

    def append_now(self, event: Event) -> int:
        """The same at once, for a thread."""
        mine = _Waiting(journal.encode(event))
        with self._queue:
            self._waiting.append(mine)
        with self._committing:
            if not mine.number and mine.failure is None:
                self._commit()
        if mine.failure is not None:
            raise mine.failure
        return mine.number

    def _commit(self) -> None:
        with self._queue:
            batch, self._waiting = self._waiting, []
        try:
            if self._closed:
                raise ServiceError("unavailable", "the journal is closed")
            numbers = self._tail.append([one.payload for one in batch])
        except OSError as error:
            text = f"the journal cannot be written: {error.strerror}"
            for one in batch:
                one.failure = ServiceError("out-of-resources", text)
        except ServiceError as error:
            for one in batch:
                one.failure = error
        else:
            self._progress.appended(self._tail.sequence)
            for one, number in zip(batch, numbers, strict=True):
                one.number = number

    def read(self, after: int = 0) -> Iterator[Record]:
        """The records behind a number, checked; ParseError where the chain is broken."""
        return self._chain.read(after)

    def projected(self, sequence: int) -> None:
        """Tell the other processes how far the index has followed."""
        if not self._closed:
            self._progress.projected(sequence)

    def close(self) -> None:
        """Let go of the chain; everything in it is durable already."""
        with self._committing:
            self._closed = True
            self._tail.close()
            self._progress.close()
            self._chain.release()


class Progress:
    """How far a chain was appended and projected, where all processes of the machine can see it."""

    def __init__(self, folder: Path, sequence: int) -> None:
        path = folder / "progress"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        os.ftruncate(handle, _PROGRESS.size)
        self._map = mmap.mmap(handle, _PROGRESS.size)
        os.close(handle)
        _PROGRESS.pack_into(self._map, 0, sequence, sequence)

    def appended(self, sequence: int) -> None:
        """The last durable record."""
        self._map[:8] = sequence.to_bytes(8, "little")

    def projected(self, sequence: int) -> None:
        """The last record that the index knows."""
        self._map[8:] = sequence.to_bytes(8, "little")

    def close(self) -> None:
        """Unmap it."""
        self._map.close()


def others_settled(folder: Path, own: str) -> bool:
    """Whether the index knows all that the other processes of this machine have made durable by now."""
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.name != own]
    except OSError:
        return True
    for name in names:
        try:
            appended, projected = _PROGRESS.unpack((folder / name / "progress").read_bytes())
        except (OSError, struct.error):
            continue
        if projected < appended:
            return False
    return True


def last_of(folder: Path) -> int:
    """The number of the last record that was made durable in a chain."""
    try:
        appended, _ = _PROGRESS.unpack((folder / "progress").read_bytes())
    except (OSError, struct.error):
        return max((record.sequence for record in read_chain(folder)), default=0)
    return int(appended)
