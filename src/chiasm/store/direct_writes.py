"""Direct writes that the kernel carries out while the caller goes on: Linux's asynchronous I/O, io_submit(2).

A thread that waits for the disk would have to be given Python's lock twice for each write, which costs more
than the write. Where the system has no such calls, `open_direct` gives None, and writes are waited for.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from collections.abc import Sequence

_CALLS = {"x86_64": (206, 207, 208, 209), "aarch64": (0, 1, 4, 2)}
"""The numbers of io_setup, io_destroy, io_getevents and io_submit by machine."""

_WRITE_PARTS, _TELL = 8, 1
"""IOCB_CMD_PWRITEV and IOCB_FLAG_RESFD."""

_MOST = 32
"""Writes under way at once."""


class _Part(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Control(ctypes.Structure):
    """struct iocb, little endian."""

    _fields_ = (
        ("data", ctypes.c_uint64),
        ("key", ctypes.c_uint32),
        ("write_flags", ctypes.c_uint32),
        ("opcode", ctypes.c_uint16),
        ("priority", ctypes.c_int16),
        ("file", ctypes.c_uint32),
        ("buffer", ctypes.c_uint64),
        ("count", ctypes.c_uint64),
        ("offset", ctypes.c_int64),
        ("reserved", ctypes.c_uint64),
        ("flags", ctypes.c_uint32),
        ("event", ctypes.c_uint32),
    )


class _Event(ctypes.Structure):
    """struct io_event."""

    _fields_ = (
        ("data", ctypes.c_uint64),
        ("control", ctypes.c_uint64),
        ("result", ctypes.c_int64),
        ("result2", ctypes.c_int64),
    )


class _Write:
    """One write on its way, and what must stay where it is until it has ended."""

    __slots__ = ("control", "owner", "parts", "size", "vector")

    def __init__(self, parts: Sequence[memoryview], owner: object) -> None:
        self.parts, self.owner = parts, owner
        self.size = sum([len(part) for part in parts])
        self.vector = (_Part * len(parts))()
        for one, part in zip(self.vector, parts, strict=True):
            one.base = ctypes.addressof(ctypes.c_char.from_buffer(part))
            one.length = len(part)
        self.control = _Control(opcode=_WRITE_PARTS, flags=_TELL, count=len(parts))
        self.control.buffer = ctypes.addressof(self.vector)


class DirectWrites:
    """`event` becomes readable when writes have ended. OSError where it cannot be made."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self._setup, self._destroy, self._events, self._submit = _CALLS[platform.machine()]
        self._context = ctypes.c_ulong(0)
        self._call(self._setup, ctypes.c_long(_MOST), ctypes.byref(self._context))
        self.event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._told = (_Event * _MOST)()
        self._under_way: dict[int, _Write] = {}
        self._count = 0

    def _call(self, number: int, *arguments: object) -> int:
        found: int = self._library.syscall(ctypes.c_long(number), *arguments)
        if found < 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        return found

    def write(self, file: int, parts: Sequence[memoryview], position: int, owner: object) -> None:
        """Begin to write the parts, which stay as they are until `ended` gives the owner. OSError."""
        one = _Write(parts, owner)
        self._count += 1
        one.control.data, one.control.file = self._count, file
        one.control.offset, one.control.event = position, self.event
        pointer = ctypes.pointer(one.control)
        self._call(self._submit, self._context, ctypes.c_long(1), ctypes.byref(pointer))
        self._under_way[self._count] = one

    def ended(self) -> list[tuple[object, OSError | None]]:
        """The owners of writes that have ended, and why they failed where they did. OSError."""
        try:
            os.eventfd_read(self.event)
        except BlockingIOError:
            return []
        none, told = ctypes.c_void_p(None), ctypes.byref(self._told)
        most = ctypes.c_long(_MOST)
        count = self._call(self._events, self._context, ctypes.c_long(0), most, told, none)
        return [self._ended(event) for event in self._told[:count]]

    def _ended(self, event: _Event) -> tuple[object, OSError | None]:
        one, result = self._under_way.pop(event.data), int(event.result)
        if result == one.size:
            return one.owner, None
        number = -result if result < 0 else errno.EIO
        return one.owner, OSError(number, os.strerror(number))

    def finish(self) -> None:
        """Wait for the end of what was begun; nothing can be begun any more. `close` is for afterwards."""
        self._call(self._destroy, self._context)
        self._under_way.clear()

    def close(self) -> None:
        """Close the event, once no loop watches it."""
        os.close(self.event)


def open_direct() -> DirectWrites | None:
    """What writes so; None where the system does not."""
    if platform.system() != "Linux" or platform.machine() not in _CALLS:
        return None
    try:
        return DirectWrites()
    except OSError:
        return None
