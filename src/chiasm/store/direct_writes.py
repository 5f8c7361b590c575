"""Direct writes that the kernel carries out while the caller goes on: Linux's asynchronous I/O, io_submit(2).

A thread that waits for the disk would have to be given Python's lock twice for each write, which costs more
than the write. Where the system has no such calls, `open_direct` gives None, and writes are waited for.
"""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Sequence

_CALLS = {"x86_64": (206, 207, 208, 209), "aarch64": (0, 1, 4, 2)}
"""The numbers of io_setup, io_destroy, io_getevents and io_submit by machine."""

_WRITE_PARTS, _TELL = 8, 1
"""IOCB_CMD_PWRITEV and IOCB_FLAG_RESFD."""


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


class DirectWrites:
    """One write at a time; `event` becomes readable when it has ended. OSError where it cannot be made."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self._setup, self._destroy, self._events, self._submit = _CALLS[platform.machine()]
        self._context = ctypes.c_ulong(0)
        self._call(self._setup, ctypes.c_long(4), ctypes.byref(self._context))
        self.event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._told = _Event()
        self._control = _Control(opcode=_WRITE_PARTS, flags=_TELL, event=self.event)
        self._parts = (_Part * 0)()
        self._held: Sequence[memoryview] = ()

    def _call(self, number: int, *arguments: object) -> int:
        found: int = self._library.syscall(ctypes.c_long(number), *arguments)
        if found < 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        return found

    def write(self, file: int, parts: Sequence[memoryview], position: int) -> None:
        """Begin to write the parts, which stay as they are until it has ended. OSError where it cannot."""
        made = (_Part * len(parts))()
        for index, part in enumerate(parts):
            made[index].base = ctypes.addressof(ctypes.c_char.from_buffer(part))
            made[index].length = len(part)
        control = self._control
        control.file, control.offset = file, position
        control.buffer, control.count = ctypes.addressof(made), len(parts)
        self._parts, self._held = made, parts
        pointer = ctypes.pointer(control)
        self._call(self._submit, self._context, ctypes.c_long(1), ctypes.byref(pointer))

    def ended(self) -> int | None:
        """How many bytes the one that has ended has written; None where none has. OSError if it failed."""
        try:
            os.eventfd_read(self.event)
        except BlockingIOError:
            return None
        none = ctypes.c_void_p(None)
        told = ctypes.byref(self._told)
        if not self._call(self._events, self._context, ctypes.c_long(0), ctypes.c_long(1), told, none):
            return None
        self._parts, self._held = (_Part * 0)(), ()
        result = int(self._told.result)
        if result < 0:
            raise OSError(-result, os.strerror(-result))
        return result

    def finish(self) -> None:
        """Wait for the end of what was begun; nothing can be begun any more. `close` is for afterwards."""
        self._call(self._destroy, self._context)
        self._held = ()

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
