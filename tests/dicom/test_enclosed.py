"""Content of undefined length: ends, items and fragments by offset. PS3.5 §7.5, §A.4."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chiasm.dicom import enclosed
from chiasm.dicom.reading import Reading
from chiasm.dicom.vr import EXPLICIT_LITTLE, IMPLICIT_LITTLE
from chiasm.errors import LimitError
from chiasm.limits import Limits

Make = Callable[..., bytes]
UNDEFINED = 0xFFFFFFFF


@pytest.fixture
def nested(explicit: Make, implicit: Make) -> bytes:
    end, close = implicit(0xFFFEE00D, b""), implicit(0xFFFEE0DD, b"")
    inner = explicit(
        0x00081115, "SQ", implicit(0xFFFEE000, explicit(0x00080060, "CS", b"CT") + end, UNDEFINED), UNDEFINED
    )
    return implicit(0xFFFEE000, inner + close + end, UNDEFINED) + implicit(0xFFFEE000, b"") + close


def test_the_end_of_nested_content_is_found_once(nested: bytes) -> None:
    reading = Reading()
    data = nested + b"after"
    assert enclosed.find_end(data, 0, len(data), EXPLICIT_LITTLE, "SQ", reading) == (
        len(nested) - 8,
        len(nested),
    )
    assert len(reading.ends) == 4
    items = enclosed.find_items(data, 0, len(nested) - 8, EXPLICIT_LITTLE, reading)
    assert [(item.pos, item.stop - item.start) for item in items] == [(0, 46), (62, 0)]
    assert reading.findings == []


def test_truncation_anywhere_closes_everything(nested: bytes) -> None:
    for size in range(len(nested)):
        reading = Reading()
        end, after = enclosed.find_end(nested[:size], 0, size, EXPLICIT_LITTLE, "SQ", reading)
        assert end <= after <= size


def test_the_content_of_un_is_implicit(implicit: Make) -> None:
    item = implicit(0xFFFEE000, implicit(0x00080060, b"CT") + implicit(0xFFFEE00D, b""), UNDEFINED)
    data = item + implicit(0xFFFEE0DD, b"")
    assert enclosed.find_end(data, 0, len(data), EXPLICIT_LITTLE, "UN", Reading()) == (
        len(data) - 8,
        len(data),
    )


def test_an_implicit_item_in_an_explicit_sequence(implicit: Make) -> None:
    content = implicit(0x00080060, b"CT")
    assert enclosed.item_form(content, 0, len(content), EXPLICIT_LITTLE) == IMPLICIT_LITTLE


def test_depth_is_bounded(explicit: Make, implicit: Make) -> None:
    data = (implicit(0xFFFEE000, b"", UNDEFINED) + explicit(0x00081115, "SQ", b"", UNDEFINED)) * 50
    with pytest.raises(LimitError, match="dicom_depth"):
        enclosed.find_end(data, 0, len(data), EXPLICIT_LITTLE, "SQ", Reading(Limits(dicom_depth=10)))


def test_fragments(implicit: Make) -> None:
    # the delimiter inside a fragment is data
    body = implicit(0xFFFEE000, b"") + implicit(0xFFFEE000, b"\xfe\xff\xdd\xe0\0\0\0\0")
    data = body + implicit(0xFFFEE0DD, b"")
    assert enclosed.hop_fragments(data, 0, len(data), EXPLICIT_LITTLE, Reading()) == (len(body), len(data))
    assert enclosed.fragments(data, 0, len(body), EXPLICIT_LITTLE) == [(8, 0), (16, 8)]


def test_fragments_without_their_end(implicit: Make) -> None:
    reading = Reading()
    data = implicit(0xFFFEE000, b"ab", 500)
    assert enclosed.hop_fragments(data, 0, len(data), EXPLICIT_LITTLE, reading) == (len(data), len(data))
    assert [finding.rule for finding in reading.findings] == ["truncated"]


def test_bytes_after_the_last_item_are_noted(implicit: Make) -> None:
    reading = Reading()
    data = implicit(0xFFFEE000, b"") + b"garbage!"
    assert len(enclosed.find_items(data, 0, len(data), EXPLICIT_LITTLE, reading)) == 1
    assert [finding.rule for finding in reading.findings] == ["sequence-tail"]
