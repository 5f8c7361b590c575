"""The scanner: where elements lie, in good bytes and odd ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chiasm.dicom.reading import Reading
from chiasm.dicom.scan import FRESH, Scan, settled
from chiasm.dicom.vr import EXPLICIT_LITTLE, IMPLICIT_LITTLE

Make = Callable[..., bytes]


def _scan(data: bytes, implicit_form: bool = False) -> tuple[Scan, list[str]]:
    reading = Reading()
    scan = Scan(data, 0, len(data), IMPLICIT_LITTLE if implicit_form else EXPLICIT_LITTLE, reading)
    return scan, [finding.rule for finding in reading.findings]


def test_offsets(explicit: Make) -> None:
    scan, rules = _scan(explicit(0x00080060, "CS", b"CT") + explicit(0x00080100, "UT", b"text"))
    assert scan.records == {0x00080060: ("CS", 8, 10, 0), 0x00080100: ("UT", 22, 26, 10)}
    assert rules == []


@pytest.mark.parametrize("code", ["ZZ", "??", "\1\2", "lo", "  "])
def test_unknown_vrs_with_a_short_length(explicit: Make, code: str) -> None:
    scan, rules = _scan(explicit(0x00080060, code, b"CT") + explicit(0x00100020, "LO", b"12"))
    assert scan.records[0x00080060] == ("UN", 8, 10, 0)
    assert 0x00100020 in scan.records
    assert rules == ["unknown-vr"]


def test_unknown_vr_with_a_long_length_as_future_ones_have(explicit: Make) -> None:
    data = b"\x08\0\x60\0ZZ\0\0\x02\0\0\0CT" + explicit(0x00100020, "LO", b"12")
    scan, _ = _scan(data)
    assert scan.records[0x00080060] == ("UN", 12, 14, 0)


def test_an_implicit_element_among_explicit_ones(explicit: Make, implicit: Make) -> None:
    scan, _ = _scan(implicit(0x00080060, b"CT") + explicit(0x00100020, "LO", b"12"))
    assert scan.records[0x00080060] == ("UN", 8, 10, 0)
    assert 0x00100020 in scan.records


def test_order_and_repetition_are_findings(explicit: Make) -> None:
    late = (
        explicit(0x00100020, "LO", b"12")
        + explicit(0x00080060, "CS", b"CT")
        + explicit(0x00080060, "CS", b"MR")
    )
    scan, rules = _scan(late)
    assert list(scan.records) == [0x00100020, 0x00080060]
    assert [record for _, record in scan.strays] == [("CS", 28, 30, 20)]
    assert rules == ["element-order", "element-order", "repeated-element"]


def test_odd_lengths_are_hopped_exactly(explicit: Make) -> None:
    scan, rules = _scan(explicit(0x00080060, "CS", b"CTX") + explicit(0x00100020, "LO", b"1"))
    assert len(scan.records) == 2
    assert rules == []


@pytest.mark.parametrize("rest", [b"\xff" * 20, b"\x99\x99"])
def test_what_is_no_element_ends_the_scan(explicit: Make, rest: bytes) -> None:
    head = explicit(0x00080060, "CS", b"CT")
    scan, rules = _scan(head + rest)
    assert scan.end == len(head)
    assert rules == ["unreadable"]


def test_new_records_are_settled_among_parsed_ones() -> None:
    records = {5: ("CS", 0, 1, 0), 9: ("CS", 0, 1, 1), 7: ("CS", 0, 1, FRESH), 1: ("CS", 0, 1, FRESH)}
    assert list(settled(records)) == [1, 5, 7, 9]
