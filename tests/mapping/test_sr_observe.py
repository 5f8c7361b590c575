"""Content items as observations: docs/mapping-sr.md; HL7 v2.5.1 §7.4.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chiasm.mapping.sr_observe import LONGEST, Observer, sub_id
from chiasm.model import Attribute, Coded, Content, Instant, Reference

if TYPE_CHECKING:
    from chiasm.mapping.writing import SegmentRow

NAME = Coded("1", "99X", "Name")


def _observed(*items: Content, classes: dict[str, str] | None = None) -> list[dict[int, Any]]:
    segments: list[SegmentRow] = []
    Observer(segments, "F", classes or {}).write(items)
    return [fields for _, fields in segments]


def _one(value_type: str, **fields: Any) -> dict[int, Any]:
    return _observed(Content((1, 2), "CONTAINS", value_type, NAME, **fields))[0]


def test_an_item_has_its_name_type_relationship_and_position() -> None:
    found = _one("TEXT", text="said")
    assert found == {
        1: "1",
        2: "TX",
        3: ("1", "Name", "99X", "TEXT", "CONTAINS", "99CHIASM"),
        4: "1.2",
        5: "said",
        11: "F",
    }


@pytest.mark.parametrize(
    ("value_type", "fields", "kind", "value"),
    [
        ("NUM", {"numbers": ("12.5",)}, "NM", "12.5"),
        ("NUM", {"numbers": ("1", "2")}, "NM", ["1", "2"]),
        ("NUM", {}, "NM", ""),
        (
            "CODE",
            {"code": Coded("4", "SCT", "Mass", "2024")},
            "CWE",
            ("4", "Mass", "SCT", "", "", "", "2024"),
        ),
        ("DATE", {"text": "20240131"}, "DT", "20240131"),
        ("DATE", {"text": "2024.01.31"}, "ST", "2024.01.31"),
        ("TIME", {"text": "120000.5"}, "TM", "120000.5"),
        ("DATETIME", {"text": "20240131120000+0100"}, "TS", "20240131120000+0100"),
        ("UIDREF", {"text": "1.2.3"}, "ST", "1.2.3"),
        ("PNAME", {"text": "Doe^Jane"}, "XPN", [("Doe", "Jane", "", "", "", "", "", "")]),
        ("IMAGE", {"reference": Reference("1.1", "1.2", (1, 2), (3,))}, "ST", "1.2#1,2;segments=3"),
        ("SCOORD", {"graphic": "POINT", "coordinates": ("1", "2")}, "ST", ["POINT", "1", "2"]),
        ("TABLE", {"text": "2x3"}, "ST", "2x3"),
        ("CONTAINER", {"text": "SEPARATE"}, "ST", "Name"),
    ],
)
def test_each_value_type_has_its_v2_type(
    value_type: str, fields: dict[str, Any], kind: str, value: object
) -> None:
    found = _one(value_type, **fields)
    assert (found[2], found[5]) == (kind, value)


def test_a_number_has_its_unit_and_an_exponent_is_written_out() -> None:
    item = Content((1,), "", "NUM", NAME, numbers=("1.2e-05",), unit=Coded("Gy.m2", "UCUM", "Gy.m2"))
    first, exact = _observed(item)
    assert (first[5], first[6]) == ("0.000012", ("Gy.m2", "Gy.m2", "UCUM"))
    assert exact[3] == ("0040A30A", "NumericValue", "99CHIASM", "DS", "0040A300/0/0040A30A", "99DCMVR")
    assert exact[5] == "1.2e-05"


def test_a_flood_of_zeros_is_not_written() -> None:
    assert _one("NUM", numbers=("1E300",))[5] == ""


def test_a_time_is_cut_to_four_digits_and_stands_exact_beside() -> None:
    found = _observed(Content((1,), "", "TIME", NAME, text="120000.123456"))
    assert [(one[2], one[5]) for one in found] == [("TM", "120000.1234"), ("TX", "120000.123456")]


@pytest.mark.parametrize(
    ("text", "value", "ends"),
    [
        ("a\r\nb", ["a", "b"], "CONTAINS"),
        ("a\nb", ["a", "b"], "CONTAINS;LF"),
        ("a\rb", ["a", "b"], "CONTAINS;CR"),
        ("a\r\nb\nc", "a\r\nb\nc", "CONTAINS"),
    ],
)
def test_lines_are_repetitions(text: str, value: object, ends: str) -> None:
    found = _one("TEXT", text=text)
    assert (found[5], found[3][4]) == (value, ends)


def test_an_item_without_a_name_is_named_by_its_type() -> None:
    assert _observed(Content((1,), "CONTAINS", "IMAGE"))[0][3] == ("IMAGE", "CONTAINS", "99CHIASM")


def test_a_pointer_names_the_position_it_points_at() -> None:
    found = _observed(Content((1, 3), "INFERRED FROM", by_reference=(1, 2, 1)))[0]
    assert (found[3], found[5]) == (("by-reference", "INFERRED FROM", "99CHIASM"), "1.2.1")


def test_what_has_no_field_follows_under_the_same_position() -> None:
    item = Content(
        (1,),
        "",
        "NUM",
        NAME,
        qualifier=Coded("114000", "DCM", "Not a number"),
        identifier="1.2.8",
        observed=Instant("20240131120000"),
        attributes=(Attribute("00091011", "OB", "AAE="),),
    )
    first, qualifier, identifier, private = _observed(item)
    assert first[14] == "20240131120000"
    assert (qualifier[3][0], qualifier[5]) == ("0040A301", ("114000", "Not a number", "DCM"))
    assert (identifier[3][1], identifier[5]) == ("ObservationUID", "1.2.8")
    assert (private[2], private[5][4]) == ("ED", "AAE=")
    assert {one[4] for one in (first, qualifier, identifier, private)} == {"1"}


def test_versions_that_agree_are_said_once() -> None:
    unit = Coded("mm", "UCUM", "millimeter", "1.4")
    items = [Content((1, n), "CONTAINS", "NUM", NAME, numbers=("1",), unit=unit) for n in (1, 2)]
    found = _observed(*items)
    assert [one[3][1] for one in found] == ["CodingSchemeVersion", "Name", "Name"]
    assert found[0][5] == ["UCUM", "1.4"]


def test_a_class_that_the_evidence_says_is_not_said_again() -> None:
    item = Content((1,), "", "IMAGE", reference=Reference("1.1", "1.2"))
    assert len(_observed(item, classes={"1.2": "1.1"})) == 1
    assert _observed(item)[1][5] == "1.1"


def test_a_position_too_long_counts_from_the_observation_above() -> None:
    deep = tuple(range(10, 17))
    assert len(".".join(map(str, deep))) == LONGEST
    assert sub_id(deep, {}) == "10.11.12.13.14.15.16"
    assert sub_id((*deep, 3), {deep: 17}) == "@17.3"
