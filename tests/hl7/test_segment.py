"""One segment: fields by number, leaves decoded, edits that leave the rest."""

import pytest

from chiasm import hl7
from chiasm.errors import EncodeError, UsageError


def segment(text, marks="^~\\&"):
    return hl7.parse(f"MSH|{marks}|A\r{text}\r").segments[1]


def test_structured_values_are_taken_apart_and_decoded():
    pid = segment('PID|1||7^^^H&1.2&ISO~8||O\\T\\N^J|""|')
    assert pid.id == "PID"
    assert pid.value(3) == [[["7"], [""], [""], ["H", "1.2", "ISO"]], [["8"]]]
    assert pid.value(5) == [[["O&N"], ["J"]]]
    assert pid.value(6) == [[[hl7.NULL]]]
    assert pid.value(6)[0][0][0] is hl7.NULL
    assert (pid.value(7), pid.value(8)) == ([], [])
    assert pid.count == 7
    assert [pid.raw(n) for n in (2, 5, 7, 8)] == ["", "O\\T\\N^J", "", None]
    assert pid.text(5) == "O\\T\\N^J"


def test_pitfall_5_absent_empty_and_null_are_three_things():
    pid = segment('PID|||""|a^^"")^""')
    assert pid.get(1, None, None, None) == ""
    assert pid.get(9, None, None, None) is None
    assert pid.get(3, None, None, None) is hl7.NULL
    assert pid.get(4, 1, 2, 1) == ""
    assert pid.get(4, 1, 4, 1) is hl7.NULL
    assert pid.get(4, 1, 5, 1) is None
    assert pid.get(4, 2, None, None) is None


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((3, None, None, None), "7^^^H&1.2&ISO~8"),
        ((3, 1, None, None), "7^^^H&1.2&ISO"),
        ((3, 1, 4, None), "H&1.2&ISO"),
        ((3, 1, 4, 2), "1.2"),
        ((3, None, 4, 2), "1.2"),
        ((3, 2, 1, 1), "8"),
        ((3, 2, None, None), "8"),
        ((3, 3, None, None), None),
        ((3, 1, 9, None), None),
        ((3, 1, 4, 9), None),
    ],
)
def test_parts_by_number(place, value):
    found = segment("PID|1||7^^^H&1.2&ISO~8").get(*place)
    assert found == value
    assert isinstance(found, hl7.Raw) == (value is not None and any(mark in value for mark in "^~&"))


@pytest.mark.parametrize(
    ("place", "value", "text"),
    [
        ((1, None, None, None), "2", "PID|2||7^a&b~8||"),
        ((3, 1, 2, 2), "B", "PID|1||7^a&B~8||"),
        ((3, 1, 2, 4), "d", "PID|1||7^a&b&&d~8||"),
        ((3, 1, 4, None), "x|y", "PID|1||7^a&b^^x\\F\\y~8||"),
        ((3, 2, None, None), ("p", ("q", "r")), "PID|1||7^a&b~p^q&r||"),
        ((3, 4, None, None), "z", "PID|1||7^a&b~8~~z||"),
        ((3, 1, 2, None), ("c", "d"), "PID|1||7^c&d~8||"),
        ((3, None, None, None), ["a", "b"], "PID|1||a~b||"),
        ((3, None, None, None), hl7.NULL, 'PID|1||""||'),
        ((3, None, None, None), None, "PID|1||||"),
        ((7, None, 2, None), "n", "PID|1||7^a&b~8||||^n"),
        ((5, None, None, None), "", "PID|1||7^a&b~8||"),
    ],
)
def test_an_edit_makes_the_delimiters_it_needs_and_changes_nothing_else(place, value, text):
    pid = segment("PID|1||7^a&b~8||")
    pid.set(*place, value)
    assert str(pid) == text


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((3, 2, None, None), ["a"]),
        ((3, 1, 2, 1), ("a", "b")),
        ((3, 1, 2, None), (("a", "b"),)),
        ((3, 1, 1, 1), 5),
    ],
)
def test_a_value_with_more_parts_than_its_place_is_refused(place, value):
    pid = segment("PID|1||7^a&b~8||")
    with pytest.raises(UsageError):
        pid.set(*place, value)
    assert str(pid) == "PID|1||7^a&b~8||"


def test_raw_text_is_placed_as_it_is():
    pid = segment("PID|1")
    pid.set(3, None, None, None, hl7.Raw("7^^^H~8"))
    assert str(pid) == "PID|1||7^^^H~8"


def test_pitfall_1_the_separator_is_the_headers_first_field():
    header = hl7.parse(b"MSH|^~\\&|A|B\r").header
    assert [header.text(n) for n in range(1, 6)] == ["|", "^~\\&", "A", "B", None]
    assert header.value(2) == [[["^~\\&"]]]
    assert header.count == 4
    for number in (1, 2):
        with pytest.raises(UsageError, match="delimiters"):
            header.set(number, None, None, None, "#")


def test_parts_that_the_message_has_no_delimiter_for():
    note = segment("NTE|1", "^")
    assert note.get(1, 2, None, None) is None
    assert note.get(1, 1, 1, 2) is None
    note.set(1, None, 2, None, "b")
    with pytest.raises(UsageError, match="no delimiter"):
        note.set(1, 2, None, None, "x")
    with pytest.raises(EncodeError):
        note.set(3, None, None, None, "a|b")


def test_a_refused_edit_changes_nothing():
    note = segment("NTE|1", "^")
    with pytest.raises(UsageError):
        note.set(9, 2, None, None, "x")
    assert str(note) == "NTE|1"


def test_an_absurd_number_is_refused():
    note = segment("NTE|1")
    for place in ((999_999, None, None, None), (1, 999_999_999, None, None), (1, 1, 999_999, None)):
        with pytest.raises(UsageError, match="too high"):
            note.set(*place, "x")


def test_leaves_and_walk_agree():
    obx = segment('OBX|1|NM|a^b&c~d\\T\\e^""||x y^|~|&')
    walked = [(f"{f}[{r}].{c}.{s}", leaf) for f, r, c, s, leaf in obx.walk()]
    assert walked == obx.leaves("")
    assert walked == [
        ("1[1].1.1", "1"), ("2[1].1.1", "NM"), ("3[1].1.1", "a"), ("3[1].2.1", "b"), ("3[1].2.2", "c"),
        ("3[2].1.1", "d&e"), ("3[2].2.1", '""'), ("5[1].1.1", "x y"),
    ]  # fmt: skip


def test_odd_ids():
    assert [segment(text).id for text in ("ZDS", "Z", "PIDX|1", "P|1", "PID1")] == [
        "ZDS",
        "Z",
        "PIDX",
        "P",
        "PID1",
    ]
    assert repr(segment("PID|1")) == "Segment('PID|1')"
