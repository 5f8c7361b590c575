"""Values that mean the same have one key."""

from __future__ import annotations

import pytest

from chiasm.store import index_keys


@pytest.mark.parametrize(
    ("vr", "value", "key"),
    [
        ("DA", "20261123", "20261123"), ("DA", "2026.11.23", "20261123"), ("TM", "10", "100000.000000"), ("TM", "10:15:30.5", "101530.500000"),
        ("DT", "2026", "20260101000000.000000"), ("DT", "20261123101500+0800", "20261123021500.000000"), ("IS", "+01", "1"), ("DS", "1.50", "1.5"),
        ("DS", "nan", "nan"), ("US", 7, "7"), ("CS", " CT ", "CT"), ("TM", "late", "late"),
    ],
)  # fmt: skip
def test_keys(vr: str, value: object, key: str) -> None:
    assert index_keys.key(vr, value) == key


def test_bounds() -> None:
    assert index_keys.time_bounds("1015") == ("101500.000000", "101559.999999")
    assert index_keys.moment_bounds("202602")[1] == "20260231235959.999999"
    assert index_keys.moment_bounds("20260101+0100")[0] == "20251231230000.000000"
    assert index_keys.keys("PN", ["A^B=C", "", None]) == ["a^b", "c"]
