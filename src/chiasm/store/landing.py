"""Where what is received lands first: a log written ahead, so that one sync makes many objects durable.

Each entry is a record of the journal and, where it brought one, the object's whole file. Journal and file are
written beside it without being synced. Two strips of the log are used by turns: while the one fills, the file
system makes durable what the other was about, and the other is free again. After a crash the entries that are
whole say what journal and files must hold.

A strip begins like a segment of the journal, with a mark of its own; an entry is the size of its object
(little endian, 4 bytes), its record and its object. Each batch begins at a multiple of 4096 bytes and is
filled up with zeros to the next: it goes to the disk in one write that passes by the cache. An object of 128
KiB or more begins at such a multiple too, and so does what follows it: the disk takes it from where it was
received. (Strips marked CHIASML1 are of a time when it did not.) A log ends at the first entry that does not
follow from the one before it; only the last batch, which nobody was told of, can be torn, and the first block
of a strip that is settled.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .durable import sync_folder, write_all
from .journal import Content, chained
from .pages import are_pages, pages
from .segments import HEAD, RECORD

MAGIC, FORMER = b"CHIASML2", b"CHIASML1"
STRIP, LARGEST = 64 << 20, 256 << 20
FIRST = 4 << 20
STEP = 1 << 20
"""Sizes in bytes: of a strip, and of one when much comes; of the first at first; what is prewritten."""

_OFTEN, _PAUSE, _SLOWLY = 5.0, 0.003, 8
"""Seconds: strips that are full sooner are too small, since each turn makes the disk write much at once; what
is left to others between two steps of prewriting, until someone waits for them; how much more of it where a
strip becomes larger than it must be."""

_CONTENT = struct.Struct("<I")
BLOCK = 4096
_LARGE = 128 << 10
_LENT = (1 << 20) + (64 << 10)
_STAGE = 2 << 20
_NAMES = ("landing-0", "landing-1")


@dataclass(frozen=True, slots=True)
class Landed:
    """One entry as found: the record's number, payload and hash, and the object's file."""

    sequence: int
    payload: bytes
    hash: bytes
    content: bytes


@dataclass(slots=True)
class Lent:
    """A place behind the end of a file for an object that is coming, `size` bytes, so many written by now."""

    file: int
    position: int
    size: int
    written: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Whole blocks for positions of a file, from one on, `size` bytes in all; the last record's number.

    `is_ahead`: whether what was written of its first object is left out.
    """

    file: int
    writes: Sequence[tuple[int, Sequence[memoryview]]]
    position: int
    size: int
    last: int
    is_ahead: bool = False


