"""Values to value fields: exact or refused. PS3.5 §6.2."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from chiasm.dicom import values, writing
from chiasm.dicom.charset import of_terms
from chiasm.errors import EncodeError, UsageError, ValueFormatError

UTC = datetime.UTC


@pytest.mark.parametrize(
    ("vr", "value", "data"),
    [
        ("US", 258, b"\2\1"),
        ("US", [1, 2], b"\1\0\2\0"),
        ("SS", -2, b"\xfe\xff"),
        ("FD", 1.5, b"\0\0\0\0\0\0\xf8\x3f"),
        ("AT", 0x00100020, b"\x10\0\x20\0"),
        ("AT", "(0010,0020)", b"\x10\0\x20\0"),
        ("UV", 2**64 - 1, b"\xff" * 8),
        ("DS", "1.50", b"1.50"),
        ("DS", 0.1, b"0.1 "),
        ("DS", [1, Decimal("2.50")], b"1\\2.50"),
        ("IS", 7, b"7 "),
        ("UI", "1.2", b"1.2\0"),
        ("LO", None, b""),
        ("CS", ["A", None, "B"], b"A\\\\B"),
        ("OB", b"\1", b"\1\0"),
        ("DA", datetime.date(2026, 11, 23), b"20261123"),
        ("TM", datetime.time(7, 9, 7), b"070907"),
        ("DT", datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), b"20260102030405+0000 "),
        ("LT", "a\\b", b"a\\b "),
    ],
)
def test_fields(vr: str, value: object, data: bytes) -> None:
    assert writing.field(vr, value) == data


def test_big_endian() -> None:
    assert writing.field("US", 258, little=False) == b"\1\2"
    assert writing.field("AT", 0x00100020, little=False) == b"\0\x10\0\x20"


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        ("US", 65536),
        ("US", -1),
        ("US", "x"),
        ("US", 1.5),
        ("AT", "x"),
        ("AT", -1),
        ("OB", "text"),
        ("OB", 5),
        ("LT", ["a", "b"]),
        ("LO", ["a\\b", "c"]),
        ("LO", 1.5j),
        ("IS", 2**31),
        ("IS", 1.5),
        ("DS", 1 / 3),
        ("DS", True),
        ("DA", datetime.time(1)),
        ("DS", float("nan")),
    ],
)
def test_what_does_not_fit_is_refused(vr: str, value: object) -> None:
    with pytest.raises(ValueFormatError):
        writing.field(vr, value)


def test_sequences_are_not_fields() -> None:
    with pytest.raises(UsageError):
        writing.field("SQ", [])


def test_default_repertoire_vrs_refuse_other_letters() -> None:
    with pytest.raises(EncodeError):
        writing.field("CS", "é", of_terms("ISO_IR 192"))
    assert writing.field("LO", "é", of_terms("ISO_IR 192")) == b"\xc3\xa9"


@pytest.mark.parametrize(
    "number", [0.1, 1e-10, 123456789012345.0, -0.000001234567, 1e22, 12345678901234567890]
)
def test_decimal_strings_are_exact_or_refused(number: float) -> None:
    try:
        text = writing.decimal_string(number)
    except ValueFormatError:
        assert len(repr(number)) > 16
        return
    assert len(text) <= 16
    assert type(number)(text) == number


def test_numbers_come_back() -> None:
    for vr, value in (("SL", (-1, 5)), ("FD", (0.1, 1e300)), ("SV", -(2**63)), ("UL", 2**32 - 1)):
        assert values.LITTLE[vr](writing.field(vr, value)) == value
        assert values.BIG[vr](writing.field(vr, value, little=False)) == value
