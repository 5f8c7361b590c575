r"""Escapes: decoded at leaves, as bytes of the declared set; what is unknown stays as it is written."""

import pytest

from chiasm import hl7
from chiasm.errors import EncodeError
from chiasm.hl7.charset import declared, read
from chiasm.hl7.delimiters import STANDARD, Delimiters
from chiasm.hl7.escape import escape_text, known_escape, render, unescape


def decoded(leaf, charset="ASCII", marks=STANDARD):
    text, coding = read(leaf if isinstance(leaf, bytes) else leaf.encode(), declared((charset,)))
    return unescape(text, marks, coding)


@pytest.mark.parametrize(
    ("leaf", "text"),
    [
        ("a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f", "a|b^c&d~e\\f"),
        ("\\X0D\\", "\r"),
        ("\\X000d\\", "\x00\r"),
        ("\\X41\\\\X42\\", "AB"),
        ("\\E\\F\\E\\", "\\F\\"),
        ("x\\.br\\y\\H\\z\\N\\", "x\\.br\\y\\H\\z\\N\\"),
        ("\\Zlocal\\", "\\Zlocal\\"),
        ("C:\\temp\\x", "C:\\temp\\x"),
        ("\\", "\\"),
        ("a\\", "a\\"),
        ("\\F", "\\F"),
        ("\\\\", "\\\\"),
        ("\\X4\\", "\\X4\\"),
        ("\\XZZ\\", "\\XZZ\\"),
        ("\\X\\", "\\X\\"),
        ("\\P\\", "\\P\\"),
        ("\\.spx\\", "\\.spx\\"),
    ],
)
def test_pitfall_2_known_escapes_are_decoded_all_others_stay(leaf, text):
    assert decoded(leaf) == text


@pytest.mark.parametrize(
    ("leaf", "charset", "text"),
    [
        ("\\XE9\\", "8859/1", "é"),
        ("\\XC3A9\\", "UNICODE UTF-8", "é"),
        ("\\XC3\\\\XA9\\", "UNICODE UTF-8", "é"),
        ("\\XE9\\", "ASCII", "\\XE9\\"),
        ("\\XE0\\", "8859/5", "р"),
        ("\\XB0A1\\", "KS X 1001", "가"),
        ("\\X1B2442467C1B2842\\", "ISO IR87", "日"),
    ],
)
def test_pitfall_2_x_escapes_are_bytes_of_the_declared_set(leaf, charset, text):
    assert decoded(leaf, charset) == text


@pytest.mark.parametrize(
    ("leaf", "text"),
    [  # HL7 v2.5.1 §2.7.3: a single-byte and a multi-byte set, then back to ASCII
        ("a\\M2442\\F|\\C2842\\b", "a日b"),
        ("x\\C2842\\y", "xy"),
        ("\\M242843\\0!\\C2842\\.", "가."),
        ("\\C2842\\x\\T\\y", "x&y"),
    ],
)
def test_c_and_m_escapes_switch_the_set(leaf, text):
    assert decoded(leaf, "ISO IR87") == text


def test_an_unknown_switch_keeps_its_bytes():
    assert decoded("\\C9999\\y", "ISO IR87") == "\\C9999\\y"


def test_other_escape_characters():
    marks = Delimiters.from_encoding_characters("#*@%")
    assert decoded("a@S@b\\S\\", marks=marks) == "a#b\\S\\"
    assert escape_text("a#b@c\\", marks) == "a@S@b@E@c\\"
    plain = Delimiters.from_encoding_characters("^~")
    assert decoded("a\\F\\", marks=plain) == "a\\F\\"
    with pytest.raises(EncodeError, match="no escape character"):
        escape_text("a|b", plain)


@pytest.mark.parametrize(
    "text", ["", "plain", "a|b^c~d\\e&f", "\r\n\x00\t", '""', "é日", "\\F\\", "\\", '"', '"""']
)
def test_escaping_and_back(text):
    escaped = escape_text(text, STANDARD)
    assert decoded(escaped, "UNICODE UTF-8") == text
    assert not set(escaped) & set("|^~&\r\n\x00")
    assert escaped != '""'


def test_the_truncation_character_is_escaped_from_2_7_on():
    marks = Delimiters.from_encoding_characters("^~\\&#")
    assert escape_text("a#b", marks) == "a\\P\\b"
    assert decoded("a\\P\\b#", marks=marks) == "a#b#"


def test_pitfall_2_break_is_a_line_end_in_formatted_text_alone():
    assert decoded("a\\.br\\b") == "a\\.br\\b"
    assert render("a\\.br\\b\\.sp2\\c\\H\\d\\N\\\\.in+3\\", STANDARD) == "a\nb\n\ncd\\.in+3\\"
    assert render("a\\.br\\b", Delimiters.from_encoding_characters("^~")) == "a\\.br\\b"


def test_msh_1_and_2_are_never_decoded():
    message = hl7.parse(b"MSH|^~\\&|A\\F\\B\r")
    assert (message["MSH-1"], message["MSH-2"], message["MSH-3"]) == ("|", "^~\\&", "A|B")


def test_known_escapes_are_found_from_left_to_right():
    found = [match[0] for match in known_escape("\\").finditer("\\X41\\C2842\\F\\S\\Zx\\")]
    assert found == ["\\X41\\", "\\F\\", "\\Zx\\"]


def test_a_long_run_is_linear():
    text = "\\" * 200_000 + "F" + "\\X" * 50_000
    assert len(decoded(text)) >= 200_000
