"""Profiles are checked when they are loaded: each fault names its place."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chiasm.errors import UsageError
from chiasm.hl7.profile import load_profile

GUIDE = Path(__file__).parents[2] / "docs" / "profiles.md"
BASE = {"version": "2.5.1", "structure": "ORU_R01"}


def test_the_example_of_the_guide_loads():
    text = re.search(r"```json\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert text is not None
    profile = load_profile(text[1])
    assert profile.structure == "ORU_R01"
    assert len(profile.fields) == 6
    assert profile == load_profile(json.loads(text[1]))


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ({"version": "1.0"}, "MSH-12"),
        ({"structure": "ORU_R99"}, "structure"),
        ({"colour": 1}, "profile"),
        ({"segments": []}, "segments"),
        ({"segments": {"EVN": {"usage": "R"}}}, "EVN"),
        ({"segments": {"PATIENT_RESULT.ORDERS": {"min": 1}}}, "PATIENT_RESULT.ORDERS"),
        ({"segments": {"PV1": {"min": 2, "max": 1}}}, "PV1"),
        ({"segments": {"PV1": {"usage": "X", "min": 1}}}, "PV1"),
        ({"segments": {"PV1": {"usage": "Q"}}}, "PV1"),
        ({"segments": {"PV1": {"min": "1"}}}, "PV1"),
        ({"segments": {"PATIENT_RESULT.PATIENT": {"max": 2}}}, "PATIENT_RESULT.PATIENT"),
        ({"fields": {"PID": {}}}, "PID"),
        ({"fields": {"PID-0": {}}}, "PID-0"),
        ({"fields": {"PID-99": {}}}, "PID-99"),
        ({"fields": {"QQQ-1": {}}}, "QQQ-1"),
        ({"fields": {"PID-3.99": {}}}, "PID-3.99"),
        ({"fields": {"PID-8.1": {}}}, "PID-8.1"),
        ({"fields": {"PID-3.4.9": {}}}, "PID-3.4.9"),
        ({"fields": {"PID-3": {"usage": "X"}}}, "PID-3"),  # required by the standard
        ({"fields": {"PID-8": {"max": 2}}}, "PID-8"),
        ({"fields": {"PID-8": {"fixed": "F", "values": ["M"]}}}, "PID-8"),
        ({"fields": {"PID-8": {"fixed": "F", "pattern": "[MU]"}}}, "PID-8"),
        ({"fields": {"PID-8": {"fixed": "FF", "length": 1}}}, "PID-8"),
        ({"fields": {"PID-8": {"pattern": "("}}}, "PID-8"),
        ({"fields": {"PID-8": {"values": []}}}, "PID-8"),
        ({"fields": {"PID-8": {"fixed": 1}}}, "PID-8"),
        ({"fields": {"PID-8": {"table": "9999"}}}, "PID-8"),
        ({"fields": {"PID-8": {"usage": "X", "fixed": "F"}}}, "PID-8"),
        ({"segments": {"PV1": {"usage": "X"}}, "fields": {"PV1-2": {"usage": "R"}}}, "PV1-2"),
    ],
)
def test_a_faulty_profile_is_refused_at_its_place(part, place):
    with pytest.raises(UsageError) as caught:
        load_profile({**BASE, **part})
    assert caught.value.place == place


@pytest.mark.parametrize("text", ["", "[]", "{", '"x"', "null", "[" * 100_000, '{"version": 1}'])
def test_what_is_no_profile_is_refused(text):
    with pytest.raises(UsageError):
        load_profile(text)


def test_local_segments_and_varying_fields_have_any_parts():
    profile = load_profile({**BASE, "fields": {"ZDS-9.9.9": {"fixed": "x"}, "OBX-5.9": {"length": 3}}})
    assert [rule.path for rule in profile.fields] == ["ZDS-9.9.9", "OBX-5.9"]
