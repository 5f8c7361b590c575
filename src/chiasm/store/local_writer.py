"""One object on its way into a file of this machine: held up to a megabyte, else written as it comes."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .durable import begin_writing, sync_folder
from .pages import pages

if TYPE_CHECKING:
    from .journal import Ahead

BUFFER = 1 << 20
AHEAD = 256 << 10
"""Bytes of an object that are held: what is larger is written as it comes. Bytes that go into a log ahead of
the rest."""


class Folder(Protocol):
    """The store that an object goes into."""

    root: Path
    lend: Callable[[], Ahead | None]
    spare: deque[memoryview]
    threads: ThreadPoolExecutor

    def open(self, key: str) -> int:
        """A new file of that name. OSError."""

    def path(self, key: str) -> Path:
        """The object's file."""


class LocalWriter:
    """One object on its way into its file."""

    __slots__ = ("_buffer", "_file", "_next", "_store", "ahead", "key", "size")

    def __init__(self, store: Folder, key: str) -> None:
        self._store, self.key, self._file = store, key, -1
        self.size = 0
        self.ahead: Ahead | None = None
        self._next = AHEAD
        self._buffer = store.spare.pop() if store.spare else pages(BUFFER)

    def write(self, data: bytes | memoryview) -> None:
        """Take bytes; OSError where there is no room."""
        end = self.size + len(data)
        if end <= BUFFER:
            self._buffer[self.size : end] = data
            if end >= self._next:
                self._go_ahead(end)
        else:
            self._stay()
            if self._file < 0:
                self._file = self._store.open(self.key)
                _write(self._file, self._buffer[: self.size])
            if self.size < BUFFER:
                self._buffer[self.size :] = data[: BUFFER - self.size]
            _write(self._file, data)
        self.size = end

    def _go_ahead(self, end: int) -> None:
        """Let the log have what has come so far, if it will."""
        if self.ahead is None:
            self.ahead = self._store.lend()
        if self.ahead is not None and self.ahead.write(self._buffer[:end]):
            self._next = end + AHEAD
        else:
            self._stay()

    def _stay(self) -> None:
        """Let it have nothing before all is there."""
        if self.ahead is not None:
            self.ahead.release()
            self.ahead = None
        self._next = BUFFER + 1

    def head(self, most: int) -> bytes:
        """The first bytes of the object, a buffer's length at most."""
        end = min(self.size, most, BUFFER)
        return bytes(self._buffer[:end])

    @property
    def content(self) -> memoryview | None:
        """The whole object, where it is held; None for a large one."""
        return self._buffer[: self.size] if self._file < 0 else None

    def place(self) -> None:
        """Write the file of an object that is held, not durable by that. OSError; no file is left then."""
        file = self._store.open(self.key)
        try:
            _write(file, self._buffer[: self.size])
            if self.ahead is not None:  # it came alone: the sender's next one leaves time for it
                begin_writing(file)
        except OSError:
            self._store.path(self.key).unlink()
            raise
        finally:
            os.close(file)

    async def commit(self) -> None:
        """Return once the object is durable; OSError where it cannot be."""
        await asyncio.get_running_loop().run_in_executor(self._store.threads, self.commit_now)

    def commit_now(self) -> None:
        """The same at once, for a thread."""
        self._stay()
        if self._file < 0:
            self._file = self._store.open(self.key)
            _write(self._file, self._buffer[: self.size])
        os.fdatasync(self._file)
        sync_folder(self._store.root / self.key[:2])
        self.close()

    def close(self) -> None:
        """Give back what was held, once nobody reads it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._store.spare.append(self._buffer)

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._stay()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        with contextlib.suppress(OSError):
            self._store.path(self.key).unlink(missing_ok=True)


def _write(file: int, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        written = os.write(file, view)
        view = view[written:]
