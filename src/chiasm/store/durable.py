"""What makes durable what was written to files."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_LIBRARY = ctypes.CDLL(None, use_errno=True)
_BEGIN = 2
"""SYNC_FILE_RANGE_WRITE."""

_begin = getattr(_LIBRARY, "sync_file_range", None)
if _begin is not None:
    _begin.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)


def write_all(file: int, data: bytes, position: int) -> None:
    """Write all of the data at a position, in as many parts as the system takes. OSError."""
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, position)
        view, position = view[written:], position + written


def begin_writing(file: int) -> None:
    """Let the system begin to write what a file holds, so that who syncs later has little to wait for.

    It promises nothing; a failure is told by the sync. Nothing is done where the system has no such call.
    """
    if _begin is not None:
        _begin(file, 0, 0, _BEGIN)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file_system(folder: Path) -> None:
    """Make all durable that was written to the file system of a folder. OSError where something was lost."""
    if not hasattr(
        _LIBRARY, "syncfs"
    ):  # a system without it: its sync waits as well, but tells of no failure
        os.sync()
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if _LIBRARY.syncfs(handle):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(handle)
