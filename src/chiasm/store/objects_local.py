"""Objects as plain files, written into files that were made ahead of time.

To make a new file durable its folder must be synced as well, which costs several times the object's own
sync. So files are created in advance, 32 in a folder at a time, and their folder is synced once; an object
takes one of them, and one fdatasync makes it durable.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import uuid
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..errors import ServiceError, UsageError
from .segments import sync_folder

POOL = 64
BATCH = 32
BUFFER = 1 << 20
"""Files made ahead, of these so many in one folder; bytes of an object held before they are written."""


class LocalObjects:
    """A folder of objects: `ab/cdef….dcm`, random names in 256 folders."""

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"it cannot hold objects: {error.strerror}", source=str(root)) from None
        self._pool: deque[tuple[str, int]] = deque()
        self._filling = threading.Lock()
        self.threads = ThreadPoolExecutor(4, thread_name_prefix="objects")

    def create(self) -> LocalWriter:
        """A new object in a file made ahead. OSError where none can be made."""
        if len(self._pool) < POOL // 2:
            self.threads.submit(self._fill_quietly)
        while True:
            try:
                key, file = self._pool.popleft()
            except IndexError:
                self._fill()
                continue
            return LocalWriter(self, key, file)

    def _fill_quietly(self) -> None:
        with contextlib.suppress(OSError):  # who needs a file and finds none is told
            self._fill()

    def _fill(self) -> None:
        """Make files ahead. OSError where the disk refuses."""
        with self._filling:
            if len(self._pool) >= POOL // 2:
                return
            shard = uuid.uuid4().hex[:2]
            folder = self.root / shard
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                sync_folder(self.root)
            made = []
            for _ in range(BATCH):
                name = uuid.uuid4().hex
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                made.append((f"{shard}/{name}.dcm", os.open(folder / f"{name}.dcm", flags, 0o640)))
            sync_folder(folder)
            self._pool.extend(made)

    def path(self, key: str) -> Path:
        """The object's file."""
        return self.root / key

    async def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Bytes of an object; ServiceError `no-such-object` where it is not there."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, self._read, key, start, length)

    def _read(self, key: str, start: int, length: int | None) -> bytes:
        try:
            with self.path(key).open("rb", buffering=0) as file:
                wanted = os.fstat(file.fileno()).st_size - start if length is None else length
                return os.pread(file.fileno(), max(wanted, 0), start)
        except FileNotFoundError:
            raise ServiceError("no-such-object", "its file is not there", source=key) from None
        except OSError as error:
            raise ServiceError("unavailable", f"it cannot be read: {error.strerror}", source=key) from None

    async def stream(
        self, key: str, start: int = 0, length: int | None = None, chunk: int = BUFFER
    ) -> AsyncIterator[bytes]:
        """The same in pieces."""
        left = length
        while left is None or left > 0:
            piece = await self.read(key, start, chunk if left is None else min(chunk, left))
            if not piece:
                return
            yield piece
            start += len(piece)
            left = None if left is None else left - len(piece)

    async def delete(self, key: str) -> None:
        """Remove it; nothing happens where it is not there."""
        await asyncio.to_thread(self.path(key).unlink, missing_ok=True)

    async def listed(self) -> AsyncIterator[tuple[str, int]]:
        """All keys with their sizes; files made ahead, which are empty, are none."""
        for shard in sorted(self.root.iterdir()):
            for found in await asyncio.to_thread(_sizes, shard):
                yield found

    def unused(self) -> list[str]:
        """The keys of files made ahead and not taken."""
        return [key for key, _ in self._pool]

    def settle(self, referred: frozenset[str], known: list[str]) -> None:
        """Remove those of the `known` keys of a process that fell which no record refers to."""
        for key in known:
            if key not in referred:
                self.path(key).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove what was made ahead."""
        self.threads.shutdown()
        while self._pool:
            key, file = self._pool.popleft()
            os.close(file)
            self.path(key).unlink(missing_ok=True)


def _sizes(shard: Path) -> list[tuple[str, int]]:
    if not shard.is_dir():
        return []
    with os.scandir(shard) as entries:
        found = [(f"{shard.name}/{entry.name}", entry.stat().st_size) for entry in entries]
    return sorted((key, size) for key, size in found if size and key.endswith(".dcm"))


class LocalWriter:
    """One object on its way into its file."""

    __slots__ = ("_buffer", "_file", "_held", "_store", "key", "size")

    def __init__(self, store: LocalObjects, key: str, file: int) -> None:
        self._store, self.key, self._file = store, key, file
        self.size, self._held = 0, 0
        self._buffer: list[bytes] = []

    def write(self, data: bytes | memoryview) -> None:
        """Take bytes; OSError where there is no room."""
        self._buffer.append(bytes(data))
        self.size += len(data)
        self._held += len(data)
        if self._held >= BUFFER:
            self._flush()

    def _flush(self) -> None:
        pieces, self._buffer, self._held = self._buffer, [], 0
        whole = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        view = memoryview(whole)
        while view:
            view = view[os.write(self._file, view) :]

    async def commit(self) -> None:
        """Return once the object is durable; OSError where it cannot be."""
        await asyncio.get_running_loop().run_in_executor(self._store.threads, self.commit_now)

    def commit_now(self) -> None:
        """The same at once, for a thread."""
        if self._buffer:
            self._flush()
        os.fdatasync(self._file)
        os.close(self._file)
        self._file = -1

    def abandon(self) -> None:
        """Leave nothing behind."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._buffer = []
        with contextlib.suppress(OSError):
            self._store.path(self.key).unlink(missing_ok=True)