class _Strip:
    """One of the two files. `written` is how far it was prewritten, `end` where the next batch goes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = _opened(path)
        self.written = os.fstat(self.file).st_size & -BLOCK
        self.end = 0
        self.last = 0
        self.awaited = threading.Event()
        self.closing = False

    def grow(self, to: int, pause: float = 0.0) -> None:
        """Prewrite it up to there, so that writing into it changes no length. OSError."""
        if self.written >= to:
            return
        zeros = pages(STEP)
        while self.written < to:
            size = min(STEP, _padded(to - self.written))
            _write(self.file, [zeros[:size]], self.written)
            self.written += size
            if pause:
                self.awaited.wait(pause if self.written < STRIP else _SLOWLY * pause)
                if self.closing or (self.awaited.is_set() and self.written >= STRIP):
                    return  # what is there will do for now

    def blank(self) -> None:
        """Say that nothing in it is needed any more."""
        _write(self.file, [pages(BLOCK)], 0)
        self.end = 0


class Landing:
    """The log of one chain. `settle` makes durable what the records up to a number are about: files, journal.

    Not for several threads at once.
    """

    def __init__(self, folder: Path, settle: Callable[[int], None]) -> None:
        self._folder, self._settle = folder, settle
        self._strips: list[_Strip] = []
        self._current = 0
        self._size, self._turned = STRIP, 0.0
        self._stage = pages(_STAGE)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="landing")
        self._ready: Future[None] | None = None

    def write(self, first: int, previous: bytes, entries: Sequence[tuple[bytes, Content]]) -> None:
        """Write records, the first of them with its number and the hash before it, and make them durable.

        OSError where they cannot be.
        """
        batch = self.lay(first, previous, entries)
        for position, parts in batch.writes:
            _write(batch.file, parts, position)
        self.wrote(batch)

    def lend(self) -> Lent | None:
        """A place for the content of an object that is to be the next entry; None where there is no room.

        What is not yet at the end of the log is not part of it: the next batch goes there all the same.
        """
        strip = self._strips[self._current] if self._strips else None
        if strip is None or not strip.end or strip.end + _LENT > strip.written:
            return None
        return Lent(strip.file, strip.end + BLOCK, _LENT - 2 * BLOCK)

    def lay(
        self,
        first: int,
        previous: bytes,
        entries: Sequence[tuple[bytes, Content]],
        lent: Lent | None = None,
    ) -> Batch:
        """What `write` writes, for who writes it otherwise and then calls `wrote`. OSError without room.

        `lent` is the place of the first object, where it had one.
        """
        size = 0
        for record, content in entries:
            size += _CONTENT.size + len(record) + len(content)
            if len(content) >= _LARGE:
                size += 2 * BLOCK  # at most, before and behind it
        strip = self._with_room(size)
        parts = self._laid_out(entries, size, b"" if strip.end else HEAD.pack(MAGIC, first, previous))
        total, last = sum([len(part) for part in parts]), first + len(entries) - 1
        begin, behind = parts[:1], strip.end + len(parts[0])
        if lent is None or len(parts) == 1 or (lent.file, lent.position) != (strip.file, behind):
            return Batch(strip.file, [(strip.end, parts)], strip.end, total, last)
        rest = [one for one in (parts[1][lent.written :], *parts[2:]) if one]
        writes = [(strip.end, begin), (behind + lent.written, rest)]
        return Batch(strip.file, writes if rest else writes[:1], strip.end, total, last, is_ahead=True)

    def wrote(self, batch: Batch) -> None:
        """A batch that was laid is durable."""
        strip = self._strips[self._current]
        strip.end = batch.position + batch.size
        strip.last = batch.last
        if self._ready is None and strip.end > FIRST // 4:
            self._ready = self._worker.submit(self._strips[1 - self._current].grow, STRIP, _PAUSE)

    def _laid_out(self, entries: Sequence[tuple[bytes, Content]], size: int, head: bytes) -> list[memoryview]:
        """The bytes of a batch, where the disk can take them from: whole blocks each."""
        if len(self._stage) < _padded(len(head) + size):
            self._stage = pages(_padded(len(head) + size))
        stage, begin, at = self._stage, 0, len(head)
        stage[:at] = head
        parts: list[memoryview] = []
        for record, content in entries:
            start = at + _CONTENT.size
            middle = start + len(record)
            _CONTENT.pack_into(stage, at, len(content))
            stage[start:middle] = record
            rest: Content = content
            if len(content) >= _LARGE:
                middle = _filled(stage, middle)
                if isinstance(content, memoryview) and are_pages(content):
                    whole = len(content) & -BLOCK
                    parts += [stage[begin:middle], content[:whole]]  # neither is empty
                    begin, rest = middle, content[whole:]
            at = middle + len(rest)
            stage[middle:at] = rest
            if len(content) >= _LARGE:
                at = _filled(stage, at)
        end = _filled(stage, at)
        if end > begin:
            parts.append(stage[begin:end])
        return parts

    def _with_room(self, size: int) -> _Strip:
        """The strip that so much fits into."""
        if not self._strips:
            self._strips = [_Strip(self._folder / name) for name in _NAMES]
            sync_folder(self._folder)
            self._strips[0].grow(FIRST)
        strip = self._strips[self._current]
        if strip.end and strip.end + _padded(size) > strip.written:
            strip = self._turn()
        strip.grow(strip.end + _padded(size if strip.end else HEAD.size + size))
        return strip

    def _turn(self) -> _Strip:
        """Go on in the other strip, once it is free; what this one is about is settled meanwhile."""
        full, other = self._strips[self._current], self._strips[1 - self._current]
        now = time.monotonic()
        if now - self._turned < _OFTEN:
            self._size = max(self._size, min(2 * self._size, LARGEST))
        self._turned = now
        if self._ready is not None:
            other.awaited.set()
            with contextlib.suppress(OSError):
                self._ready.result()
            other.awaited.clear()
        if other.end:  # it was tried in vain
            self._free(other)
        self._ready = self._worker.submit(self._free, full)
        self._current = 1 - self._current
        return other

    def _free(self, strip: _Strip) -> None:
        """Settle what a strip is about, and make it ready to be filled again."""
        self._settle(strip.last)
        strip.blank()
        strip.grow(self._size, _PAUSE)

    def close(self) -> None:
        """Settle what is in it, and close it. OSError where it cannot be settled: it is kept then."""
        for strip in self._strips:
            strip.closing = True
            strip.awaited.set()
        self._worker.shutdown()
        try:
            if any(strip.end for strip in self._strips):
                self._settle(max(strip.last for strip in self._strips))
                for strip in self._strips:
                    strip.blank()
        finally:
            for strip in self._strips:
                os.close(strip.file)
            self._strips = []


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _filled(stage: memoryview, at: int) -> int:
    """Fill a block up with zeros; where the next one begins."""
    end = _padded(at)
    stage[at:end] = bytes(end - at)
    return end


def _opened(path: Path) -> int:
    """The file, opened so that a write is durable when it returns, past the cache where the system can."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_DSYNC
    try:
        return os.open(path, flags | getattr(os, "O_DIRECT", 0), 0o640)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return os.open(path, flags, 0o640)


