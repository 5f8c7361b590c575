"""Keys: keywords, tags in every spelling, and paths."""

from __future__ import annotations

import pytest

from chiasm.dicom import keys
from chiasm.errors import UsageError


@pytest.mark.parametrize("key", ["PatientName", "00100010", "(0010,0010)", 0x00100010])
def test_tags(key: str | int) -> None:
    assert keys.tag_of(key) == 0x00100010


@pytest.mark.parametrize(
    "key", ["", "patientname", "0010001", "0010,0010", "0x100010", "٠٠١٠٠٠١٠", -1, 1 << 32]
)
def test_no_tags(key: str | int) -> None:
    with pytest.raises(UsageError):
        keys.tag_of(key)


def test_paths() -> None:
    assert keys.split("00400275/0/CodeValue") == ([(0x00400275, 0)], 0x00080100)
    assert keys.split(5) == ([], 5)
    assert keys.text_of(0x7FE00010) == "7FE00010"
    for path in ("00400275/0", "00400275/x/CodeValue", "00400275/-1/CodeValue", "a/0/CodeValue"):
        with pytest.raises(UsageError):
            keys.split(path)
