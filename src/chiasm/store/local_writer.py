"""One object on its way into a file of this machine: held up to a megabyte, else written as it comes."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from .durable import begin_writing, sync_folder
from .pages import pages

BUFFER = 1 << 20
"""Bytes of an object that are held: what is larger is written as it comes."""


class Folder(Protocol):
    """The store that an object goes into."""

    root: Path
    spare: deque[memoryview]
    threads: ThreadPoolExecutor

    def open(self, key: str) -> int:
        """A new file of that name. OSError."""

    def path(self, key: str) -> Path:
        """The object's file."""


class LocalWriter:
    """One object on its way into its file."""

    __slots__ = ("_buffer", "_file", "_store", "key", "size")

    def __init__(self, store: Folder, key: str) -> None:
        self._store, self.key, self._file = store, key, -1
        self.size = 0
        self._buffer = store.spare.pop() if store.spare else pages(BUFFER)

    def write(self, data: bytes | memoryview) -> None:
        """Take bytes; OSError where there is no room."""
        end = self.size + len(data)
        if end <= BUFFER:
            self._buffer[self.size : end] = data
        else:
            if self._file < 0:
                self._file = self._store.open(self.key)
                _write(self._file, self._buffer[: self.size])
            if self.size < BUFFER:
                self._buffer[self.size :] = data[: BUFFER - self.size]
            _write(self._file, data)
        self.size = end

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
