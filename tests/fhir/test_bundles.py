"""Bundles: full URLs, references between entries, and what stands in which kind of bundle."""

from __future__ import annotations

from typing import Any

import pytest

URL = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"
OTHER = "urn:uuid:c757873d-ec9a-4326-a141-556f43239521"


@pytest.fixture
def bundle(patient: dict[str, Any], observation: dict[str, Any]) -> dict[str, Any]:
    observation["subject"] = {"reference": URL}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": URL, "resource": patient}, {"fullUrl": OTHER, "resource": observation}],
    }


def test_good_bundle(bundle: dict[str, Any], rules: Any) -> None:
    assert rules(bundle) == set()


def test_reference_to_no_entry(bundle: dict[str, Any], rules: Any) -> None:
    bundle["entry"][1]["resource"]["subject"]["reference"] = URL.replace("c", "d")
    assert rules(bundle) == {("reference", "Bundle.entry[1].resource.subject.reference")}


def test_reference_to_a_resource_of_another_type(bundle: dict[str, Any], rules: Any) -> None:
    bundle["entry"][1]["resource"]["subject"]["reference"] = OTHER
    assert rules(bundle) == {("reference-target", "Bundle.entry[1].resource.subject.reference")}


def test_same_full_url_twice(bundle: dict[str, Any], rules: Any) -> None:
    bundle["entry"].append(bundle["entry"][1])
    assert rules(bundle) == {("bdl-7", "Bundle.entry[2].fullUrl")}


def test_full_url_with_a_version(bundle: dict[str, Any], rules: Any) -> None:
    bundle["entry"][1]["fullUrl"] = "http://a.example/Observation/1/_history/2"
    assert ("bdl-8", "Bundle.entry[1].fullUrl") in rules(bundle)


def test_requests_stand_in_transactions(bundle: dict[str, Any], rules: Any) -> None:
    bundle["entry"][0]["request"] = {"method": "POST", "url": "Patient"}
    assert rules(bundle) == {("bdl-3", "Bundle.entry[0].request")}
    bundle["type"] = "transaction"
    assert rules(bundle) == {("bdl-3", "Bundle.entry[1].request")}


def test_responses_and_totals(bundle: dict[str, Any], rules: Any) -> None:
    bundle["entry"][0]["response"] = {"status": "201"}
    bundle["total"] = 2
    assert rules(bundle) == {("bdl-4", "Bundle.entry[0].response"), ("bdl-1", "Bundle.total")}


def test_entry_that_holds_nothing(bundle: dict[str, Any], rules: Any) -> None:
    bundle["entry"].append({"fullUrl": URL.replace("c", "e")})
    assert rules(bundle) == {("bdl-5", "Bundle.entry[2]")}


@pytest.mark.parametrize(("kind", "rule"), [("document", "bdl-11"), ("message", "bdl-12")])
def test_first_entry_of_a_document(bundle: dict[str, Any], rules: Any, kind: str, rule: str) -> None:
    bundle["type"] = kind
    assert rules(bundle) == {(rule, "Bundle.entry[0]")}


def test_reference_to_what_is_contained(observation: dict[str, Any], rules: Any) -> None:
    observation["subject"] = {"reference": "#p"}
    assert rules(observation) == {("reference", "Observation.subject.reference")}
    observation["contained"] = [{"resourceType": "Patient", "id": "p"}]
    assert rules(observation) == set()
    observation["contained"] = [{"resourceType": "Organization", "id": "p", "name": "x"}]
    assert rules(observation) == {("reference-target", "Observation.subject.reference")}
