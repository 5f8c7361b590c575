"""What profiles find in messages."""

from __future__ import annotations

import pytest

from chiasm import hl7
from chiasm.hl7.profile import load_profile

TEXT = (
    "MSH|^~\\&|RIS|SITE|PACS|SITE|20260102103000||ORU^R01^ORU_R01|1|P|2.5.1\r"
    "PID|1||100^^^SITE~200||Doe^Jane||19700101|F\r"
    "OBR|1|P1|F1|CT^CT chest^L|||20260102103000||||||||||||||||||F\r"
    "OBX|1|NM|1^Length^L||12.5|mm|||||F\r"
    "OBR|2|P1|F1|CT^CT chest^L|||20260102103000||||||||||||||||||F\r"
)
ORDER = "PATIENT_RESULT.ORDER_OBSERVATION"


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ({"segments": {"PID": {"usage": "R"}}}, []),
        ({"segments": {"ZDS": {"usage": "R"}}}, [("profile-missing", "ZDS[1]")]),
        ({"segments": {"OBX": {"usage": "X"}}}, [("profile-surplus", "OBX[1]")]),
        ({"segments": {f"{ORDER}.OBR": {"usage": "R"}}}, []),
        (
            {"segments": {f"{ORDER}.OBSERVATION": {"min": 1}}},
            [("profile-missing", "PATIENT_RESULT[1].ORDER_OBSERVATION[2].OBSERVATION[1]")],
        ),
        ({"segments": {ORDER: {"max": 1}}}, [("profile-surplus", "PATIENT_RESULT[1].ORDER_OBSERVATION[2]")]),
        ({"fields": {"PID-3": {"max": 1}}}, [("profile-surplus", "PID[1]-3[2]")]),
        ({"fields": {"PID-3.4": {"usage": "R"}}}, [("profile-missing", "PID[1]-3[2].4")]),
        ({"fields": {"PID-3.4.1": {"fixed": "SITE"}}}, []),
        ({"fields": {"PID-3.4.1": {"fixed": "X"}}}, [("profile-value", "PID[1]-3[1].4.1")]),
        ({"fields": {"PID-18": {"usage": "R"}}}, [("profile-missing", "PID[1]-18")]),
        ({"fields": {"PID-8": {"usage": "X"}}}, [("profile-surplus", "PID[1]-8[1]")]),
        ({"fields": {"PID-5.2": {"usage": "X"}}}, [("profile-surplus", "PID[1]-5[1].2")]),
        ({"fields": {"PID-3.1": {"length": 2}}}, [("profile-length", f"PID[1]-3[{n}].1") for n in (1, 2)]),
        ({"fields": {"PID-3.1": {"pattern": "1.*"}}}, [("profile-pattern", "PID[1]-3[2].1")]),
        ({"fields": {"OBR-2": {"values": ["P1", "P2"]}}}, []),
        ({"fields": {"OBX-11": {"table": "0085"}}}, []),
        ({"fields": {"MSH-2": {"fixed": "^~\\&"}}}, []),
        ({"fields": {"MSH-1": {"fixed": "|"}}}, []),
    ],
)
def test_findings(rules, found):
    profile = load_profile({"version": "2.5.1", "structure": "ORU_R01", **rules})
    assert [(f.rule, f.path) for f in hl7.parse(TEXT).validate(profile)] == found
