"""Every kind of deviation is found, at its place, and only there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm import fhir


def test_good_resources(patient: dict[str, Any], observation: dict[str, Any], rules: Any) -> None:
    assert rules(patient) == set()
    assert rules(observation) == set()


MUTANTS: list[tuple[str, str, Any, str]] = [
    ("unknown-element", "Patient.colour", "red", "Patient.colour"),
    ("unknown-element", "Patient.name[0].first", "Ann", "Patient.name[0].first"),
    ("unknown-element", "Patient.valueString", "x", "Patient.valueString"),
    ("cardinality", "Patient.gender", ["male"], "Patient.gender"),
    ("cardinality", "Patient.name", {"family": "A"}, "Patient.name"),
    ("empty", "Patient.name", [], "Patient.name"),
    ("empty", "Patient.maritalStatus", {}, "Patient.maritalStatus"),
    ("type", "Patient.name[0]", "Ann", "Patient.name[0]"),
    ("type", "Patient._gender", {"value": 1}, "Patient.gender"),
    ("primitive-format", "Patient.birthDate", "25.12.1974", "Patient.birthDate"),
    ("primitive-format", "Patient.active", "yes", "Patient.active"),
    ("primitive-format", "Patient.id", "a_b", "Patient.id"),
    ("primitive-format", "Patient.name[0].family", "", "Patient.name[0].family"),
    ("required-code", "Patient.gender", "M", "Patient.gender"),
    ("required-code", "Patient.name[0].use", "legal", "Patient.name[0].use"),
    ("required", "Patient.link", [{"type": "refer"}], "Patient.link[0].other"),
    ("required", "Patient.communication", [{"preferred": True}], "Patient.communication[0].language"),
    (
        "reference-target",
        "Patient.managingOrganization",
        {"reference": "Patient/2"},
        "Patient.managingOrganization.reference",
    ),
    ("resource-type", "Patient.contained", [{"resourceType": "Patent"}], "Patient.contained[0]"),
    ("resource-type", "Patient.contained", ["x"], "Patient.contained[0]"),
    ("ext-1", "Patient.extension", [{"url": "http://a.example"}], "Patient.extension[0]"),
]


@pytest.mark.parametrize(("rule", "place", "value", "path"), MUTANTS)
def test_mutant(patient: dict[str, Any], rules: Any, rule: str, place: str, *, value: Any, path: str) -> None:
    resource = fhir.Resource(patient)
    resource[place] = value
    assert (rule, path) in rules(resource.to_dict())


def test_choice_has_one_value(observation: dict[str, Any], rules: Any) -> None:
    observation["valueString"] = "x"
    assert rules(observation) == {("choice", "Observation.value")}


def test_choice_of_a_type_that_is_not_admitted(observation: dict[str, Any], rules: Any) -> None:
    observation["valueAddress"] = {"text": "x"}
    assert rules(observation) == {("unknown-element", "Observation.valueAddress")}


def test_required_elements(rules: Any) -> None:
    assert rules({"resourceType": "Observation", "id": "1"}) == {
        ("required", "Observation.code"),
        ("required", "Observation.status"),
    }


def test_absent_value_with_a_reason_is_there(observation: dict[str, Any], rules: Any) -> None:
    del observation["status"]
    observation["_status"] = {
        "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
        ]
    }
    assert rules(observation) == set()


def test_elements_that_stand_elsewhere(observation: dict[str, Any], rules: Any) -> None:
    observation["component"] = [{"code": {"text": "a"}, "referenceRange": [{"low": {"value": "x"}}]}]
    assert rules(observation) == {
        ("primitive-format", "Observation.component[0].referenceRange[0].low.value")
    }


def test_nulls_stand_beside_extensions_alone(patient: dict[str, Any], rules: Any) -> None:
    patient["name"][0]["given"] = ["Ann", None]
    assert rules(patient) == {("empty", "Patient.name[0].given[1]")}
    patient["name"][0]["_given"] = [None, {"extension": [{"url": "http://a.example", "valueCode": "x"}]}]
    assert rules(patient) == set()


def test_unknown_resource(rules: Any) -> None:
    assert rules({"resourceType": "Element"}) == {("resource-type", "Element")}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "value", "valueString", "extension", "url", "_name", "code"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(
    st.sampled_from(["identifier", "name", "contained", "_birthDate", "extension", "birthDate", "entry"]),
    _JSON,
)
def test_nothing_foreign_stops_the_check(name: str, value: Any) -> None:
    for kind in ("Patient", "Bundle"):
        fhir.validate(fhir.Resource({"resourceType": kind, name: value}))


def test_deep_nesting_is_checked() -> None:
    node: dict[str, Any] = {"url": "http://a.example", "valueString": "x"}
    for _ in range(5000):
        node = {"url": "http://a.example", "extension": [node]}
    assert fhir.validate(fhir.Resource({"resourceType": "Patient", "extension": [node]})) == []


PACKAGE = Path(
    os.environ.get(
        "CHIASM_FHIR_EXAMPLES", Path(__file__).parents[2] / "tools/tables/node_modules/hl7.fhir.r4.examples"
    )
)
DEFECTIVE = {
    "DeviceMetric-example.json",
    "DeviceUseStatement-example.json",
    "MedicationRequest-medrx0301.json",
    "Observation-clinical-gender.json",
    "OrganizationAffiliation-orgrole1.json",
    "Questionnaire-qs1.json",
}
"""Examples of the package that break the definitions they illustrate: references to other types of resource
than the element admits, and questions without their required linkId."""


@pytest.mark.skipif(not PACKAGE.is_dir(), reason="the examples of FHIR R4 are not installed: make tables")
def test_examples_of_the_standard_are_valid() -> None:
    kinds = (
        "Patient",
        "Observation",
        "ImagingStudy",
        "DiagnosticReport",
        "ServiceRequest",
        "Task",
        "DocumentReference",
        "Provenance",
        "Encounter",
        "Practitioner",
        "Organization",
        "Device",
        "AllergyIntolerance",
        "Endpoint",
        "OperationOutcome",
        "BodyStructure",
        "Questionnaire",
        "MedicationRequest",
    )
    found = {}
    for path in sorted(path for kind in kinds for path in PACKAGE.glob(f"{kind}-*.json")):
        resource = fhir.read_file(path)
        assert resource.encode() == path.read_bytes()
        found[path.name] = fhir.validate(resource)
    assert len(found) > 200
    assert {name for name, findings in found.items() if findings} == DEFECTIVE & found.keys()
