"""ISO 2022 text: expected bytes from Python's own iso2022 codecs and from PS3.3 §C.12.1.1.2."""

import pytest

from chiasm.hl7 import iso2022


@pytest.mark.parametrize("text", ["日本語 abc", "日", "かな"])
def test_decode_agrees_with_pythons_codec(text):
    assert iso2022.decode(text.encode("iso2022_jp"), "ascii") == text


@pytest.mark.parametrize(
    ("data", "default", "text"),
    [
        (b"\x1b$BF|K\\\x1b(B", "ascii", "日本"),
        (b"\x1b)I\xb1\xb2", "ascii", "ｱｲ"),
        (b"\x1b(I12\x1b(J", "ascii", "ｱｲ"),
        (b"\x1b$)C\xb0\xa1 a", "ascii", "가 a"),
        (b"\x1b-F\xe1b", "iso8859_1", "αb"),
        (b"\x1b(Zx", "ascii", "\x1b(Zx"),
        (b"\x1b$B\xff\xff", "ascii", "\udcff\udcff"),
        (b"\xe9", "ascii", "\udce9"),
        (b"\xb1\\", "jisx0201", "ｱ\\"),
    ],
)
def test_decode(data, default, text):
    assert iso2022.decode(data, default) == text


@pytest.mark.parametrize("text", ["日本", "a日b本c", "山田^太郎", "ABC"])
def test_encode_returns_to_ascii_and_decodes_again(text):
    data = iso2022.encode(text, "ascii", (b"$B",))
    assert iso2022.decode(data, "ascii") == text
    assert data == text.encode("iso2022_jp")


def test_encode_takes_the_first_set_that_can_and_refuses_else():
    both = iso2022.encode("日丂", "ascii", (b"$B", b"$(D"))
    assert iso2022.decode(both, "ascii") == "日丂"
    assert b"\x1b$(D" in both
    with pytest.raises(UnicodeEncodeError):
        iso2022.encode("𠀀", "ascii", (b"$B",))


def test_spans_cover_two_byte_text_and_end_with_the_line():
    data = b"a\x1b$B^^\x1b(B|\x1b$B~~\rx"
    assert [data[start:end] for start, end in iso2022.multibyte_spans(data)] == [b"^^", b"~~"]
    assert iso2022.multibyte_spans(b"\x1b-Aabc") == []


def test_half_width_katakana_both_ways():
    assert iso2022.encode_set("ｱ", "jisx0201") == b"\xb1"
    assert iso2022.decode_set(b"\xb1", "jisx0201") == "ｱ"
