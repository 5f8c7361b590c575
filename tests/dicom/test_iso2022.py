r"""Code extensions against the examples of PS3.5 §H, §I and §K, byte by byte."""

from __future__ import annotations

import pytest

from chiasm.dicom.charset import of_terms
from chiasm.errors import EncodeError

NAME = b"\\^="
# PS3.5 §H.3.1: ESC $ B invokes JIS X 0208, ESC ( B returns to ASCII before each delimiter
H31 = (
    b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
    "Yamada^Tarou=山田^太郎=やまだ^たろう",
)
# PS3.5 §H.3.2: JIS X 0201 katakana and romaji first; ESC ( J returns to romaji
H32 = (
    b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
    "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
)
# PS3.5 §I.2: ESC $ ) C invokes KS X 1001 in G1, again after each delimiter
I2 = (
    b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
    "Hong^Gildong=洪^吉洞=홍^길동",
)
# PS3.5 §K.2: ESC $ ) A invokes GB 2312 in G1
K2 = (
    b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
    "Zhang^XiaoDong=张^小东=",
)
# PS3.5 §K.3: several lines of ISO 2022 IR 58, the escape repeated on each
K3 = (
    b"1. The first line includes \x1b$)A\xd6\xd0\xce\xc4.\r\n2. The second line"
    b" includes \x1b$)A\xd6\xd0\xce\xc4,"
    b" too.\r\n3. The third line.\r\n",
    "1. The first line includes 中文.\r\n2. The second line includes 中文, too.\r\n3. The third line.\r\n",
)


@pytest.mark.parametrize(
    ("terms", "delimiters", "data", "text"),
    [
        ("\\ISO 2022 IR 87", NAME, *H31),
        ("ISO 2022 IR 13\\ISO 2022 IR 87", NAME, *H32),
        ("\\ISO 2022 IR 149", NAME, *I2),
        ("\\ISO 2022 IR 58", NAME, *K2),
        ("\\ISO 2022 IR 58", b"", *K3),
    ],
    ids=["H.3.1", "H.3.2", "I.2", "K.2", "K.3"],
)
def test_examples_of_the_standard_both_ways(terms: str, delimiters: bytes, data: bytes, text: str) -> None:
    charset = of_terms(terms)
    assert charset.decode(data, delimiters) == text
    assert charset.encode(text, delimiters) == data
    assert charset.problems(data, delimiters) == []


def test_jis_x_0212_by_its_own_escape() -> None:
    charset = of_terms("\\ISO 2022 IR 87\\ISO 2022 IR 159")
    # 丂 is row 16 cell 1 of JIS X 0212, and not in JIS X 0208
    assert charset.encode("丂") == b"\x1b$(D\x30\x21\x1b(B"
    assert charset.decode(b"\x1b$(D\x30\x21\x1b(B") == "丂"


def test_latin_sets_switch_in_g1() -> None:
    charset = of_terms("ISO 2022 IR 6\\ISO 2022 IR 100\\ISO 2022 IR 144")
    data = b"\x1b-AJ\xe9r\xf4me \x1b-L\xbb\xee\xda"
    assert charset.decode(data) == "Jérôme Люк"
    assert charset.decode(charset.encode("Jérôme Люк")) == "Jérôme Люк"


def test_the_first_terms_sets_return_after_every_delimiter() -> None:
    charset = of_terms("ISO 2022 IR 100\\ISO 2022 IR 144")
    for delimiter in (b"\\", b"^", b"=", b"\r", b"\n", b"\f", b"\t"):
        text = charset.decode(b"\x1b-L\xbb\xee" + delimiter + b"\xe9", NAME)
        assert text[:2] == "Лю", delimiter
        assert text[-1] == "é", delimiter


def test_backslash_and_circumflex_inside_a_kanji_do_not_split() -> None:
    # 375C and 375E are two characters of JIS X 0208, with a backslash and a circumflex as second bytes
    charset = of_terms("\\ISO 2022 IR 87")
    for text in ("契", "系", "重"):
        data = charset.encode(text)
        assert charset.decode(data, NAME) == text
    pair = b"\x1b$B\x37\x5c\x37\x5e\x1b(B"
    assert "\\" not in charset.decode(pair)
    assert "^" not in charset.decode(pair, NAME)


def test_g1_bytes_without_a_designation_are_kept_and_flagged() -> None:
    charset = of_terms("\\ISO 2022 IR 149")
    data = b"Kim^\xb1\xe8"
    assert charset.decode(data, NAME) == "Kim^\udcb1\udce8"
    assert charset.problems(data, NAME) == ["2 bytes do not fit the character set \\ISO 2022 IR 149"]


def test_an_escape_that_is_not_declared_is_read_but_flagged() -> None:
    charset = of_terms("\\ISO 2022 IR 87")
    data = b"\x1b$)C\xb1\xe8"
    assert charset.decode(data) == "김"
    assert "belongs to no declared term" in charset.problems(data)[0]


def test_an_unknown_escape_is_left_as_it_is() -> None:
    assert of_terms("\\ISO 2022 IR 87").decode(b"a\x1b%Gb") == "a\x1b%Gb"


@pytest.mark.parametrize("text", ["é", "\U0001f600", "김"])
def test_what_no_declared_term_holds_is_refused(text: str) -> None:
    with pytest.raises(EncodeError, match="is not in the character sets"):
        of_terms("\\ISO 2022 IR 87").encode(text)


def test_hangul_outside_ks_x_1001_is_refused_not_composed() -> None:
    with pytest.raises(EncodeError):
        of_terms("\\ISO 2022 IR 149").encode("뷁")


def test_yen_and_overline_are_those_of_romaji() -> None:
    charset = of_terms("ISO_IR 13")
    assert charset.decode(b"\x5c\x7e\xb1", b"") == "¥‾ｱ"
    assert charset.decode(b"\x5c\x7e\xb1", b"\\") == "\\‾ｱ"
    assert charset.encode("‾ｱ") == b"\x7e\xb1"
