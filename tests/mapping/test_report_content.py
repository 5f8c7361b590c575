"""Foreign observations become sections of text or groups of measurements. PS3.16 §TID 1500, §TID 2000."""

from __future__ import annotations

from chiasm import hl7
from chiasm.mapping.report_content import build, has_numbers
from chiasm.mapping.report_obx import Obx, observations
from chiasm.model import Coded, NameGroup, Person, PersonName

PROCEDURE = Coded("24627-2", "LN", "Chest CT")
READER = Person(PersonName(NameGroup("Doe", "Jane")))


def _found(*lines: str) -> list[Obx]:
    return observations(hl7.parse("\r".join(["MSH|^~\\&|A|B|||1||ORU^R01|1|P|2.5.1", *lines])))


def test_texts_stand_in_a_section_for_each_code() -> None:
    found = _found(
        "OBX|1|TX|59776-5^Findings^LN|1|first||||||F",
        "OBX|2|TX|19005-8^Impression^LN|1|second|||A|||F",
        "OBX|3|CE|59776-5^Findings^LN|2|4^Mass^SCT||||||F",
    )
    items = build(found, (PROCEDURE,), READER, "Doe^Jane")
    shown = [(item.position, item.value_type, item.name and item.name.meaning) for item in items]
    assert shown == [
        ((1,), "CONTAINER", "Diagnostic Imaging Report"),
        ((1, 1), "CODE", "Observer Type"),
        ((1, 2), "PNAME", "Person Observer Name"),
        ((1, 3), "CODE", "Procedure reported"),
        ((1, 4), "CONTAINER", "Findings"),
        ((1, 4, 1), "TEXT", "Findings"),
        ((1, 4, 2), "CODE", "Findings"),
        ((1, 5), "CONTAINER", "Impression"),
        ((1, 5, 1), "TEXT", "Impression"),
        ((1, 5, 1, 1), "CODE", "Normality"),
    ]
    assert items[0].template == "2000"


def test_numbers_stand_in_a_group_for_each_prefix() -> None:
    found = _found(
        "OBX|1|NM|410668003^Length^SCT|1.1|12.5|mm^^UCUM|5-20||||F||||||126410^Calipers^DCM",
        "OBX|2|CWE|363698007^Finding Site^SCT|1.2|39607008^Lung^SCT||||||F",
        "OBX|3|SN|410668003^Length^SCT|2.1|>^100|mm^^UCUM|||||F",
    )
    assert has_numbers(found)
    items = build(found, (), None, "")
    shown = [(item.position, item.relationship, item.value_type) for item in items]
    assert shown == [
        ((1,), "", "CONTAINER"),
        ((1, 1), "CONTAINS", "CONTAINER"),
        ((1, 1, 1), "CONTAINS", "CONTAINER"),
        ((1, 1, 1, 1), "HAS OBS CONTEXT", "TEXT"),
        ((1, 1, 1, 2), "CONTAINS", "NUM"),
        ((1, 1, 1, 2, 1), "HAS CONCEPT MOD", "CODE"),
        ((1, 1, 1, 2, 2), "HAS PROPERTIES", "NUM"),
        ((1, 1, 1, 2, 3), "HAS PROPERTIES", "NUM"),
        ((1, 1, 1, 3), "HAS CONCEPT MOD", "CODE"),
        ((1, 1, 2), "CONTAINS", "CONTAINER"),
        ((1, 1, 2, 1), "HAS OBS CONTEXT", "TEXT"),
        ((1, 1, 2, 2), "CONTAINS", "NUM"),
        ((1, 1, 2, 2, 1), "HAS CONCEPT MOD", "TEXT"),
    ]
    assert (items[0].template, items[2].template, items[3].text) == ("1500", "1501", "1")
    assert items[-1].text == ">"


def test_what_is_refused_leaves_no_heading_behind() -> None:
    found = _found(
        "OBX|1|NM|1^Good^LN|1.1|5||||||F",
        "OBX|2|NM|2^Bad^LN|2.1|five||||||F",
        "OBX|3|NM|3^Late^LN|3.1|5||||||F|||not a time",
        "OBX|4|NM|4^Withdrawn^LN|4.1|5||||||W",
    )
    items = build(found, (), None, "")
    assert [item.name.meaning for item in items if item.name and item.value_type == "NUM"] == ["Good"]
    assert sum(item.value_type == "CONTAINER" for item in items) == 3
    assert [bool(one.refusal) for one in found] == [False, True, True, True]
    assert "no result" in found[3].refusal


def test_without_content_there_is_no_tree() -> None:
    assert build(_found("OBX|1|TX|1^Name^LN||||||||F"), (PROCEDURE,), READER, "Doe^Jane") == ()
