"""Composing whole messages."""

import pytest

from chiasm import hl7
from chiasm.errors import EncodeError, UsageError

HEADER = ("MSH", {3: "A", 9: ("ORU", "R01", "ORU_R01"), 10: "7", 11: "P", 12: "2.5.1"})


def test_golden_bytes():
    made = hl7.compose(
        [HEADER, ("PID", {3: [("1", None, None, ("H", "1.2", "ISO"), "MR"), "2"], 5: ("O|N", "J")})]
    )
    assert made.encode() == (
        b"MSH|^~\\&|A||||||ORU^R01^ORU_R01|7|P|2.5.1\r"  # MSH-1 and -2 filled in; empty fields 4 to 8
        b"PID|||1^^^H&1.2&ISO^MR~2||O\\F\\N^J\r"  # repetition, component, subcomponent; the separator escaped
    )
    assert made["PID-3[1].4.2"] == "1.2"
    assert made["PID-5.1"] == "O|N"
    assert hl7.parse(made.encode()).encode() == made.encode()


def test_text_beyond_ascii_declares_utf_8_and_ascii_declares_nothing():
    assert hl7.compose([HEADER])["MSH-18"] is None
    made = hl7.compose([HEADER, ("NTE", {3: "山"})])
    assert made["MSH-18"] == "UNICODE UTF-8"
    assert "山".encode() in made.encode()


def test_a_set_named_in_the_header_counts():
    made = hl7.compose([("MSH", {18: "8859/1"}), ("NTE", {3: "é"})])
    assert made.encode().endswith(b"NTE|||\xe9\r")
    with pytest.raises(EncodeError, match="cannot hold"):
        hl7.compose([("MSH", {18: "8859/1"}), ("NTE", {3: "山"})])
    several = hl7.compose([("MSH", {18: ["8859/1", "ISO IR87"]}), ("NTE", {3: "é山"})])
    assert several.encode().endswith(b"NTE|||\xe9\x1b$B;3\x1b(B\r")
    assert hl7.compose([HEADER, ("NTE", {3: "é山"})], charset=("8859/1", "ISO IR87")).charset == (
        "8859/1",
        "ISO IR87",
    )


@pytest.mark.parametrize(("marks", "field"), [("^~\\&#", "|"), ("#*@%", "|"), ("^~", "|"), ("^~\\&", "$")])
def test_other_delimiters(marks, field):
    made = hl7.compose([HEADER, ("NTE", {3: ("a", "b")})], encoding_characters=marks, field_separator=field)
    assert (made["MSH-1"], made["MSH-2"]) == (field, marks)
    assert made["NTE-3.2"] == "b"
    assert hl7.parse(made.encode())["NTE-3.1"] == "a"


@pytest.mark.parametrize(
    ("marks", "field"), [("^", "|"), ("^~\\&#!", "|"), ("^^\\&", "|"), ("|~", "|"), ("a~", "|"), ("^ ", "|"), ("é~", "|"),
                         ("^~", "||"), ("^\r", "|")]
)  # fmt: skip
def test_delimiters_that_cannot_be(marks, field):
    with pytest.raises(UsageError, match="encoding characters"):
        hl7.compose([HEADER], encoding_characters=marks, field_separator=field)


@pytest.mark.parametrize("segments", [[], [("PID", {})], [("FHS", {})]])
def test_a_message_begins_with_its_header(segments):
    with pytest.raises(UsageError):
        hl7.compose(segments)


def test_a_header_later_on_would_be_another_message():
    made = hl7.compose([HEADER, ("NTE", {3: "MSH|^~"})])
    assert len(hl7.parse(made.encode()).segments) == 2


def test_a_fifty_megabyte_value_takes_no_loop_over_characters():
    big = "QUJD" * 12_500_000
    made = hl7.compose([HEADER, ("OBX", {2: "ED", 5: ("", "AP", "Octet-stream", "Base64", big)})])
    message = hl7.parse(made.encode())
    assert message["OBX-5.5"] == big
    assert sum(len(leaf) for _, leaf in message.walk()) > len(big)
    message["MSH-10"] = "8"
    assert len(message.encode()) == len(made.encode())


def test_a_segment_that_is_er7_already_is_placed_as_it_is():
    message = hl7.compose([("MSH", {9: "ORU", 12: "2.5.1"}), hl7.Raw(r"OBX|1|ST|X^Y||a\T\b")])
    assert message["OBX-5"] == "a&b"
    with pytest.raises(UsageError, match="OBX"):
        hl7.compose([hl7.Raw("OBX|1")])
