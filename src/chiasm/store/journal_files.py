"""The journal in files: one chain for each process that writes, side by side in one folder."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import mmap
import os
import struct
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from ..errors import ServiceError
from ..model import Event
from . import journal
from .direct_commits import DirectCommits
from .direct_writes import open_direct
from .durable import sync_file_system, sync_folder
from .group_commit import Ended, GroupCommit, Waiting
from .journal import Ahead, Content, Record, Told
from .landing import Landing
from .segments import Tail, drop_unbegun, read_segment, segments

_PROGRESS = struct.Struct("<QQ")
_QUICK = 0.001
_PATIENCE = 2.0
"""Seconds of a commit that the event loop waits for, and until files are placed."""

_TURNS = 2_000
"""Milliseconds for which the other processes are waited for."""


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
    """The chain that this process appends to; one commit serves all who wait by then (group commit).

    The kernel writes while the event loop goes on, where it can. Elsewhere a commit is done at once, at the
    end of the loop's turn, while the disk is quick: a thread would take longer to wake than the disk to
    answer. Where it is slow, a thread waits for it.
    """

    def __init__(self, chain: Chain, beside: Path | None = None) -> None:
        self._chain = chain
        self.name = chain.name
        self._folder = chain.folder.parent
        self._tail = Tail(chain.folder)
        self._beside = beside
        self._landing = Landing(chain.folder, self._settle)
        self._away: set[int] = set()
        self._homecoming, self._is_settling = threading.Condition(), False
        self._trouble = ""
        self._pace = 0.0
        self._closed = False
        self._group = GroupCommit(self._commit, lambda: self._pace <= _QUICK, self._start)
        writes = open_direct()
        self._direct = DirectCommits(self._landing, writes) if writes is not None else None
        self._progress = Progress(chain.folder, self._tail.sequence)

    @property
    def sequence(self) -> int:
        """The number of the last durable record."""
        return self._tail.sequence

    async def append(self, event: Event, content: Content = b"", told: Told = lambda number: None) -> int:
        """The number of the event in the chain, once it and the content it brought are durable.

        The content is kept in the log until `home` says that its file was written, unsynced, in `beside`.
        `told` is called even where who waits was cancelled meanwhile. ServiceError where it cannot be made
        durable.
        """
        return await self._group.append(journal.encode(event), content, told)

    def submit(self, event: Event, content: Content, told: Told, ahead: Ahead | None = None) -> None:
        """The same for one who does not wait: `told` is called with the number, or with the ServiceError."""
        self._group.submit(journal.encode(event), content, told, ahead)

    def _commit(self, batch: list[Waiting]) -> int:
        """Make a batch durable: the number of its first record. ServiceError."""
        if self._trouble:
            raise ServiceError("unavailable", self._trouble)
        begin = time.perf_counter()
        try:
            records, entries = self._prepared(batch)
            self._landing.write(self._tail.sequence + 1, self._tail.hash, entries)
        except OSError as error:
            raise _refused(error) from None
        first = self._recorded(batch, records)
        self._pace += (time.perf_counter() - begin - self._pace) / 8
        return first

    def _prepared(self, batch: list[Waiting]) -> tuple[list[bytes], list[tuple[bytes, Content]]]:
        """The records of a batch, and what goes into the log with each. OSError without room."""
        records = self._tail.prepare([one.payload for one in batch])
        return records, [(record, one.content) for record, one in zip(records, batch, strict=True)]

    def _recorded(self, batch: list[Waiting], records: list[bytes]) -> int:
        """Write what is durable in the log into the journal: the number of the first record. ServiceError."""
        first = self._tail.sequence + 1
        self._away.update([number for number, one in enumerate(batch, first) if one.content])
        try:
            self._tail.write(records)
        except OSError as error:  # durable in the log, lacking in the journal: the next start repairs that
            self._trouble = f"the journal cannot be written, start the node anew: {error.strerror}"
            raise ServiceError("unavailable", self._trouble) from None
        self._progress.appended(self._tail.sequence)
        return first

    def _start(self, batch: list[Waiting], ended: Ended) -> bool:
        """Begin to make a batch durable, and tell how that ended; False where it must be waited for."""
        if self._direct is None or self._trouble:
            return False
        try:
            records, entries = self._prepared(batch)
        except OSError as error:
            # Not to be tried otherwise: what goes ahead may be under way to the same place.
            ended(_refused(error))
            return True
        first, previous, ahead = self._tail.sequence + 1, self._tail.hash, batch[0].ahead

        def durable(error: OSError | None) -> None:
            try:
                ended(_refused(error) if error is not None else self._recorded(batch, records))
            except ServiceError as trouble:
                ended(trouble)

        self._direct.begin(lambda lent: self._landing.lay(first, previous, entries, lent), ahead, durable)
        return True

    def lend(self) -> Ahead | None:
        """What lets an object that is coming be written to the log meanwhile, where nobody else writes."""
        return self._direct.lend() if self._direct is not None and not self._trouble else None

    def home(self, number: int) -> None:
        """The content that an event brought is written in its place."""
        self._away.discard(number)
        if self._is_settling:
            with self._homecoming:
                self._homecoming.notify()

    def _settle(self, upto: int) -> None:
        """Make durable the journal, and the files that its records up to a number brought. OSError."""
        with self._homecoming:
            self._is_settling = True  # who comes home from now on says so
            home = self._homecoming.wait_for(lambda: self._are_home(upto), _PATIENCE)
            self._is_settling = False
        if not home:
            raise OSError(errno.ENOSPC, "objects have not reached their place")
        sync_file_system(self._chain.folder)
        beside = self._beside
        if beside is not None and beside.stat().st_dev != self._chain.folder.stat().st_dev:
            sync_file_system(beside)

    def _are_home(self, upto: int) -> bool:
        """Whether all that records up to a number brought is in its place; asked from another thread."""
        return min(self._away.copy(), default=upto + 1) > upto

    def read(self, after: int = 0) -> Iterator[Record]:
        """The records behind a number, checked; ParseError where the chain is broken."""
        return self._chain.read(after)

    def projected(self, sequence: int) -> None:
        """Tell the other processes how far the index has followed."""
        if not self._closed:
            self._progress.projected(sequence)

    def place(self, count: int) -> tuple[str, int]:
        """The chain that an event lies in, and its number there: a process has one chain."""
        return self.name, count

    def version(self) -> int:
        """How much this process and all others of the machine have appended."""
        return self.sequence + sum([appended for appended, _ in _others(self._folder, self.name)])

    def others(self) -> int | None:
        """How much the others have appended; None while the index lacks some of it."""
        count = 0
        for appended, projected in _others(self._folder, self.name):
            if projected < appended:
                return None
            count += appended
        return count

    def seem_settled(self) -> bool:
        """Whether the index knows what the others have acknowledged, as far as that is seen at once."""
        return others_settled(self._folder, self.name)

    async def others_settled(self) -> None:
        """Return once the index knows what the other processes of the machine have acknowledged.

        One that fell, or does not move, is not waited for long.
        """
        for _ in range(_TURNS):
            if others_settled(self._folder, self.name):
                return
            await asyncio.sleep(0.001)

    def chains(self) -> list[str]:
        """The names of all chains, one for each process that wrote."""
        return sorted(path.name for path in self._folder.iterdir() if path.is_dir())

    def records(self, chain: str, after: int = 0) -> Iterator[Record]:
        """The records of any chain behind a number, checked; ParseError where it is broken."""
        return read_chain(self._folder / chain, after)

    def positions(self) -> dict[str, int]:
        """The number of the last record of each chain."""
        return {name: last_of(self._folder / name) for name in self.chains()}

    def close(self) -> None:
        """Let go of the chain; everything in it is durable already."""
        self._group.close()
        if self._direct is not None:
            self._direct.close()
        with contextlib.suppress(OSError):  # what is not settled is found again at the next start
            self._landing.close()
        self._closed = True
        self._tail.close()
        self._progress.close()
        self._chain.release()


def _refused(error: OSError) -> ServiceError:
    return ServiceError("out-of-resources", f"the journal cannot be written: {error.strerror}")


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


_seen: dict[Path, tuple[int, tuple[str, ...]]] = {}
_SURE = 100_000_000
"""What folders were last seen to hold and when they had changed; nanoseconds after which a change shows."""


def _chains_in(folder: Path) -> tuple[str, ...]:
    """The names in the journal's folder, which is only read where it has changed."""
    try:
        changed = os.stat(folder).st_mtime_ns  # noqa: PTH116  # asked before every answer
        known = _seen.get(folder)
        if known is not None and known[0] == changed:
            return known[1]
        names = tuple([entry.name for entry in os.scandir(folder)])
    except OSError:
        return ()
    if time.time_ns() - changed > _SURE:  # else a further change might bear the same time
        _seen[folder] = changed, names
    return names


def others_settled(folder: Path, own: str) -> bool:
    """Whether the index knows all that the other processes of this machine have made durable by now."""
    return all(projected >= appended for appended, projected in _others(folder, own))


def _others(folder: Path, own: str) -> Iterator[tuple[int, int]]:
    """How far each chain of another process was appended and projected."""
    for name in _chains_in(folder):
        if name == own:
            continue
        try:
            appended, projected = _PROGRESS.unpack((folder / name / "progress").read_bytes())
        except (OSError, struct.error):
            continue
        yield appended, projected


def last_of(folder: Path) -> int:
    """The number of the last record that was made durable in a chain."""
    try:
        appended, _ = _PROGRESS.unpack((folder / "progress").read_bytes())
    except (OSError, struct.error):
        return max((record.sequence for record in read_chain(folder)), default=0)
    return int(appended)
