"""Values of foreign observations, each taken as it is or refused. HL7 v2.5.1 §2.A; PS3.3 §C.18."""

from __future__ import annotations

from typing import Any

import pytest

from chiasm import hl7
from chiasm.errors import MappingError
from chiasm.mapping.report_obx import Obx, observations
from chiasm.mapping.report_values import NO_UNITS, actionable, coded, flags, limits, numbered, valued
from chiasm.model import Attribute, Coded


def _obx(line: str) -> Obx:
    return observations(hl7.parse("MSH|^~\\&|A|B|||1||ORU^R01|1|P|2.5.1\r" + line))[0]


@pytest.mark.parametrize(
    ("kind", "value", "fields", "value_type"),
    [
        ("TX", "one~two", {"text": "one\r\ntwo"}, "TEXT"),
        ("FT", "one\\.br\\two", {"text": "one\r\ntwo"}, "TEXT"),
        ("ST", "one", {"text": "one"}, "TEXT"),
        ("NM", "12.50", {"numbers": ("12.50",)}, "NUM"),
        ("SN", ">^100", {"numbers": ("100",)}, "NUM"),
        ("CE", "4^Mass^SCT", {"code": Coded("4", "SCT", "Mass")}, "CODE"),
        ("CWE", "4^Mass^SCT^^^^2024", {"code": Coded("4", "SCT", "Mass", "2024")}, "CODE"),
        ("CE", "^just words", {"text": "just words"}, "TEXT"),
        ("DT", "20240131", {"text": "20240131"}, "DATE"),
        ("TM", "1200", {"text": "1200"}, "TIME"),
        ("TS", "20240131120000+0100", {"text": "20240131120000+0100"}, "DATETIME"),
        ("XPN", "Doe^Jane^^Jr^Dr", {"text": "Doe^Jane^^Dr^Jr"}, "PNAME"),
        ("XCN", "7^Doe^Jane", {"text": "Doe^Jane"}, "PNAME"),
        ("HD", "^1.2.3^ISO", {"text": "1.2.3"}, "UIDREF"),
    ],
)
def test_a_value_of_each_type(kind: str, value: str, fields: dict[str, Any], value_type: str) -> None:
    assert valued(_obx(f"OBX|1|{kind}|1^Name^LN||{value}||||||F")) == (fields, value_type)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("TX", ""),
        ("NM", "abc"),
        ("NM", ""),
        ("SN", "^1^:^128"),
        ("CE", ""),
        ("CE", "1^a^L~2^b^L"),
        ("CWE", f"1^{'m' * 65}^L"),
        ("DT", "2024"),
        ("ED", "^AP^PDF^Base64^AAE="),
        ("RP", "x"),
        ("HD", "not a uid"),
        ("CP", "1"),
        ("XPN", f"{'n' * 65}"),
    ],
)
def test_what_no_item_can_hold_is_refused(kind: str, value: str) -> None:
    with pytest.raises(MappingError):
        valued(_obx(f"OBX|1|{kind}|1^Name^LN||{value}||||||F"))


@pytest.mark.parametrize(
    ("unit", "wanted"),
    [
        ("mm^millimeter^UCUM", Coded("mm", "UCUM", "millimeter")),
        ("mm", Coded("mm", "UCUM", "mm")),
        ("mm^^ISO+", Coded("mm", "ISO+", "mm")),
        ("", NO_UNITS),
    ],
)
def test_a_number_has_a_unit_or_is_said_to_have_none(unit: str, wanted: Coded) -> None:
    one = _obx(f"OBX|1|NM|1^Name^LN||1|{unit}|||||F")
    assert numbered(one, valued(one)[0]) == wanted


def test_a_number_too_long_for_ds_stands_exact_as_fd() -> None:
    one = _obx("OBX|1|NM|1^Name^LN||3.14159265358979323846||||||F")
    fields = valued(one)[0]
    numbered(one, fields)
    assert fields["numbers"] == ("3.14159265",)
    assert fields["attributes"] == (Attribute("0040A300/0/0040A161", "FD", "3.141592653589793"),)


def test_a_name_without_a_code_is_its_own_local_code() -> None:
    assert coded(_obx("OBX|1|TX|^SR Text||x||||||F"), 3) == Coded("SR Text", "L", "SR Text")


def test_flags_are_concepts() -> None:
    assert flags(_obx("OBX|1|NM|1^N^LN||1|||H~AA^Critical^HL70078|||F")) == [
        Coded("371879000", "SCT", "Abnormally High"),
        Coded("AA", "HL70078", "Critical"),
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2-8", ("2", "8")),
        ("-2.5 - 8", ("-2.5", "8")),
        (">2", ("2", "")),
        ("<=8", ("", "8")),
        ("negative", ("", "")),
    ],
)
def test_a_reference_range_has_limits_where_it_is_of_numbers(text: str, wanted: tuple[str, str]) -> None:
    assert limits(_obx(f"OBX|1|NM|1^N^LN||1||{text}||||F")) == wanted


def test_an_actionable_category_is_one_of_radlex() -> None:
    assert actionable(_obx("OBX|1|TX|1^N^LN||x||||||F||||RID50261^Non-actionable^RadLex")) == Coded(
        "RID50261", "RadLex", "Non-actionable"
    )
    assert actionable(_obx("OBX|1|TX|1^N^LN||x||||||F||||LAB^A laboratory^L")) is None
