"""Value fields to values: every VR, little and big endian. PS3.5 §6.2."""

from __future__ import annotations

import pytest

from chiasm.dicom import values
from chiasm.dicom.charset import DEFAULT, of_terms
from chiasm.dicom.vr import ALL_VRS


def test_every_vr_but_sq_has_a_decoder() -> None:
    assert set(values.LITTLE) == set(values.BIG)
    assert set(values.LITTLE) | set(values.TEXTS) | {"SQ"} == ALL_VRS


NUMBERS = [
    ("US", b"\1\2", 0x0201),
    ("SS", b"\xfe\xff", -2), ("UL", b"\1\0\0\x80", 0x80000001),
    ("SL", b"\xfe\xff\xff\xff", -2),
    ("UV", b"\xff" * 8, 2**64 - 1), ("SV", b"\xff" * 8, -1), ("FL", b"\0\0\xc0\x3f", 1.5),
    ("FD", b"\0\0\0\0\0\0\xf8\x3f", 1.5), ("AT", b"\x10\0\x20\0", 0x00100020),
]  # fmt: skip


@pytest.mark.parametrize(("vr", "data", "value"), NUMBERS)
def test_numbers(vr: str, data: bytes, value: object) -> None:
    turned = b"".join(data[at : at + 2][::-1] for at in (0, 2)) if vr == "AT" else data[::-1]
    assert values.LITTLE[vr](data) == value
    assert values.BIG[vr](turned) == value
    assert values.LITTLE[vr](data * 2) == (value, value)
    assert values.LITTLE[vr](b"") is None
    assert values.LITTLE[vr](data + b"\1") == data + b"\1"


@pytest.mark.parametrize(
    ("vr", "data", "value"),
    [
        ("DS", b" 1.50 ", "1.50"),
        ("IS", b"007\\-3 ", ("007", "-3")),
        ("UI", b"1.2\0", "1.2"),
        ("CS", b"", None),
        ("DA", b"20261123", "20261123"),
        ("TM", b"1030 ", "1030"),
        ("AS", b"030Y", "030Y"),
        ("AE", b"  A ", "A"),
        ("DT", b"2026+0100 ", "2026+0100"),
        ("CS", b"A\\\\B ", ("A", "", "B")),
        ("CS", b"A\x93\\B", ("A\\x93", "B")),
        ("UR", b"http://a/b\\c ", "http://a/b\\c"),
        ("OB", b"\0\1", b"\0\1"),
        ("UN", b"", None),
    ],
)
def test_strings_and_bytes(vr: str, data: bytes, value: object) -> None:
    assert values.LITTLE[vr](data) == value


def test_texts() -> None:
    latin = of_terms("ISO_IR 100")
    assert values.TEXTS["LO"](b" \xe9 \\b ", latin) == (" é", "b")
    assert values.TEXTS["LT"](b" a\\b\r\n ", latin) == " a\\b\r\n"
    assert values.TEXTS["UC"](b"", latin) is None
    names = values.TEXTS["PN"](b"A^B\\C^D ", DEFAULT)
    assert isinstance(names, tuple)
    assert [name.given_name for name in names] == ["B", "D"]  # type: ignore[union-attr]  # names by their VR


def test_delimiters() -> None:
    assert [values.delimiters(vr) for vr in ("PN", "LT", "LO")] == [b"\\^=", b"", b"\\"]
