"""Stored objects on their way out: read beside the loop a megabyte at a time, one ahead of what is sent."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..model.holdings import Location
from ..services.archive import Archive

_BATCH = 1 << 20


@dataclass(frozen=True, slots=True)
class FileSpan:
    """A stretch of a local file."""

    path: Path
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
    path = archive.path(location)
    return StoredSpan(location, start, length) if path is None else FileSpan(path, start, length)


def length_of(spans: Sequence[Span]) -> int:
    """The bytes of all stretches."""
    return sum(len(one) if isinstance(one, bytes) else one.length for one in spans)


async def sent(archive: Archive, spans: Sequence[Span]) -> AsyncIterator[bytes]:
    """The bytes of all stretches, gathered to about a megabyte. OSError where one is shorter than said."""
    loop = asyncio.get_running_loop()
    ahead: asyncio.Future[bytes | bytearray] | None = None
    try:
        for batch in _batches(spans):
            if isinstance(batch, StoredSpan):
                if ahead is not None:
                    yield await ahead  # type: ignore[misc]  # a bytearray is sent like bytes
                    ahead = None
                async for chunk in archive.stream_object(batch.location, batch.start, batch.length):
                    yield chunk
                continue
            following: asyncio.Future[bytes | bytearray] = loop.run_in_executor(None, _gathered, batch)
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


def _batches(spans: Sequence[Span]) -> Iterator[list[bytes | FileSpan] | StoredSpan]:
    batch: list[bytes | FileSpan] = []
    size = 0
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
            some = min(left, _BATCH - size)
            if some <= 0:
                yield batch
                batch, size = [], 0
                continue
            batch.append(FileSpan(span.path, at, some))
            at, left, size = at + some, left - some, size + some
    if batch:
        yield batch


def _gathered(batch: list[bytes | FileSpan]) -> bytearray:
    buffer = bytearray(length_of(batch))
    view = memoryview(buffer)
    at = 0
    for span in batch:
        if isinstance(span, bytes):
            view[at : at + len(span)] = span
            at += len(span)
            continue
        handle = os.open(span.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            read = 0
            while read < span.length:
                got = os.preadv(handle, [view[at + read : at + span.length]], span.start + read)
                if got == 0:
                    raise OSError(5, "a stored object is shorter than the index says", str(span.path.name))
                read += got
        finally:
            os.close(handle)
        at += span.length
    return buffer
