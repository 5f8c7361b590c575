"""The format of each primitive type, against the examples and rules of HL7 v2.5.1 §2.A."""

from __future__ import annotations

import pytest

from chiasm.errors import ValueFormatError
from chiasm.hl7 import datatypes

GOOD = {
    "NM": ["0", "-12", "+3.5", "12.", ".5", "007"],
    "SI": ["0", "1", "9999"],
    "DT": ["2026", "202602", "20240229", "20000229"],
    "TM": ["00", "2359", "235959", "235959.9999", "1030+0100", "10-0430"],
    "DTM": ["2026", "20260102", "2026010210", "20260102103000.1234-0500", "199904+1400"],
    "SNM": ["5551234", "+49551234"],
    "TN": ["(555)555-1234", "555-1234X12", "1 (555)555-1234CCall late"],
    "ST": ["", "anything ^ at all"],
}
BAD = {
    "NM": ["", "1,5", "1e3", "--1", "1.2.3", " 1", "<5", "١"],
    "SI": ["-1", "1.0", "a"],
    "DT": ["20260230", "20230229", "19000229", "202613", "26-01-02", "2026010", "20260100"],
    "TM": ["24", "2360", "235960", "1030.5", "1030Z", "10+9900", "1030+1460"],
    "DTM": ["2026-01-02", "20260102T10", "2026010225", "20260102103000.12345", "+0100", "20260431"],
    "SNM": ["555 1234", "++1"],
    "TN": ["call me"],
}


@pytest.mark.parametrize(("datatype", "text"), [(t, x) for t, texts in GOOD.items() for x in texts])
def test_what_a_type_admits(datatype, text):
    assert datatypes.fault(datatype, text) == ""
    datatypes.check(datatype, text)


@pytest.mark.parametrize(("datatype", "text"), [(t, x) for t, texts in BAD.items() for x in texts])
def test_what_a_type_refuses(datatype, text):
    assert datatypes.fault(datatype, text)
    with pytest.raises(ValueFormatError) as caught:
        datatypes.check(datatype, text)
    assert "§" in caught.value.rule


def test_types_with_a_format():
    assert datatypes.has_format("NM")
    assert not datatypes.has_format("FT")
    assert datatypes.section("NM") == "HL7 v2.5.1 §2.A.47"
