"""Observations of Chiasm's own form become a tree, and broken ones are refused. docs/mapping-sr.md."""

from __future__ import annotations

import pytest

from chiasm import hl7
from chiasm.errors import LimitError, MappingError
from chiasm.mapping.report_obx import observations
from chiasm.mapping.sr_rebuild import is_own, path_of, rebuild
from chiasm.model import Attribute, Coded, Content, Instant, Reference

ROOT = "OBX|1|ST|1^Root^99X^CONTAINER^;SEPARATE^99CHIASM|1|Root||||||F"


def _items(*lines: str) -> tuple[Content, ...]:
    text = "\r".join(["MSH|^~\\&|A|B|||20240131||ORU^R01^ORU_R01|1|P|2.5.1", "PID|||1", "OBR|1", *lines])
    return rebuild(observations(hl7.parse(text))).items


def test_the_root() -> None:
    assert _items(ROOT) == (Content((1,), "", "CONTAINER", Coded("1", "99X", "Root"), "SEPARATE"),)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "OBX|2|NM|2^Length^SCT^NUM^CONTAINS^99CHIASM|1.1|12.50|mm^millimeter^UCUM|||||F|||20240131120000",
            Content(
                (1, 1),
                "CONTAINS",
                "NUM",
                Coded("2", "SCT", "Length"),
                numbers=("12.50",),
                unit=Coded("mm", "UCUM", "millimeter"),
                observed=Instant("20240131120000"),
            ),
        ),
        (
            "OBX|2|SN|2^Length^SCT^NUM^CONTAINS^99CHIASM|1.1|>^100||||||F",
            Content((1, 1), "CONTAINS", "NUM", Coded("2", "SCT", "Length"), numbers=("100",)),
        ),
        (
            "OBX|2|CWE|2^Finding^DCM^CODE^CONTAINS^99CHIASM|1.1|4^Mass^SCT^^^^2024||||||F",
            Content(
                (1, 1),
                "CONTAINS",
                "CODE",
                Coded("2", "DCM", "Finding"),
                code=Coded("4", "SCT", "Mass", "2024"),
            ),
        ),
        (
            "OBX|2|TX|TEXT^CONTAINS;LF^99CHIASM|1.1|a~b||||||F",
            Content((1, 1), "CONTAINS", "TEXT", None, "a\nb"),
        ),
        (
            "OBX|2|ST|IMAGE^CONTAINS^99CHIASM|1.1|1.2.9#1,2;segments=3||||||F",
            Content((1, 1), "CONTAINS", "IMAGE", reference=Reference("", "1.2.9", (1, 2), (3,))),
        ),
        (
            "OBX|2|XPN|PNAME^CONTAINS^99CHIASM|1.1|Doe^Jane||||||F",
            Content((1, 1), "CONTAINS", "PNAME", None, "Doe^Jane"),
        ),
        (
            "OBX|2|ST|by-reference^INFERRED FROM^99CHIASM|1.1|1.1||||||F",
            Content((1, 1), "INFERRED FROM", by_reference=(1, 1)),
        ),
    ],
)
def test_an_item_of_each_form(line: str, wanted: Content) -> None:
    assert _items(ROOT, line)[1] == wanted


def test_what_follows_an_item_belongs_to_it() -> None:
    lines = (
        "OBX|2|TM|TIME^CONTAINS^99CHIASM|1.1|120000.1234||||||F",
        "OBX|3|TX|0040A122^Time^99CHIASM^TM^^99DCMVR|1.1|120000.123456||||||F",
        "OBX|4|ST|0040A171^ObservationUID^99CHIASM|1.1|1.2.8||||||F",
        "OBX|5|ED|00091011^^99CHIASM^OB^^99DCMVR|1.1|^AP^Octet-stream^Base64^AAE=||||||F",
    )
    wanted = Content(
        (1, 1),
        "CONTAINS",
        "TIME",
        None,
        "120000.123456",
        identifier="1.2.8",
        attributes=(Attribute("00091011", "OB", "AAE="),),
    )
    assert _items(ROOT, *lines)[1] == wanted


def test_the_class_of_a_reference_is_that_of_the_evidence() -> None:
    evidence = (
        "OBX|9|ST|0040A375^CurrentRequestedProcedureEvidenceSequence^99CHIASM||1.1~1.2~1.3~1.2.9||||||F"
    )
    found = _items(evidence, ROOT, "OBX|2|ST|IMAGE^CONTAINS^99CHIASM|1.1|1.2.9||||||F")
    assert found[1].reference == Reference("1.3", "1.2.9")


def test_versions_said_once_are_those_of_all() -> None:
    version = "OBX|9|ST|00080103^CodingSchemeVersion^99CHIASM||99X~7||||||F"
    assert _items(version, ROOT)[0].name == Coded("1", "99X", "Root", "7")


@pytest.mark.parametrize(
    "lines",
    [
        (ROOT, ROOT),
        (ROOT, "OBX|2|TX|TEXT^CONTAINS^99CHIASM|1.2|x||||||F"),
        (ROOT, "OBX|2|TX|TEXT^CONTAINS^99CHIASM|1.1.1|x||||||F"),
        (ROOT, "OBX|2|TX|TEXT^CONTAINS^99CHIASM|one|x||||||F"),
        (ROOT, "OBX|2|TX|TEXT^CONTAINS^99CHIASM|@7.1|x||||||F"),
        (ROOT, "OBX|2|TX|0040A171^ObservationUID^99CHIASM|1.1|x||||||F"),
        (ROOT, "OBX|2|ST|IMAGE^CONTAINS^99CHIASM|1.1|1.2.9#one||||||F"),
        (ROOT, "OBX|2|ST|by-reference^CONTAINS^99CHIASM|1.1|one||||||F"),
    ],
)
def test_what_is_no_tree_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(MappingError):
        _items(*lines)


def test_depth_has_a_budget() -> None:
    lines = [ROOT]
    lines += [f"OBX|{n}|ST|CONTAINER^CONTAINS^99CHIASM|@{n - 1}.1|x||||||F" for n in range(2, 1100)]
    with pytest.raises(LimitError):
        _items(*lines)


def test_other_observations_are_not_of_this_form() -> None:
    text = "MSH|^~\\&|A|B|||1||ORU^R01|1|P|2.5.1\rOBX|1|NM|2^Length^LN||1||||||F\r" + ROOT
    assert [is_own(one) for one in observations(hl7.parse(text))] == [False, True]


def test_the_place_of_an_item_in_a_data_set() -> None:
    assert path_of((1,)) == "0040A040"
    assert path_of((1, 2, 1)) == "0040A730/1/0040A730/0"
