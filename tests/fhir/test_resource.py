"""Reading and editing a resource by paths."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chiasm import fhir
from chiasm.errors import EncodeError, UsageError


def test_get(patient: dict[str, Any]) -> None:
    resource = fhir.Resource(patient)
    assert resource["Patient.name[0].given[1]"] == "James"
    assert resource.get("name[1].family") is None
    assert "gender" in resource
    assert "telecom" not in resource
    with pytest.raises(KeyError):
        resource["telecom"]


def test_one_member_of_a_list_needs_no_number(patient: dict[str, Any]) -> None:
    assert fhir.Resource(patient)["Patient.name.family"] == "Chalmers"


def test_edit_touches_its_place_alone(patient: dict[str, Any], as_bytes: Any) -> None:
    resource = fhir.parse(as_bytes(patient))
    resource["name[0].family"] = "Windsor"
    resource["telecom[0].value"] = "555"
    del resource["gender"]
    changed = json.loads(resource.encode())
    assert changed.pop("telecom") == [{"value": "555"}]
    patient["name"][0]["family"] = "Windsor"
    del patient["gender"]
    assert changed == patient


def test_edit_of_a_place_that_cannot_be(patient: dict[str, Any]) -> None:
    resource = fhir.Resource(patient)
    for path in ("name[5].family", "gender.family"):
        with pytest.raises(UsageError):
            resource[path] = "x"
    with pytest.raises(UsageError, match="no content of JSON"):
        resource["gender"] = 1.5
    with pytest.raises(KeyError):
        del resource["telecom"]


def test_copy_is_the_callers_own(patient: dict[str, Any]) -> None:
    resource = fhir.Resource(patient)
    resource.to_dict()["gender"] = "female"
    assert resource["gender"] == "male"


def test_what_utf8_cannot_hold_is_refused() -> None:
    with pytest.raises(EncodeError):
        fhir.Resource({"resourceType": "Basic", "id": "\ud800"}).encode()


def test_resource_needs_its_type() -> None:
    with pytest.raises(UsageError, match="resourceType"):
        fhir.Resource({"id": "1"})


def test_indented_for_people(patient: dict[str, Any]) -> None:
    resource = fhir.Resource(patient)
    assert json.loads(resource.encode(indent=2)) == json.loads(resource.encode())
    assert b'\n  "gender"' in resource.encode(indent=2)
