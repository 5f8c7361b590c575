"""Objects as plain files.

A small object is held until it is whole and then written at once, unsynced: what makes it durable is the log
that the journal lands it in. A large one is written as it comes, and synced with its folder.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ServiceError, UsageError
from .durable import sync_folder
from .local_writer import BUFFER, LocalWriter

if TYPE_CHECKING:
    from .journal import Ahead

_FOLDER = 256
_SPARE = 16
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class LocalObjects:
    """A folder of objects: `ab/cdef….dcm`, random names in 256 folders.

    `lend` gives what lets an object be written to a log while it comes, where there is one that can.
    """

    def __init__(self, root: Path) -> None:
        self.root, self._place = root, str(root)
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"it cannot hold objects: {error.strerror}", source=str(root)) from None
        self.spare: deque[memoryview] = deque(maxlen=_SPARE)
        self._shard, self._named = "", _FOLDER
        self.lend: Callable[[], Ahead | None] = lambda: None
        self.threads = ThreadPoolExecutor(4, thread_name_prefix="objects")

    def create(self) -> LocalWriter:
        """A new object."""
        name = os.urandom(16).hex()
        if self._named >= _FOLDER:
            self._shard, self._named = name[:2], 0
        self._named += 1
        return LocalWriter(self, f"{self._shard}/{name}.dcm")

    def open(self, key: str) -> int:
        """A new file of that name. OSError."""
        path = f"{self._place}/{key}"
        try:
            return os.open(path, _FLAGS, 0o640)
        except FileNotFoundError:
            self.path(key).parent.mkdir(exist_ok=True)
            sync_folder(self.root)
            return os.open(path, _FLAGS, 0o640)

    def path(self, key: str) -> Path:
        """The object's file."""
        return self.root / key

    def arrived(self, key: str) -> float | None:
        """The time of the object's file."""
        try:
            return os.stat(f"{self._place}/{key}").st_mtime  # noqa: PTH116  of many
        except OSError:
            return None

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
        """All keys with their sizes; empty files are none."""
        for shard in sorted(self.root.iterdir()):
            for found in await asyncio.to_thread(_sizes, shard):
                yield found

    def close(self) -> None:
        """Let the threads go."""
        self.threads.shutdown()


def _sizes(shard: Path) -> list[tuple[str, int]]:
    if not shard.is_dir():
        return []
    with os.scandir(shard) as entries:
        found = [(f"{shard.name}/{entry.name}", entry.stat().st_size) for entry in entries]
    return sorted((key, size) for key, size in found if size and key.endswith(".dcm"))
