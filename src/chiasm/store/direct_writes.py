"""Direct writes that the kernel carries out while the caller goes on: Linux's asynchronous I/O, io_submit(2).

A thread that waits for the disk would have to be given Python's lock twice for each write, which costs more
than the write. Where the system has no such calls, `open_direct` gives None, and writes are waited for.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Callable, Sequence

_CALLS = {"x86_64": (206, 207, 208, 209), "aarch64": (0, 1, 4, 2)}
"""The numbers of io_setup, io_destroy, io_getevents and io_submit by machine."""

_WRITE_PARTS, _TELL = 8, 1
"""IOCB_CMD_PWRITEV and IOCB_FLAG_RESFD."""

_MOST, _PARTS = 32, 16
"""Writes under way at once; parts of a write that memory is kept for."""

_CONTROL = struct.Struct("<Q8xH2xIQQq8xII")
"""struct iocb: data, opcode, file, parts, how many they are, offset, flags, event that is told."""

_POINTER, _PART, _EVENT = struct.Struct("<Q"), struct.Struct("<QQ"), struct.Struct("<Q8xqq")
"""A pointer; struct iovec: address and length; struct io_event: data and results."""


class _Memory:
    """What the kernel reads of one write: its control block, a pointer to that, and its parts."""

    __slots__ = ("address", "content")

    def __init__(self, parts: int) -> None:
        self.content = bytearray(_CONTROL.size + _POINTER.size + parts * _PART.size)
        self.address = _address(self.content)
        _POINTER.pack_into(self.content, _CONTROL.size, self.address)


class _Write:
    """One write on its way, and what must stay where it is until it has ended."""

    __slots__ = ("memory", "owner", "parts", "size")

    def __init__(self, memory: _Memory, parts: Sequence[memoryview], owner: object) -> None:
        self.memory, self.parts, self.owner = memory, parts, owner
        self.size = 0
        place = _CONTROL.size + _POINTER.size
        for part in parts:
            size = len(part)
            _PART.pack_into(memory.content, place, _address(part), size)
            place += _PART.size
            self.size += size


class DirectWrites:
    """`event` becomes readable when writes have ended. OSError where it cannot be made."""

    def __init__(self) -> None:
        setup, destroy, events, submit = _CALLS[platform.machine()]
        self._destroy = _call(destroy, 1)
        self._events = _call(events, 5)
        self._submit = _call(submit, 3)
        context = ctypes.c_ulong(0)
        _call(setup, 2)(_MOST, ctypes.addressof(context))
        self._context = context.value
        self.event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._told = bytearray(_MOST * _EVENT.size)
        self._told_at = _address(self._told)
        self._spare = [_Memory(_PARTS) for _ in range(_MOST)]
        self._under_way: dict[int, _Write] = {}
        self._count = 0

    def write(self, file: int, parts: Sequence[memoryview], position: int, owner: object) -> None:
        """Begin to write the parts, which stay as they are until `ended` gives the owner. OSError."""
        count = len(parts)
        memory = self._spare.pop() if count <= _PARTS and self._spare else _Memory(max(count, _PARTS))
        one = _Write(memory, parts, owner)
        self._count += 1
        begin = memory.address + _CONTROL.size
        _CONTROL.pack_into(
            memory.content, 0, self._count, _WRITE_PARTS, file, begin + _POINTER.size, count, position, _TELL,
            self.event,
        )  # fmt: skip
        self._submit(self._context, 1, begin)
        self._under_way[self._count] = one

    def ended(self) -> list[tuple[object, OSError | None]]:
        """The owners of writes that have ended, and why they failed where they did. OSError."""
        try:
            os.eventfd_read(self.event)
        except BlockingIOError:
            return []
        count = self._events(self._context, 0, _MOST, self._told_at, 0)
        return [self._ended(*_EVENT.unpack_from(self._told, at * _EVENT.size)) for at in range(count)]

    def _ended(self, number: int, result: int, _: int) -> tuple[object, OSError | None]:
        one = self._under_way.pop(number)
        if len(self._spare) < _MOST:
            self._spare.append(one.memory)
        if result == one.size:
            return one.owner, None
        failed = -result if result < 0 else errno.EIO
        return one.owner, OSError(failed, os.strerror(failed))

    def finish(self) -> None:
        """Wait for the end of what was begun; nothing can be begun any more. `close` is for afterwards."""
        self._destroy(self._context)
        self._under_way.clear()

    def close(self) -> None:
        """Close the event, once no loop watches it."""
        os.close(self.event)


def _address(memory: bytearray | memoryview) -> int:
    """Where memory that can be written to begins; it must be kept as long as that is used."""
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def _call(number: int, arguments: int) -> Callable[..., int]:
    """A call of the system by its number, which raises OSError where it fails."""
    function = ctypes.CDLL(None, use_errno=True)["syscall"]
    function.argtypes = (ctypes.c_long,) * (1 + arguments)
    function.restype = ctypes.c_long

    def call(*values: int) -> int:
        found: int = function(number, *values)
        if found < 0:
            failed = ctypes.get_errno()
            raise OSError(failed, os.strerror(failed))
        return found

    return call


def open_direct() -> DirectWrites | None:
    """What writes so; None where the system does not."""
    if platform.system() != "Linux" or platform.machine() not in _CALLS:
        return None
    try:
        return DirectWrites()
    except OSError:
        return None
