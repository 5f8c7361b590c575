"""The choice of version and structure from MSH-9 and MSH-12."""

from __future__ import annotations

import pytest

from chiasm.hl7 import parse
from chiasm.hl7.structure import choose, group


def message(kind, version):
    return parse(f"MSH|^~\\&|A|B|C|D|20260102||{kind}|1|P|{version}\rPID|1\r")


@pytest.mark.parametrize(
    ("kind", "version", "structure"),
    [
        ("ADT^A01^ADT_A01", "2.5.1", "ADT_A01"),
        ("ADT^A04", "2.5.1", "ADT_A01"),
        ("ADT^A08", "2.3.1", "ADT_A01"),
        ("ORU^R01", "2.5.1^GBR", "ORU_R01"),
        ("ORU^R01^ORU_R01", "2.5.1^GBR&x", "ORU_R01"),
        ("ACK", "2.5.1", "ACK"),
        ("ACK^O23^ACK", "2.5.1", "ACK"),
        ("ORM^O01", "2.2", "ORM_O01"),
    ],
)
def test_structure_by_name_or_by_event(kind, version, structure):
    chosen = choose(message(kind, version))
    assert chosen.grammar is not None
    assert chosen.grammar.id == structure
    assert chosen.findings == ()


@pytest.mark.parametrize(
    ("kind", "version", "structure", "rule"),
    [
        ("ADT^A04^ADT_A04", "2.5.1", "ADT_A01", "unknown-structure"),
        ("ADT^A04^ORU_R01", "2.5.1", "ORU_R01", "structure-mismatch"),
        ("ORU^R01", "2.5.2", "ORU_R01", "unknown-version"),
        ("ORU^R01", "9.9", "ORU_R01", "unknown-version"),
        ("ORU^R01", "", "ORU_R01", "missing-version"),
        ("XXX^Y99", "2.5.1", None, "unknown-structure"),
        ("", "2.5.1", None, "unknown-structure"),
    ],
)
def test_what_is_wrong_with_the_header_is_said(kind, version, structure, rule):
    chosen = choose(message(kind, version))
    assert (chosen.grammar.id if chosen.grammar else None) == structure
    assert [finding.rule for finding in chosen.findings] == [rule]
    assert all("§" in finding.citation for finding in chosen.findings)


def test_other_encoding_characters():
    text = "MSH#*~\\&#A#B#C#D#20260102##ORU*R01*ORU_R01#1#P#2.5.1\rPID#1\rOBR#1\rOBX#1\r"
    tree = group(parse(text))
    assert [g.name for g in tree.groups()] == [
        "PATIENT_RESULT",
        "PATIENT",
        "ORDER_OBSERVATION",
        "OBSERVATION",
    ]
