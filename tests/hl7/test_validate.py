"""Whole messages: order of findings, real samples, speed of nothing in particular."""

from __future__ import annotations

from pathlib import Path

import pytest

from chiasm import hl7
from chiasm.errors import Severity
from chiasm.hl7.validate import validate

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "hl7-imaging-samples"
GOOD = (
    "MSH|^~\\&|RIS|SITE|PACS|SITE|20260102103000||ORU^R01^ORU_R01|1|P|2.5.1\r"
    "PID|1||100^^^SITE||Doe^Jane||19700101|F\r"
    "ORC|SC|P1|F1\r"
    "OBR|1|P1|F1|CT^CT chest^L|||20260102103000||||||||||||||||||F\r"
    "OBX|1|NM|1^Length^L||12.5|mm|||||F\r"
    "OBX|2|TX|2^Text^L||line one~line two||||||F\r"
)


def changed(old, new):
    assert old in GOOD
    return [(f.rule, f.path) for f in validate(hl7.parse(GOOD.replace(old, new)))]


def test_a_sound_message_has_no_findings():
    assert validate(hl7.parse(GOOD)) == []


@pytest.mark.parametrize(
    ("old", "new", "rule", "path"),
    [
        ("12.5", "abc", "value-format", "OBX[1]-5[1]"),  # STRICT hl7apy accepts this one
        ("OBX|1|NM|", "OBX|1||", "missing-conditional-field", "OBX[1]-2"),
        ("OBR|1|P1", "OBR|1|P2", "order-number-mismatch", "OBR[1]-2"),
        ("|||20260102103000||||", "|||||||", "missing-conditional-field", "OBR[1]-7"),
        ("PID|1|", "EVN|A01|20260102\rPID|1|", "unexpected-segment", "EVN[1]"),
        ("ORU^R01^ORU_R01", "ORU^R01^ORU_R99", "unknown-structure", "MSH[1]-9[1].3"),
        ("|2.5.1", "|2.5.9", "unknown-version", "MSH[1]-12[1].1"),
        ("OBR|1|P1|F1|CT^CT chest^L|", "OBR|1|P1|F1||", "missing-field", "OBR[1]-4"),
        ("|1|P|", "||P|", "missing-field", "MSH[1]-10"),
    ],
)
def test_one_fault_is_one_finding(old, new, rule, path):
    assert (rule, path) in changed(old, new)


def test_the_structure_comes_first_then_the_fields_in_order():
    text = GOOD.replace("PID|1||100", "PID|x||100").replace("12.5", "abc").replace("ORC|", "QQQ|\rORC|")
    rules = [f.rule for f in validate(hl7.parse(text))]
    assert rules == ["unknown-segment", "value-format", "value-format"]


def test_the_message_delegates():
    message = hl7.parse(GOOD)
    assert message.validate() == []
    assert message["ORDER_OBSERVATION[1].OBX[2]-3.2"] == "Text"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")
def test_the_imaging_samples_have_true_deviations_only():
    found = {}
    for path in SAMPLES.glob("*.hl7"):
        message = hl7.parse(path.read_bytes())
        found[path.name] = {
            (f.rule, f.path)
            for f in validate(message)
            if f.severity is Severity.ERROR and f.rule != "over-long"
        }
    assert len(found) == 11
    # By the abstract syntax of HL7 v2.5.1 §3.3.31: EVN and PV1 are required in an A31, NTE has no place.
    assert found["ADT^A31-UpdatePersonInfo.hl7"] == {
        ("missing-segment", "EVN[1]"),
        ("missing-segment", "PV1[1]"),
        ("unexpected-segment", "NTE[1]"),
    }
    # Its header says OMI^O23, so the IPC is missing (HL7 v2.5.1 §4.4.10).
    assert ("missing-segment", "ORDER[1].IPC[1]") in found["ORM^O01-GeneralOrder.hl7"]
    assert ("surplus-repetition", "IPC[1]-9[2]") in found["OMI^O23-ImagingOrder.hl7"]
