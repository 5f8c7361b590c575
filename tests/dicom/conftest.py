"""Bytes for the tests of the dicom room, laid out by hand from PS3.5 §7.1."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

LONG = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}


def _explicit(tag: int, vr: str, value: bytes, length: int | None = None, order: str = "<") -> bytes:
    size = len(value) if length is None else length
    head = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    return (
        head
        + (b"\0\0" + struct.pack(order + "L", size) if vr in LONG else struct.pack(order + "H", size))
        + value
    )


def _implicit(tag: int, value: bytes, length: int | None = None, order: str = "<") -> bytes:
    size = len(value) if length is None else length
    return struct.pack(order + "HHL", tag >> 16, tag & 0xFFFF, size) + value


def _part10(body: bytes, syntax: str = "1.2.840.10008.1.2.1", preamble: bytes | None = b"\0" * 128) -> bytes:
    uid = syntax.encode() + b"\0" * (len(syntax) % 2)
    meta = _explicit(0x00020010, "UI", uid)
    length = _explicit(0x00020000, "UL", struct.pack("<L", len(meta)))
    return (b"" if preamble is None else preamble) + b"DICM" + length + meta + body


@pytest.fixture(scope="session")
def explicit() -> Callable[..., bytes]:
    """An explicit element: tag, VR, value, a length that may lie, byte order."""
    return _explicit


@pytest.fixture(scope="session")
def implicit() -> Callable[..., bytes]:
    """An implicit element, item or delimiter: tag, value, a length that may lie, byte order."""
    return _implicit


@pytest.fixture(scope="session")
def part10() -> Callable[..., bytes]:
    """A file around the bytes of a data set: body, transfer syntax UID, preamble or None."""
    return _part10
