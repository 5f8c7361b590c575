"""Values in FHIR, each kind both ways."""

from __future__ import annotations

from typing import Any

import pytest

from chiasm.errors import ChiasmError, MappingError, ValueFormatError
from chiasm.fhir import Number, Resource
from chiasm.mapping.codes import FURTHER
from chiasm.mapping.fhir_kinds import OF_CONCEPT, OF_KIND
from chiasm.mapping.fhir_nodes import Index, at
from chiasm.mapping.fhir_places import FhirPlace, places
from chiasm.mapping.fhir_values import to_number
from chiasm.mapping.fhir_writing import BundleDraft
from chiasm.model import Coded, Quantity

PEOPLE = BundleDraft()


def place(text: str) -> FhirPlace:
    return places(text)[0]


def back(kind: Any, where: FhirPlace, *values: Any) -> Any:
    """Read values that stand at a place of one step."""
    step = where.steps[0]
    content: dict[str, Any] = {"resourceType": where.resource}
    content[step.name] = list(values) if step.many else values[0]
    return kind.from_fhir(at(where, Index(Resource(content)).nodes, {}, []), where)


@pytest.mark.parametrize(
    ("kind", "path", "value", "written"),
    [
        ("text", "ImagingStudy.description", "two\nlines", ("two\nlines",)),
        ("sex", "Patient.gender", "F", ("female",)),
        ("priority", "ServiceRequest.priority", "S", ("stat",)),
        (
            "quantity",
            "Observation.value.ofType(Quantity)",
            Quantity("1.80", Coded("m", "UCUM", "meter")),
            ({"value": Number("1.80"), "unit": "meter", "system": "http://unitsofmeasure.org", "code": "m"},),
        ),
        ("code", "Observation.code", Coded("1", "LN", "x"), ({"coding": [{"system": "http://loinc.org", "code": "1", "display": "x"}]},)),
        ("address", "Patient.address", "1 Main St^^Town^ST^123", ({"line": ["1 Main St"], "city": "Town", "state": "ST", "postalCode": "123"},)),
        ("address", "Patient.address", "1 Main St, Town", ({"text": "1 Main St, Town"},)),
        ("address", "Patient.address", "^x^Town", ({"text": "^x^Town"},)),
    ],
)  # fmt: skip
def test_kinds(kind: str, path: str, value: Any, written: tuple[Any, ...]) -> None:
    held = OF_KIND[kind].to_fhir(value, place(path), PEOPLE)
    assert held.values == written
    assert back(OF_KIND[kind], place(path), *written) == value


@pytest.mark.parametrize(
    ("concept", "path", "value", "written"),
    [
        ("instance.sop_class", "ImagingStudy.series.instance.sopClass", "1.2.840", {"system": "urn:ietf:rfc:3986", "code": "urn:oid:1.2.840"}),
        ("series.laterality", "ImagingStudy.series.laterality", "R", {"system": "http://snomed.info/sct", "code": "24028007"}),
        ("series.laterality", "ImagingStudy.series.laterality", "U", {"display": "U"}),
        ("series.body_part", "ImagingStudy.series.bodySite", "CHEST", {"display": "CHEST"}),
        ("order.reason", "ServiceRequest.reasonCode", "pain", {"text": "pain"}),
        ("patient.country", "Patient.address", "DE", {"country": "DE"}),
        ("step.modality", "ServiceRequest.orderDetail", "CT", {"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}]}),
    ],
)  # fmt: skip
def test_rules_of_their_own(concept: str, path: str, value: Any, written: Any) -> None:
    assert OF_CONCEPT[concept].to_fhir(value, place(path), PEOPLE).values == (written,)


def test_whole_numbers() -> None:
    number = place("ImagingStudy.series.number")
    assert OF_KIND["text"].to_fhir("3", number, PEOPLE).values == (3,)
    assert "written as 3" in OF_KIND["text"].to_fhir("03", number, PEOPLE).note
    for text in ("-1", "x", "1.5"):
        with pytest.raises(ValueFormatError):
            OF_KIND["text"].to_fhir(text, number, PEOPLE)


def test_further_codes_have_no_place_in_a_single_concept() -> None:
    codes = (Coded("1", "L", "x"), Coded("2", "L", "y"))
    held = OF_KIND["codes"].to_fhir(codes, place("ServiceRequest.code"), PEOPLE)
    assert held.unheld == {FURTHER}
    assert len(held.values) == 1
    assert OF_KIND["codes"].to_fhir(codes, place("ImagingStudy.procedureCode"), PEOPLE).unheld == frozenset()


def test_words_that_fhir_lacks_are_refused_or_noted() -> None:
    with pytest.raises(MappingError, match="no word for priority 'T'"):
        OF_KIND["priority"].to_fhir("T", place("ServiceRequest.priority"), PEOPLE)
    assert "'A'" in OF_KIND["sex"].to_fhir("A", place("Patient.gender"), PEOPLE).note
    with pytest.raises(MappingError, match="'urgent'"):
        back(OF_KIND["priority"], place("ServiceRequest.priority"), "urgent")


@pytest.mark.parametrize(("text", "number"), [("070", "70"), ("+1.50", "1.50"), (".5", "0.5"), ("1.", "1")])
def test_numbers_are_rewritten_for_json_and_noted(text: str, number: str) -> None:
    value, note = to_number(text)
    assert value == Number(number)
    assert number in note


@pytest.mark.parametrize("text", ["", "NaN", "Infinity", "1,5", "x"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ChiasmError):
        to_number(text)


def test_protocols_pass_modalities_by() -> None:
    details = place("ServiceRequest.orderDetail")
    modality = {"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}]}
    protocol = {"coding": [{"system": "http://loinc.org", "code": "1", "display": "x"}]}
    assert back(OF_CONCEPT["step.protocols"], details, modality, protocol) == (Coded("1", "LN", "x"),)
    assert back(OF_CONCEPT["step.modality"], details, protocol, modality) == "CT"
