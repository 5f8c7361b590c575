"""Missing, surplus, misplaced and unknown segments, each at its path."""

from __future__ import annotations

import pytest

from chiasm.hl7.grammar import Grammar
from chiasm.hl7.groups import group_segments
from chiasm.hl7.placement import check_placement
from chiasm.hl7.structure import grammar
from chiasm.standards import hl7tables
from chiasm.standards.hl7_syntax import parse_structure
from chiasm.standards.hl7tables import StructureDef


class Named:
    def __init__(self, name):
        self.id = name


@pytest.mark.parametrize(
    ("structure", "names", "found"),
    [
        ("OMI_O23", "MSH PID ORC OBR IPC", []),
        ("OMI_O23", "MSH PID ORC OBR IPC ORC IPC", [("missing-segment", "ORDER[2].OBR[1]")]),
        ("OMI_O23", "MSH PID ORC OBR", [("missing-segment", "ORDER[1].IPC[1]")]),
        ("OMI_O23", "MSH PID", [("missing-group", "ORDER[1]")]),
        ("OMI_O23", "MSH PID PID ORC OBR IPC", [("surplus-segment", "PID[2]")]),
        ("OMI_O23", "MSH PID ORC OBR IPC PID", [("misplaced-segment", "PID[2]")]),
        ("OMI_O23", "MSH EVN PID ORC OBR IPC", [("unexpected-segment", "EVN[1]")]),
        (
            "OMI_O23",
            "MSH PID QQQ ORC OBR IPC QQQ",
            [("unknown-segment", "QQQ[1]"), ("unknown-segment", "QQQ[2]")],
        ),
        ("OMI_O23", "MSH PID ORC OBR IPC ZDS", [("local-segment", "ZDS[1]")]),
        ("OMI_O23", "MSH PID PV1 PV1 ORC OBR IPC", [("surplus-segment", "PV1[2]")]),
        ("ORU_R01", "MSH PID OBX", [("missing-segment", "PATIENT_RESULT[1].ORDER_OBSERVATION[1].OBR[1]")]),
        ("ORM_O01", "MSH ORC OBR RXO", [("missing-segment", "ORDER[2].ORC[1]")]),  # one alternative an order
        ("PPG_PCG", "MSH PID PTH", []),
    ],
)
def test_findings(structure, names, found):
    tree = group_segments(grammar("2.5.1", structure), [Named(name) for name in names.split()])
    findings = list(check_placement(tree, hl7tables.version("2.5.1")))
    assert [(finding.rule, finding.path) for finding in findings] == found
    assert all("§" in finding.citation for finding in findings)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("MSH AAA", []),
        ("MSH BBB BBB", []),
        ("MSH", [("missing-segment", "AAA[1]")]),
        ("MSH AAA BBB", [("surplus-segment", "BBB[1]")]),
        ("MSH AAA AAA", [("surplus-segment", "AAA[2]")]),
    ],
)
def test_a_choice_admits_one_alternative(names, found):
    rules = Grammar(StructureDef("TST", "", parse_structure("MSH PICK<AAA BBB+>")))
    tree = group_segments(rules, [Named(name) for name in names.split()])
    findings = check_placement(tree, hl7tables.version("2.5.1"))
    assert [(finding.rule, finding.path) for finding in findings] == found


def test_a_message_without_a_structure_has_no_places():
    tree = group_segments(None, [Named("MSH")])
    assert list(check_placement(tree, hl7tables.version("2.5.1"))) == []
