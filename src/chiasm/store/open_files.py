"""Files of objects that are kept open a while, and read without waiting where the system has them in memory.

A viewer asks for parts of the same ones again and again. Objects never change, so what is open stays right.
For one thread alone.
"""

from __future__ import annotations

import errno
import os
from collections import OrderedDict

_MOST = 128
_NOW = getattr(os, "RWF_NOWAIT", 0)
"""Read what is in memory, else BlockingIOError: Linux alone has it."""


class OpenFiles:
    """Descriptors by path, those used last."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._open: OrderedDict[str, int] = OrderedDict()

    def descriptor(self, path: str) -> int:
        """The file, open for reading until others take its place. OSError where it is not there."""
        known = self._open.get(path)
        if known is not None:
            self._open.move_to_end(path)
            return known
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._open[path] = handle
        if len(self._open) > self._most:
            os.close(self._open.popitem(last=False)[1])
        return handle

    def fill(self, path: str, start: int, into: memoryview) -> bool:
        """Read a stretch of a file into memory if that takes no waiting; whether it did.

        OSError where the file is not there, or shorter than that.
        """
        if not _NOW:
            return False
        handle, read = self.descriptor(path), 0
        try:
            while read < len(into):
                got = os.preadv(handle, [into[read:]], start + read, _NOW)
                if got == 0:
                    raise shorter(path)
                read += got
        except OSError as error:
            if error.errno in {errno.EAGAIN, errno.EOPNOTSUPP}:
                return False
            raise
        return True

    def read(self, path: str, start: int, length: int) -> bytes | None:
        """A stretch of a file if that takes no waiting, else None. OSError as `fill`."""
        buffer = bytearray(length)
        return bytes(buffer) if self.fill(path, start, memoryview(buffer)) else None

    def close(self) -> None:
        """Close them all."""
        while self._open:
            os.close(self._open.popitem()[1])


def shorter(path: str) -> OSError:
    """What is raised of a file that has less than the index says."""
    return OSError(errno.EIO, "a stored object is shorter than the index says", path.rpartition("/")[2])
