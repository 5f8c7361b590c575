"""Memory that begins with a page, from which a disk can take its blocks without a copy."""

from __future__ import annotations

import ctypes
import mmap


def pages(size: int) -> memoryview:
    """New memory of so many bytes, all zero."""
    return memoryview(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))


def are_pages(data: bytes | memoryview) -> bool:
    """Whether data begins with a page of memory that may be written."""
    if not isinstance(data, memoryview) or data.readonly or not data:
        return False
    return ctypes.addressof(ctypes.c_char.from_buffer(data)) % mmap.PAGESIZE == 0
