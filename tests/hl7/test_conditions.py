"""Conditional fields of observations and orders."""

from __future__ import annotations

import pytest

from chiasm.hl7.conditions import check_conditions, check_order_numbers


def fields(text):
    return text.split("|")


@pytest.mark.parametrize(
    ("segment", "code", "paths"),
    [
        ("OBX|1||A^B||12||||||F", "ORU", ["OBX[1]-2"]),
        ("OBX|1|NM|A^B||12||||||F", "ORU", []),
        ("OBX|1||A^B||12||||||X", "ORU", []),
        ("OBX|1||A^B||||||||F", "ORU", []),
        ("OBR|1|P|F|A", "ORU", ["OBR[1]-7", "OBR[1]-25"]),
        ("OBR|1|P|F|A", "OMI", []),
    ],
)
def test_required_under_a_condition(segment, code, paths):
    row = fields(segment)
    found = list(check_conditions(f"{row[0]}[1]", row, code))
    assert [finding.path for finding in found] == paths
    assert all("§" in finding.citation for finding in found)


@pytest.mark.parametrize(
    ("orc", "obr", "found"),
    [
        ("ORC|NW|P1", "OBR|1|P1", []),
        ("ORC|NW|P1", "OBR|1", []),
        ("ORC|NW", "OBR|1|P1", []),
        ("ORC|NW", "OBR|1", [("ORC[1]-2", "missing-conditional-field")]),
        ("ORC|SC", "OBR|1", []),
        ("ORC|NW|P1", "OBR|1|P2", [("OBR[1]-2", "order-number-mismatch")]),
        ("ORC|SC||F1", "OBR|1||F2", [("OBR[1]-3", "order-number-mismatch")]),
    ],
)
def test_order_numbers_of_orc_and_obr(orc, obr, found):
    findings = check_order_numbers(("ORC[1]", fields(orc)), ("OBR[1]", fields(obr)))
    assert [(finding.path, finding.rule) for finding in findings] == found
