"""Findings of single value fields."""

from __future__ import annotations

import pytest

from chiasm.dicom.charset import DEFAULT, of_terms
from chiasm.dicom.problems import of_field


@pytest.mark.parametrize(
    ("vr", "data", "count"),
    [
        ("LO", b"plain", 0),
        ("LO", b"\x93", 1),
        ("CS", b"\xe9", 1),
        ("US", b"\1", 1),
        ("US", b"\1\2", 0),
        ("OB", b"\xff", 0),
        ("PN", b"a\x1bb", 1),
        ("AT", b"\1\2", 1),
    ],
)
def test_counts(vr: str, data: bytes, count: int) -> None:
    found = of_field(0x00100020, vr, data, DEFAULT)
    assert len(found) == count
    assert all(one.path == "00100020" and one.rule == "value-bytes" for one in found)


def test_unknown_terms() -> None:
    assert "'XX'" in of_field(0x00080005, "CS", b"XX", of_terms("XX"))[0].message
