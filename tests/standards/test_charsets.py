"""The defined terms and escape sequences of PS3.3 Tables C.12-2 to C.12-5."""

import pytest

from chiasm.standards import charsets

# Table C.12-3 and C.12-4: ISO registration number -> escape sequence of its G1 (or only) set, in hexadecimal.
ESCAPES = {
    "100": "1B2D41", "101": "1B2D42", "109": "1B2D43", "110": "1B2D44", "144": "1B2D4C", "127": "1B2D47",
    "126": "1B2D46", "138": "1B2D48", "148": "1B2D4D", "203": "1B2D62", "13": "1B2949", "166": "1B2D54",
    "87": "1B2442", "159": "1B242844", "149": "1B242943", "58": "1B242941",
}  # fmt: skip


@pytest.mark.parametrize(("number", "escape"), ESCAPES.items())
def test_escape_sequences(number, escape):
    term = charsets.by_term(f"ISO 2022 IR {number}")
    assert term.designations[-1].escape == bytes.fromhex(escape)
    assert charsets.escapes()[bytes.fromhex(escape)] == term.designations[-1]


@pytest.mark.parametrize("number", ["87", "159"])
def test_japanese_kanji_fill_the_lower_half(number):
    assert charsets.by_term(f"ISO 2022 IR {number}").designations[0].region == "G0"


@pytest.mark.parametrize("number", ["149", "58"])
def test_korean_and_chinese_fill_the_upper_half(number):
    assert charsets.by_term(f"ISO 2022 IR {number}").designations[0].region == "G1"


@pytest.mark.parametrize(
    ("spelling", "term"),
    [
        ("ISO-IR 100", "ISO_IR 100"),
        ("ISO IR 100", "ISO_IR 100"),
        ("ISO_IR_100", "ISO_IR 100"),
        ("iso_ir 192", "ISO_IR 192"),
        ("UTF-8", "ISO_IR 192"),
        ("ISO 8859-15", "ISO_IR 203"),
        ("ISO_2022_IR_87", "ISO 2022 IR 87"),
        ("", "ISO_IR 6"),
    ],
)
def test_spellings_that_devices_write(spelling, term):
    assert charsets.by_term(spelling).term == term


def test_what_nobody_would_understand():
    assert charsets.by_term("KLINGON") is None
    assert charsets.by_term("ISO_IR 9999") is None


def test_whole_codings_have_no_escapes():
    for name in ("ISO_IR 192", "GB18030", "GBK"):
        term = charsets.by_term(name)
        assert (term.kind, term.designations) == ("whole", ())
