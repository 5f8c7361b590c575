"""Places in FHIR resources: every row of the crosswalk names an element that FHIR R4 has."""

from __future__ import annotations

from pathlib import Path

import pytest

from chiasm.errors import UsageError
from chiasm.mapping import crosswalk
from chiasm.mapping.fhir_kinds import kind_of
from chiasm.mapping.fhir_places import places


def test_every_row_has_places_that_exist_and_a_kind() -> None:
    for row in crosswalk.default().rows:
        if places(row.fhir):
            assert kind_of(row.concept, row.kind), row.concept


def test_identifier_of_a_type() -> None:
    (place,) = places("ServiceRequest.identifier.where(type.coding.code='PLAC').value")
    assert [(step.name, step.many) for step in place.steps] == [("identifier", True), ("value", False)]
    assert place.steps[0].chosen == (("type", False), ("coding", True), ("code", False))
    assert (place.steps[0].literal, place.type, place.many) == ("PLAC", "string", True)


def test_resource_of_a_code_and_a_choice() -> None:
    (place,) = places("Observation.where(code.coding.code='8302-2').value.ofType(Quantity)")
    assert place.key == "Observation:8302-2"
    assert [step.name for step in place.steps] == ["valueQuantity"]


def test_extension_of_a_primitive_stands_beside_it() -> None:
    (place,) = places("Patient.birthDate.extension('http://a.example').value.ofType(dateTime)")
    assert [step.name for step in place.steps] == ["_birthDate", "extension", "valueDateTime"]


def test_several_places() -> None:
    assert len(places("Task.owner;ServiceRequest.performer")) == 2
    assert places("") == ()


@pytest.mark.parametrize(
    "text",
    [
        "Patient",
        "Patent.name",
        "Patient.colour",
        "Patient..name",
        "Patient.name.where(colour='x')",
        "Observation.value.ofType(Address)",
        "Observation.value",
        "Patient.name[0]",
        "HumanName.family",
    ],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a place in a resource"):
        places(text)


def test_a_sites_rows_are_checked_when_they_are_loaded(tmp_path: Path) -> None:
    head = "concept,kind,dicom,v2,fhir,lossless,cite\n"
    own = tmp_path / "own.csv"
    own.write_text(f"{head}patient.comments,text,PatientComments,NTE-3,Patient.note,yes,\n")
    with pytest.raises(UsageError, match=r"'Patient.note' is not a place in a resource"):
        crosswalk.load(own)
    own.write_text(f"{head}patient.comments,text,PatientComments,NTE-3,Patient.contact.name.text,yes,\n")
    row = crosswalk.load(own).row("patient.comments")
    assert row is not None
    assert row.fhir == "Patient.contact.name.text"
