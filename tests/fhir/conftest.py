"""Resources written out by hand from the examples of FHIR R4 §8.1 and §10.1."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chiasm import fhir


@pytest.fixture
def patient() -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"system": "urn:oid:1.2.36.146.595.217.0.1", "value": "12345"}],
        "name": [{"use": "official", "family": "Chalmers", "given": ["Peter", "James"]}],
        "gender": "male",
        "birthDate": "1974-12-25",
        "_birthDate": {
            "extension": [
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                    "valueDateTime": "1974-12-25T14:35:45-05:00",
                }
            ]
        },
    }


@pytest.fixture
def observation() -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7", "display": "Body Weight"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2016-03-28",
        "valueQuantity": {
            "value": fhir.Number("72.50"),
            "unit": "kg",
            "system": "http://unitsofmeasure.org",
            "code": "kg",
        },
    }


@pytest.fixture
def rules() -> Any:
    """The rules that a tree breaks, with their places."""

    def check(content: dict[str, Any]) -> set[tuple[str, str]]:
        return {(one.rule, one.path) for one in fhir.validate(fhir.Resource(content))}

    return check


@pytest.fixture
def as_bytes() -> Any:
    return lambda content: json.dumps(content).encode()
