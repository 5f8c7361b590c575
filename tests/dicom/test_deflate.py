"""The deflated transfer syntax: whole, damaged and over budget."""

from __future__ import annotations

import zlib

import pytest

from chiasm.dicom.deflate import deflate, inflate
from chiasm.dicom.reading import Reading
from chiasm.errors import LimitError, ParseError
from chiasm.limits import Limits

TEXT = bytes(range(256)) * 4000


def test_both_ways_in_pieces_and_even() -> None:
    packed = b"".join(deflate([TEXT[:1000], TEXT[1000:]]))
    assert len(packed) % 2 == 0
    assert zlib.decompress(packed, -15) == TEXT
    assert inflate(b"head" + packed, 4, Reading()) == TEXT


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_cut_stream_gives_what_is_there(keep: float) -> None:
    packed = b"".join(deflate([TEXT]))
    reading = Reading()
    out = inflate(packed[: int(len(packed) * keep)], 0, reading)
    assert TEXT.startswith(out)
    assert out
    assert [finding.rule for finding in reading.findings] == ["truncated"]


def test_no_stream_at_all() -> None:
    with pytest.raises(ParseError, match="no deflated data set"):
        inflate(b"\xff" * 100, 0, Reading())


def test_budgets() -> None:
    packed = b"".join(deflate([b"\0" * (32 << 20)]))
    with pytest.raises(LimitError, match="dicom_inflated"):
        inflate(packed, 0, Reading(Limits(dicom_inflated=1 << 20)))
    with pytest.raises(LimitError, match="dicom_inflate_ratio"):
        inflate(packed, 0, Reading(Limits(dicom_inflate_ratio=10)))
