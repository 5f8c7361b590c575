"""Nodes note what is read of them, at the paths by which a resource walks its leaves."""

from __future__ import annotations

from typing import Any

from chiasm.fhir import Resource
from chiasm.mapping.fhir_nodes import Index, at
from chiasm.mapping.fhir_places import places

URL = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"
BUNDLE: dict[str, Any] = {
    "resourceType": "Bundle",
    "entry": [
        {"fullUrl": URL, "resource": {"resourceType": "Patient", "id": "p", "name": [{"given": ["A", "B"]}]}},
        {
            "resource": {
                "resourceType": "ServiceRequest",
                "subject": {"reference": URL},
                "contained": [{"resourceType": "Device", "id": "d"}],
                "performer": [{"reference": "#d"}],
                "identifier": [
                    {"value": "1", "type": {"coding": [{"code": "FILL"}]}},
                    {"value": "2", "type": {"coding": [{"system": "s", "code": "PLAC"}]}},
                ],
            }
        },
        {"resource": "not one"},
        7,
    ],
}


def test_index_finds_by_url_type_and_fragment() -> None:
    index = Index(Resource(BUNDLE))
    assert [node.path for node in index.of("Patient")] == ["Bundle.entry[0].resource"]
    for url in (URL, "Patient/p"):
        found = index.by_url(url)
        assert found is not None
        assert found.is_a("Patient")
    assert index.by_url("#d") is not None
    assert index.by_url("Patient/q") is None


def test_a_condition_chooses_and_is_noted() -> None:
    (place,) = places("ServiceRequest.identifier.where(type.coding.code='PLAC').value")
    index = Index(Resource(BUNDLE))
    leaves: list[str] = []
    (node,) = at(place, index.nodes, {}, leaves)
    assert node.leaf() == "2"
    base = "Bundle.entry[1].resource.identifier[1]"
    assert set(leaves) == {f"{base}.value", f"{base}.type.coding[0].code", f"{base}.type.coding[0].system"}
    assert set(leaves) < {path for path, _ in Resource(BUNDLE).walk()}


def test_references_are_followed() -> None:
    (request,) = Index(Resource(BUNDLE)).of("ServiceRequest")
    (subject,) = request.children("subject")
    found = subject.resolve()
    assert found is not None
    assert found.is_a("Patient")
    assert subject.leaves == ["Bundle.entry[1].resource.subject.reference"]


def test_texts() -> None:
    (patient,) = Index(Resource(BUNDLE)).of("Patient")
    (name,) = patient.children("name")
    assert name.texts("given") == ["A", "B"]
    assert name.text("family") == ""
    assert not name.has_only("family")
