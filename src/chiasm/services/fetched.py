"""Large objects of a bucket, fetched whole so that they can be read at any place, as their frames are.

Each lies in a file without a name that is mapped into memory. Those that were asked for last are kept, so
that a viewer that goes from frame to frame does not fetch an object again.
"""

from __future__ import annotations

import asyncio
import mmap
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import IO

from ..errors import ServiceError
from ..model import Location
from ..store.objects import Objects

KEPT = 2 << 30
"""Bytes on this machine's disk that are kept; one larger object is kept alone."""


class Fetched:
    """The objects that were fetched, by their keys. For one event loop."""

    def __init__(self, objects: Objects, folder: Path, most: int = KEPT) -> None:
        self._objects, self._folder, self._most = objects, folder, most
        self._kept: OrderedDict[str, tuple[int, asyncio.Task[mmap.mmap]]] = OrderedDict()

    async def mapped(self, location: Location) -> mmap.mmap:
        """The bytes of an object's file; whoever asks while it is on its way waits for the same.

        ServiceError where it is not there or cannot be fetched, `out-of-resources` where it finds no room.
        """
        key = location.key
        if key not in self._kept:
            task = asyncio.ensure_future(self._fetch(location))
            self._kept[key] = location.size, task
            task.add_done_callback(lambda done: self._heed(key, done))
            self._make_room()
        self._kept.move_to_end(key)
        return await asyncio.shield(self._kept[key][1])

    async def _fetch(self, location: Location) -> mmap.mmap:
        loop = asyncio.get_running_loop()
        try:
            with tempfile.TemporaryFile(dir=self._folder) as file:
                async for piece in self._objects.stream(location.key):
                    await loop.run_in_executor(None, file.write, piece)
                return await loop.run_in_executor(None, _mapped, file, location)
        except OSError as error:
            text = f"an object of the bucket finds no room here: {error.strerror}"
            raise ServiceError("out-of-resources", text, source=location.key) from error

    def _heed(self, key: str, task: asyncio.Task[mmap.mmap]) -> None:
        """Forget what failed, so that it is tried again."""
        if task.cancelled() or task.exception() is not None:
            self._kept.pop(key, None)

    def _make_room(self) -> None:
        """Let go of those not asked for longest; who reads one still has it."""
        size = sum(size for size, _ in self._kept.values())
        for key, (one, task) in list(self._kept.items())[:-1]:
            if size <= self._most:
                return
            if task.done():
                del self._kept[key]
                size -= one

    async def close(self) -> None:
        """Fetch nothing more, and keep nothing."""
        tasks = [task for _, task in self._kept.values()]
        self._kept.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _mapped(file: IO[bytes], location: Location) -> mmap.mmap:
    file.flush()
    if file.tell() != location.size:
        text = f"the bucket gave {file.tell()} bytes of {location.size}"
        raise ServiceError("unavailable", text, source=location.key)
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
