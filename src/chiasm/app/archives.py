"""Zip archives: their members by number, within a budget; nothing is ever written by a member's name."""

from __future__ import annotations

import functools
import mmap
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ..errors import ChiasmError, LimitError, ParseError
from ..limits import DEFAULT, Limits

_SPOOLED = 4 << 20
_PIECE = 1 << 20
_ENCRYPTED = 1


def members(path: Path, limits: Limits = DEFAULT) -> Iterator[tuple[int, str]]:
    """Number and name of each member that is a file, without unpacking anything.

    Raises ParseError for a broken archive, LimitError where it has too many members, or says that it
    unpacks to more bytes than the budget; no member ever gives more than it says.
    """
    with _told(path):
        listed = _archive(str(path), os.getpid()).infolist()
    if len(listed) > limits.archive_members:
        raise LimitError(
            f"it has {len(listed)} members, {limits.archive_members} are allowed",
            source=str(path),
            rule="limits.archive_members",
        )
    if sum(info.file_size for info in listed) > limits.archive_bytes:
        raise LimitError(
            f"it unpacks to more than {limits.archive_bytes} bytes",
            source=str(path),
            rule="limits.archive_bytes",
        )
    for number, info in enumerate(listed):
        if not info.is_dir():
            yield number, info.filename


def member_bytes(path: Path, number: int, count: int = -1) -> bytes:
    """The first `count` bytes of a member, or all. Raises ParseError where it cannot be unpacked."""
    with _told(path), _member(path, number) as file:
        return file.read(count)


def unpacked(path: Path, number: int) -> bytes | mmap.mmap:
    """A member's bytes; a large one is unpacked to a nameless file and mapped, so that memory stays small.

    Raises ParseError where it cannot be unpacked.
    """
    with _told(path):
        if _archive(str(path), os.getpid()).infolist()[number].file_size <= _SPOOLED:
            with _member(path, number) as file:
                return file.read()
        with _member(path, number) as file, tempfile.TemporaryFile() as spool:
            shutil.copyfileobj(file, spool, 1 << 20)
            spool.flush()
            return mmap.mmap(spool.fileno(), 0, access=mmap.ACCESS_READ)


def member_size(path: Path, number: int) -> int:
    """How many bytes a member says that it has; it never gives more. ParseError for a broken archive."""
    with _told(path):
        return _archive(str(path), os.getpid()).infolist()[number].file_size


def member_pieces(path: Path, number: int, start: int = 0) -> Iterator[bytes]:
    """The bytes of a member from one on, in pieces of 1 MB. ParseError where it cannot be unpacked."""
    with _told(path), _member(path, number) as file:
        file.seek(start)
        while piece := file.read(_PIECE):
            yield piece


@functools.lru_cache(maxsize=4)
def _archive(path: str, process: int) -> zipfile.ZipFile:
    """The open archive; one for each process, since forked processes share a file's position."""
    del process
    return zipfile.ZipFile(path)


def _member(path: Path, number: int) -> IO[bytes]:
    archive = _archive(str(path), os.getpid())
    info = archive.infolist()[number]
    if info.flag_bits & _ENCRYPTED:
        raise ParseError("it is encrypted", source=f"{path}!{info.filename}")
    return archive.open(info)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What zipfile and its decompressors raise, which is anything, as ParseError."""
    try:
        yield
    except (ChiasmError, MemoryError):
        raise
    except Exception as error:
        raise ParseError(f"the archive is broken: {error}", source=str(path)) from error
