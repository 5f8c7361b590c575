"""Memory that a disk can take its blocks from."""

from __future__ import annotations

import ctypes
import mmap

from chiasm.store.pages import are_pages, pages


def test_it_begins_with_a_page_and_is_zero():
    memory = pages(10_000)
    assert bytes(memory) == bytes(10_000)
    assert ctypes.addressof(ctypes.c_char.from_buffer(memory)) % mmap.PAGESIZE == 0
    assert are_pages(memory)
    assert are_pages(memory[:5])
    assert not are_pages(memory[5:])
    assert not are_pages(memory[:0])


def test_other_memory_is_none():
    assert not are_pages(b"x")
    assert not are_pages(memoryview(bytearray(5)))
