"""Pixel data made frame by frame is the same in memory and in a file, and leaves nothing behind."""

from __future__ import annotations

import os
import struct

import pytest
from pydicom.encaps import generate_frames

from chiasm.errors import ServiceError
from chiasm.pixels import spool as spooling
from chiasm.pixels.spool import Spool, fragmented, joined

FRAMES = [b"first!", b"the second one", b"3rd.", b""]


@pytest.fixture(params=["held", "file"])
def size(request: pytest.FixtureRequest) -> int:
    return 100 if request.param == "held" else 1 << 30


def test_native_frames_follow_one_another_and_are_even_in_all(tmp_path, size):
    for frames, wanted in (([b"abc", b"d"], b"abcd"), ([b"abc"], b"abc\0"), ([], b"")):
        with Spool(size, tmp_path) as spool:
            buffer = joined(frames, spool)
        assert buffer[:] == wanted
        assert list(tmp_path.iterdir()) == []


def test_pydicom_finds_compressed_frames_by_their_table(tmp_path, size):
    with Spool(size, tmp_path) as spool:
        buffer = fragmented(iter(FRAMES[:3]), 3, spool)
    whole = bytes(buffer[:])
    assert list(generate_frames(whole, number_of_frames=3)) == FRAMES[:3]
    length, *offsets = struct.unpack_from("<4L", whole, 4)
    assert length == 12
    for offset, frame in zip(offsets, FRAMES, strict=False):
        at = 8 + length + offset
        assert whole[at : at + 8] == b"\xfe\xff\0\xe0" + struct.pack("<L", len(frame))
        assert whole[at + 8 : at + 8 + len(frame)] == frame


def test_a_frame_that_fails_leaves_no_file(tmp_path, size):
    def frames():
        yield b"one"
        raise ServiceError("not-understood", "it is torn")

    with pytest.raises(ServiceError, match="torn"), Spool(size, tmp_path) as spool:
        fragmented(frames(), 2, spool)
    assert list(tmp_path.iterdir()) == []


def test_no_room_is_told_as_that(tmp_path, monkeypatch):
    with pytest.raises(ServiceError) as caught, Spool(1 << 30, tmp_path / "absent"):
        pass
    assert caught.value.failure.name == "out-of-resources"

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(ServiceError, match="No space left"), Spool(1 << 30, tmp_path) as spool:
        fragmented(iter([b"ab"]), 1, spool)


def test_offsets_beyond_what_a_table_can_say_are_refused(monkeypatch):
    monkeypatch.setattr(spooling, "_LARGEST", 20)
    with pytest.raises(ServiceError) as caught, Spool(0) as spool:
        fragmented(iter(FRAMES[:3]), 3, spool)
    assert caught.value.failure.name == "too-large"
