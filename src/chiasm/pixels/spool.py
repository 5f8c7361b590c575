"""Pixel data that is made frame by frame: held where it is small, else in a file that has no name."""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ..dicom.reading import Buffer
from ..errors import ServiceError

_HELD = 16 << 20
"""Bytes up to which pixel data is held in memory."""

_ITEM = struct.Struct("<HHL")
_LARGEST = (1 << 32) - 1
"""What an offset can say: PS3.5 §A.4."""


class Spool:
    """A place for about `size` bytes, for the time of a `with`; `folder` is where a file would lie.

    ServiceError `out-of-resources` where there is no room.
    """

    def __init__(self, size: int, folder: Path | None = None) -> None:
        self._folder = folder
        self._held: bytearray | None = bytearray() if size <= _HELD else None
        self._file: IO[bytes] | None = None
        self.size = 0

    def __enter__(self) -> Self:
        if self._held is None:
            with _room():
                self._file = tempfile.TemporaryFile(dir=self._folder)  # closed by __exit__
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, data: bytes) -> None:
        """Put bytes behind those before."""
        self.size += len(data)
        if self._held is not None:
            self._held += data
        else:
            assert self._file is not None
            with _room():
                self._file.write(data)

    def amend(self, data: bytes) -> None:
        """Put bytes in the place of the first ones."""
        if self._held is not None:
            self._held[: len(data)] = data
        else:
            assert self._file is not None
            with _room():
                self._file.flush()
                os.pwrite(self._file.fileno(), data, 0)

    def buffer(self) -> Buffer:
        """All of it; it stays while it is in use, and leaves nothing behind."""
        if self._held is not None or not self.size:
            return bytes(self._held or b"")
        assert self._file is not None
        with _room():
            self._file.flush()
            return mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)


@contextlib.contextmanager
def _room() -> Iterator[None]:
    """What the system refuses, as a failure of this side."""
    try:
        yield
    except OSError as error:
        text = f"pixels that are recoded find no room: {error.strerror}"
        raise ServiceError("out-of-resources", text) from error


def joined(parts: Iterable[bytes], spool: Spool) -> Buffer:
    """Native frames one after the other, of even length in all. PS3.5 §8.1.1."""
    for part in parts:
        spool.write(part)
    if spool.size % 2:
        spool.write(b"\0")
    return spool.buffer()


def fragmented(parts: Iterable[bytes], count: int, spool: Spool) -> Buffer:
    """Compressed frames as items of one fragment each, behind a basic offset table. PS3.5 §A.4.

    ServiceError `too-large` where the last one begins beyond what an offset can say.
    """
    table = b"\0" * (4 * count)
    spool.write(_ITEM.pack(0xFFFE, 0xE000, len(table)) + table)
    start, offsets = spool.size, []
    for part in parts:
        offsets.append(spool.size - start)
        spool.write(_ITEM.pack(0xFFFE, 0xE000, len(part)))
        spool.write(part)
    if offsets and offsets[-1] > _LARGEST:
        raise ServiceError("too-large", f"{spool.size} bytes of compressed pixels", rule="PS3.5 §A.4")
    spool.amend(_ITEM.pack(0xFFFE, 0xE000, len(table)) + struct.pack(f"<{len(offsets)}L", *offsets))
    return spool.buffer()
