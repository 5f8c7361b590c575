"""Stored objects on their way out, some hundred kilobytes at a time.

What the system has in its memory is read at once: a thread, and the lock that it shares with the loop, would
cost more than the bytes. The rest is read beside the loop, one megabyte ahead of what is sent.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass

from ..model.holdings import Location
from ..services.archive import Archive
from ..store.open_files import OpenFiles, shorter

_AT_HAND, _FROM_DISK = 1 << 18, 1 << 20
"""Bytes that are sent at a time: what a processor's cache holds, and what is worth a thread's turn."""


@dataclass(frozen=True, slots=True)
class FileSpan:
    """A stretch of a local file."""

    path: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class StoredSpan:
    """A stretch of an object that is not local."""

    location: Location
    start: int
    length: int


Span = bytes | FileSpan | StoredSpan


def span_of(archive: Archive, location: Location, start: int = 0, length: int | None = None) -> Span:
    """A stretch of a stored instance, its whole file by default."""
    length = location.size - start if length is None else length
    if archive.root is None:
        return StoredSpan(location, start, length)
    return FileSpan(f"{archive.root}/{location.key}", start, length)


def length_of(spans: Sequence[Span]) -> int:
    """The bytes of all stretches."""
    return sum(len(one) if isinstance(one, bytes) else one.length for one in spans)


async def sent(archive: Archive, spans: Sequence[Span]) -> AsyncIterator[bytes]:
    """The bytes of all stretches, gathered to some size. OSError where one is shorter than said."""
    loop = asyncio.get_running_loop()
    ahead: asyncio.Future[bytearray] | None = None

    def most() -> int:
        return _AT_HAND if ahead is None else _FROM_DISK

    try:
        for batch in _batches(spans, most):
            if isinstance(batch, StoredSpan):
                if ahead is not None:
                    yield await ahead  # type: ignore[misc]  # as below
                    ahead = None
                async for chunk in archive.stream_object(batch.location, batch.start, batch.length):
                    yield chunk
                continue
            ready = _resident(archive.files, batch) if ahead is None else None
            if ready is not None:
                yield ready  # type: ignore[misc]  # a bytearray is sent like bytes
                continue
            following = loop.run_in_executor(None, _gathered, batch)
            if ahead is not None:
                previous, ahead = ahead, following
                yield await previous  # type: ignore[misc]  # as above
            else:
                ahead = following
        if ahead is not None:
            last, ahead = ahead, None
            yield await last  # type: ignore[misc]  # as above
    finally:
        if ahead is not None:
            await asyncio.wait([ahead])
            ahead.exception()


def _batches(spans: Sequence[Span], most: Callable[[], int]) -> Iterator[list[bytes | FileSpan] | StoredSpan]:
    """The stretches in batches; `most` is asked for the bytes of each."""
    batch: list[bytes | FileSpan] = []
    size = 0
    limit = most()
    for span in spans:
        if isinstance(span, StoredSpan):
            if batch:
                yield batch
            yield span
            batch, size = [], 0
            continue
        if isinstance(span, bytes):
            batch.append(span)
            size += len(span)
            continue
        at, left = span.start, span.length
        while left:
            some = min(left, limit - size)
            if some > 0:
                batch.append(span if some == span.length else FileSpan(span.path, at, some))
                at, left, size = at + some, left - some, size + some
            if left:
                yield batch
                batch, size, limit = [], 0, most()
    if batch:
        yield batch


def _resident(files: OpenFiles, batch: list[bytes | FileSpan]) -> bytearray | None:
    """The bytes where all of them are in memory; None where they are not, or nobody can tell."""
    buffer = bytearray(length_of(batch))
    return buffer if _filled(memoryview(buffer), batch, files.fill) else None


def _gathered(batch: list[bytes | FileSpan]) -> bytearray:
    """The bytes, read from the disk where they must be."""
    buffer = bytearray(length_of(batch))
    _filled(memoryview(buffer), batch, _read)
    return buffer


def _filled(
    view: memoryview, batch: list[bytes | FileSpan], fill: Callable[[str, int, memoryview], bool]
) -> bool:
    """Whether a batch could be laid into memory, what lies in files by `fill`."""
    at = 0
    for span in batch:
        if isinstance(span, bytes):
            end = at + len(span)
            view[at:end] = span
        else:
            end = at + span.length
            if not fill(span.path, span.start, view[at:end]):
                return False
        at = end
    return True


def _read(path: str, start: int, into: memoryview) -> bool:
    """Fill memory with a stretch of a file. OSError where the file is not there, or shorter than that."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        read = 0
        while read < len(into):
            got = os.preadv(handle, [into[read:]], start + read)
            if got == 0:
                raise shorter(path)
            read += got
    finally:
        os.close(handle)
    return True