def _write(file: int, parts: Sequence[memoryview], position: int) -> None:
    """Write whole blocks. OSError, also where the system stops within one."""
    left = list(parts)
    end = position + sum([len(part) for part in left])
    while left:
        written = os.pwritev(file, left, position)
        if written % BLOCK:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        position += written
        if position == end:
            break
        while left and written >= len(left[0]):
            written -= len(left.pop(0))
        left[0] = left[0][written:]


def landed(folder: Path) -> Iterator[Landed]:
    """The entries of a chain's log, oldest first. An object may be torn: its record says what it must be."""
    strips = []
    for name in _NAMES:
        path = folder / name
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            head = file.read(HEAD.size)
            if len(head) == HEAD.size and head.startswith((MAGIC, FORMER)):
                strips.append((HEAD.unpack(head)[1], path))
    for _, path in sorted(strips):
        with path.open("rb") as file:  # closed before anything is given: who takes it may stop at any entry
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        yield from _entries(data)


def _entries(data: mmap.mmap) -> Iterator[Landed]:
    magic, sequence, previous = HEAD.unpack_from(data)
    position = HEAD.size
    while position + _CONTENT.size + RECORD.size <= len(data):
        (size,) = _CONTENT.unpack_from(data, position)
        length, crc, digest = RECORD.unpack_from(data, position + _CONTENT.size)
        if not size and not length and position % BLOCK:  # the rest of a block
            position = _padded(position)
            continue
        start = position + _CONTENT.size + RECORD.size
        begin = start + length
        is_large = size >= _LARGE and magic == MAGIC
        if is_large:
            begin = _padded(begin)
        end = begin + size
        if not length or end > len(data):
            return
        payload = data[start : start + length]
        if zlib.crc32(payload) != crc or chained(previous, payload) != digest:
            return
        yield Landed(sequence, payload, digest, data[begin:end])
        sequence, previous = sequence + 1, digest
        position = _padded(end) if is_large else end


def forget(folder: Path) -> None:
    """Blank the log of a chain, once what it says is durable elsewhere. OSError."""
    for name in _NAMES:
        path = folder / name
        if path.exists():
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                write_all(file, bytes(min(HEAD.size, os.fstat(file).st_size)), 0)
                os.fdatasync(file)
            finally:
                os.close(file)
