"""The separators that a header declares, in any number and of any kind."""

import pytest

from chiasm.errors import ParseError
from chiasm.hl7.delimiters import NULL, STANDARD, Delimiters, Raw


@pytest.mark.parametrize(
    ("marks", "expected"),
    [  # component, repetition, escape, subcomponent, truncation: HL7 v2.7 §2.5.5.2
        ("^~\\&", ("^", "~", "\\", "&", "")),
        ("^~\\&#", ("^", "~", "\\", "&", "#")),
        ("^~", ("^", "~", "", "", "")),
        ("^", ("^", "", "", "", "")),
        ("", ("", "", "", "", "")),
        ("#*@%", ("#", "*", "@", "%", "")),
        ("^~\\&#extra", ("^", "~", "\\", "&", "#")),
    ],
)
def test_pitfall_3_msh_2_may_have_any_number_of_characters(marks, expected):
    found = Delimiters.from_header(f"MSH|{marks}|A")
    assert (found.component, found.repetition, found.escape, found.subcomponent, found.truncation) == expected
    assert found.encoding_characters == marks[:5]


def test_the_usual_ones_are_one_object():
    assert Delimiters.from_header("MSH|^~\\&|x") is STANDARD
    assert Delimiters.from_header("BHS$^~\\&$x").field == "$"


@pytest.mark.parametrize("line", ["MSH", "MSHA^~", "MSH 1", "PID|^~\\&|", "", "MSH\t"])
def test_a_header_without_a_separator_is_refused(line):
    with pytest.raises(ParseError, match="no field separator"):
        Delimiters.from_header(line)


def test_the_null_equals_its_text_and_is_told_apart_by_identity():
    assert NULL == '""'
    assert repr(NULL) == "hl7.NULL"
    assert isinstance(Raw("a^b"), str)


def test_patterns_find_what_needs_an_escape_and_what_nests():
    assert STANDARD.special.search("plain \t text") is None
    assert all(STANDARD.special.search(char) for char in "|^~\\&\r\x00\x7f")
    assert [bool(STANDARD.nested.search(char)) for char in "^~\\&"] == [False, True, True, True]
    assert Delimiters("|", "^", "", "", "").nested.search("~&\\") is None
