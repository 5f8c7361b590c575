"""Coding schemes and issuers come back as they were."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.fhir import Resource
from chiasm.fhir.primitives import problem
from chiasm.mapping import fhir_terms as terms
from chiasm.mapping.fhir_nodes import Index, Node
from chiasm.model import Coded, Identifier, Issuer


def node(content: dict[str, Any]) -> Node:
    return Index(Resource({"resourceType": "Basic", "x": content})).nodes[0].children("x")[0]


@pytest.mark.parametrize(
    ("scheme", "system"),
    [
        ("SCT", "http://snomed.info/sct"),
        ("LN", "http://loinc.org"),
        ("DCM", "http://dicom.nema.org/resources/ontology/DCM"),
        ("UCUM", "http://unitsofmeasure.org"),
        ("1.2.840.1", "urn:oid:1.2.840.1"),
        ("99 LOCAL/x", "urn:x-dicom-scheme:99%20LOCAL%2Fx"),
    ],
)
def test_schemes(scheme: str, system: str) -> None:
    assert terms.system_of(scheme) == system
    assert terms.scheme_of(system) == scheme
    assert terms.scheme_of("http://a.example/codes") == "http://a.example/codes"


@given(st.text(min_size=1, max_size=12).filter(str.strip))
def test_any_scheme_comes_back_and_is_a_uri(scheme: str) -> None:
    system = terms.system_of(scheme)
    assert terms.scheme_of(system) == scheme
    assert problem("uri", system) == ""


@pytest.mark.parametrize(
    ("issuer", "parts"),
    [
        (Issuer("HOSP"), {"assigner": {"display": "HOSP"}}),
        (Issuer("", "1.2.3", "ISO"), {"system": "urn:oid:1.2.3"}),
        (Issuer("H", "1.2.3", "ISO"), {"system": "urn:oid:1.2.3", "assigner": {"display": "H"}}),
        (Issuer("", "http://a.example", "URI"), {"system": "http://a.example"}),
        (
            Issuer("", "a.example", "DNS"),
            {"assigner": {"identifier": {"value": "a.example", "type": {"text": "DNS"}}}},
        ),
        (Issuer("", "1.02", "ISO"), {"assigner": {"identifier": {"value": "1.02", "type": {"text": "ISO"}}}}),
    ],
)
def test_issuers_both_ways(issuer: Issuer, parts: dict[str, Any]) -> None:
    assert terms.issuer(issuer) == parts
    assert terms.from_issuer(node(parts)) == issuer


def test_identifier_both_ways() -> None:
    said = Identifier("123", Issuer("H", "1.2.3", "ISO"), "MR")
    written = terms.identifier(said)
    assert written["type"]["coding"][0] == {
        "system": "http://terminology.hl7.org/CodeSystem/v2-0203",
        "code": "MR",
    }
    assert terms.from_identifier(node(written)) == said
    assert terms.from_identifier(node({"system": "urn:oid:1.2"})) is None


def test_concepts_both_ways() -> None:
    said = Coded("R-1", "SRT", "Mean", "1.1")
    assert terms.from_concept(node(terms.concept(said))) == said
    assert terms.from_concept(node({"text": "mean"})) is None
