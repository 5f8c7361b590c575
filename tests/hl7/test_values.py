"""Fields, components and codes against the tables of a version, each fault at its path."""

from __future__ import annotations

import pytest

from chiasm.errors import Severity
from chiasm.hl7.delimiters import Delimiters
from chiasm.hl7.values import ValueCheck
from chiasm.standards import hl7tables


def findings(segment, version="2.5.1"):
    found = []
    fields = segment.split("|")
    if fields[0] == "MSH":
        fields.insert(1, "|")
    ValueCheck(hl7tables.version(version), Delimiters(), found).segment(f"{fields[0]}[1]", fields[0], fields)
    return found


OBX = "OBX|1|{}|A^B||{}||||||F"


@pytest.mark.parametrize(
    ("segment", "rule", "path"),
    [
        ("PID|1||||A^B", "missing-field", "PID[1]-3"),
        ("PID|1||^^^~^|| A^B", "missing-field", "PID[1]-3"),
        ("PID|1||^^^X||A^B", "missing-component", "PID[1]-3[1].1"),
        ("PID|1||1^^^A&1.2||A^B", "missing-conditional-component", "PID[1]-3[1].4.3"),
        ("OBR|1|1^^^ISO||A", "missing-conditional-component", "OBR[1]-2[1].3"),
        ("PID|x||1||A^B", "value-format", "PID[1]-1[1]"),
        ("PID|1||1||A^B||20260230", "value-format", "PID[1]-7[1].1"),
        ("PID|1||1^^^A&B&C&D||A^B", "surplus-component", "PID[1]-3[1].4.4"),
        ("PID|1||1^^^^^^2026x||A^B", "value-format", "PID[1]-3[1].7"),
        ("PID|1||1~2||A^B||2026|A^B", "delimiter-in-primitive", "PID[1]-8[1]"),
        ("PID|1||1||A^B&C&D&E&F&G||", "delimiter-in-primitive", "PID[1]-5[1].2"),
        ("PID|1||1||A^B|||||||||||||1~2", "surplus-repetition", "PID[1]-18[2]"),
        ("PID|1||1||A^B|||||||||||||1234567890123456", "over-long", "PID[1]-18[1].1"),
        ("PID|1||1||A^B" + "|" * 35 + "x", "surplus-field", "PID[1]-40"),
        ("OBR|1||||R", "missing-field", "OBR[1]-4"),
        (OBX.format("NM", "abc"), "value-format", "OBX[1]-5[1]"),
        (OBX.format("NM", "1^2"), "delimiter-in-primitive", "OBX[1]-5[1]"),
        (OBX.format("DT", "20261301"), "value-format", "OBX[1]-5[1]"),
        (OBX.format("TM", "2500"), "value-format", "OBX[1]-5[1]"),
        (OBX.format("TS", "20260102T10"), "value-format", "OBX[1]-5[1].1"),
        (OBX.format("SN", "?^3"), "value-format", "OBX[1]-5[1].1"),
        (OBX.format("SN", ">^x"), "value-format", "OBX[1]-5[1].2"),
        (OBX.format("SN", ">^1^?^2"), "value-format", "OBX[1]-5[1].3"),
        (OBX.format("QQ", "1"), "table-value", "OBX[1]-2[1]"),
        ("OBX|1|ST|A||x||||||Q", "table-value", "OBX[1]-11[1]"),
        ("MSH|^|A|B|C|D|20260102||ADT^A01^ADT_A01|1|P|2.5.1", "encoding-characters", "MSH[1]-2"),
        ("MSH|^~\\&|A|B|C|D|20260102||ADT^A01^ADT_A01|1|P|2.5.1||||QQ", "table-value", "MSH[1]-16[1]"),
    ],
)
def test_a_fault_is_found_at_its_path(segment, rule, path):
    found = [(f.rule, f.path) for f in findings(segment)]
    assert (rule, path) in found
    assert all("§" in f.citation for f in findings(segment))


@pytest.mark.parametrize(
    "segment",
    [
        "PID|1||1^^^A&1.2&ISO^MR~2||Smith^John^^^Dr||19700101|M",
        'PID|1||1||A^B||""|""',
        OBX.format("NM", "-1.5"),
        OBX.format("SN", ">=^3^-^4"),
        OBX.format("TX", "one~two"),
        OBX.format("ST", "a\\S\\b"),
        OBX.format("TS", "20260102103000.1234+0100"),
        OBX.format("", ""),
        "ZDS|any^thing&at~all",
    ],
)
def test_sound_segments(segment):
    assert [f for f in findings(segment) if f.severity is not Severity.NOTE] == []


def test_a_withdrawn_field_is_a_warning_and_keeps_its_number():
    found = findings("EVN|A01|20260102", version="2.8")
    assert [(f.severity, f.rule, f.path) for f in found] == [
        (Severity.WARNING, "withdrawn-field", "EVN[1]-1")
    ]


def test_a_reserved_field_is_a_warning():
    found = findings(OBX.format("ST", "x") + "|" * 9 + "x")
    assert [(f.severity, f.rule, f.path) for f in found] == [
        (Severity.WARNING, "withdrawn-field", "OBX[1]-20")
    ]


@pytest.mark.parametrize(("version", "severity"), [("2.5.1", Severity.ERROR), ("2.6", Severity.ERROR)])
def test_a_length_is_a_maximum_before_2_7(version, severity):
    found = [f for f in findings("OBX|12345|ST|A^B||x||||||F", version) if f.rule == "over-long"]
    assert [(f.severity, f.path) for f in found] == [(severity, "OBX[1]-1[1]")]


def test_a_length_is_no_maximum_from_2_7():
    found = [f for f in findings("OBX|12345|ST|A^B||x||||||F", "2.7") if f.rule == "over-long"]
    assert all(f.severity is Severity.WARNING for f in found)


def test_an_escape_counts_as_the_character_it_stands_for():
    assert findings("OBX|1|ST|A^B|" + "\\T\\" * 20 + "|x||||||F") == []
    assert [f.rule for f in findings("OBX|1|ST|A^B|" + "\\T\\" * 21 + "|x||||||F")] == ["over-long"]


def test_an_unknown_segment_is_passed_over():
    assert findings("QQQ|a^b") == []


@pytest.mark.parametrize("named", ["CWE", "XPN", "XTN"])
def test_a_code_of_three_letters_that_the_fields_own_table_lists_is_not_too_long(named):
    assert findings(f"OBX|1|{named}|A^B||||||||F") == []


def test_a_code_that_no_table_lists_has_the_fields_length():
    assert "over-long" in [f.rule for f in findings("OBX|1|QQQ|A^B||||||||F")]
