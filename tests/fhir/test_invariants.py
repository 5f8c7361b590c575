"""Invariants, each broken once and each held once."""

from __future__ import annotations

from typing import Any

import pytest

from chiasm.fhir.invariants import broken

CODE = {"coding": [{"system": "s", "code": "c"}]}
CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("ext-1", "Extension", {"url": "u"}, {"url": "u", "valueString": "a"}),
    (
        "ext-1",
        "Extension",
        {"url": "u", "valueString": "a", "extension": [{}]},
        {"url": "u", "extension": [{}]},
    ),
    ("dom-2", "Patient", {"contained": [{"contained": []}]}, {"contained": [{}]}),
    ("pat-1", "Patient", {"contact": [{"gender": "male"}]}, {"contact": [{"name": {}}]}),
    ("obs-6", "Observation", {"dataAbsentReason": {}, "valueString": "a"}, {"dataAbsentReason": {}}),
    (
        "obs-7",
        "Observation",
        {"code": CODE, "valueString": "a", "component": [{"code": CODE}]},
        {"code": CODE, "component": [{"code": CODE}]},
    ),
    ("prr-1", "ServiceRequest", {"orderDetail": [{}]}, {"orderDetail": [{}], "code": {}}),
    ("qty-3", "Quantity", {"code": "kg"}, {"code": "kg", "system": "s"}),
    ("per-1", "Period", {"start": "2020-02", "end": "2020-01-31"}, {"start": "2020-02", "end": "2020-02-01"}),
    ("att-1", "Attachment", {"data": "aGk="}, {"data": "aGk=", "contentType": "text/plain"}),
    ("cpt-2", "ContactPoint", {"value": "1"}, {"value": "1", "system": "phone"}),
    ("org-1", "Organization", {"active": True}, {"name": "a"}),
    ("ait-1", "AllergyIntolerance", {}, {"clinicalStatus": {}}),
    (
        "ait-2",
        "AllergyIntolerance",
        {"clinicalStatus": {}, "verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
        {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
    ),
    (
        "inv-1",
        "Task",
        {"lastModified": "2020-01-01", "authoredOn": "2020-01-02"},
        {"lastModified": "2020-01-02", "authoredOn": "2020-01-02"},
    ),
    ("ref-2", "Reference", {"type": "Patient"}, {"display": "a"}),
]


@pytest.mark.parametrize(("key", "kind", "bad", "good"), CASES)
def test_invariant(key: str, kind: str, bad: dict[str, Any], good: dict[str, Any]) -> None:
    assert [found[0] for found in broken(kind, bad)] == [key]
    assert list(broken(kind, good)) == []
