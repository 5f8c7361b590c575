"""The ER7 text of values: HL7 v2.5.1 §2.5, §2.7."""

import pytest

from chiasm import hl7
from chiasm.errors import UsageError
from chiasm.hl7.delimiters import NULL, STANDARD, Delimiters, Raw
from chiasm.hl7.fieldtext import field_text, segment_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", ""),
        ("a", "a"),
        ("a^b", "a\\S\\b"),
        (NULL, '""'),
        ('""', '\\X22\\"'),
        (Raw("a^b&c"), "a^b&c"),
        (("a", None, "b"), "a^^b"),
        (("a", None, ""), "a"),
        (((None, "x"), ("y", "")), "&x^y"),
        (["a", "b"], "a~b"),
        (["a", None], "a~"),
        ([("a", "b"), "c"], "a^b~c"),
        ([], ""),
        ((), ""),
        (("", NULL), '^""'),
    ],
)
def test_field_text(value, text):
    assert field_text(value, STANDARD) == text


@pytest.mark.parametrize("value", [5, 1.5, b"x", ("a", 3), [["nested"]], (("a", ("b",)),), {"a": 1}])
def test_a_leaf_is_text(value):
    with pytest.raises(UsageError):
        field_text(value, STANDARD)


def test_parts_without_a_separator_are_refused():
    marks = Delimiters.from_encoding_characters("^")
    assert field_text(("a", "b"), marks) == "a^b"
    with pytest.raises(UsageError, match="repetition"):
        field_text(["a", "b"], marks)
    with pytest.raises(UsageError, match="subcomponent"):
        field_text((("a", "b"),), marks)


@pytest.mark.parametrize(
    ("name", "fields", "header", "text"),
    [
        ("PID", {}, False, "PID"),
        ("PID", {3: "a", 1: "1"}, False, "PID|1||a"),
        ("PID", {1: "1", 9: None}, False, "PID|1"),
        ("PID", {2: None}, False, "PID"),
        ("MSH", {}, True, "MSH|^~\\&"),
        ("MSH", {1: "|", 2: "?"}, True, "MSH|^~\\&"),
        ("MSH", {1: "|"}, True, "MSH|^~\\&"),
        ("MSH", {3: "A|B", 10: "1"}, True, "MSH|^~\\&|A\\F\\B|||||||1"),
    ],
)
def test_pitfall_1_fields_are_placed_by_number(name, fields, header, text):
    assert segment_text(name, fields, STANDARD, header=header) == text


@pytest.mark.parametrize("text", ["a|b", "a\rPID|1", "a\n"])
def test_raw_text_cannot_break_out_of_its_field(text):
    with pytest.raises(UsageError, match="raw text"):
        field_text((Raw(text), "x"), STANDARD)
    message = hl7.parse(b"MSH|^~\\&|A\rNTE|1\r")
    with pytest.raises(UsageError, match="raw text"):
        message["NTE-3"] = Raw(text)
    assert str(message) == "MSH|^~\\&|A\rNTE|1\r"
