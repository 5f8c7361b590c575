"""The ledger of FHIR sources: what was read, followed, refused, or has no row."""

from __future__ import annotations

from chiasm.fhir import Resource
from chiasm.mapping import crosswalk, fhir_read
from chiasm.mapping.fhir_account import of_resource
from chiasm.mapping.writing import Written
from chiasm.model import Disposition

PATIENT = Resource(
    {
        "resourceType": "Patient",
        "id": "p",
        "gender": "male",
        "birthDate": "1970-01-02",
        "active": True,
        "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "a@b"}],
    }
)


def test_each_leaf_once_with_what_became_of_it() -> None:
    reading = fhir_read.read(PATIENT, crosswalk.default())
    written = {("patient.sex", 0): Written("00100040"), ("patient.phones", 0): Written("00102154")}
    refused = {("patient.birth_date", 0): "for a reason"}
    told = {entry.source: entry for entry in of_resource(PATIENT, reading, written, refused, "an item")}
    assert list(told) == [path for path, _ in PATIENT.walk()]
    assert told["Patient.gender"].target == "00100040"
    assert told["Patient.birthDate"].reason == "refused: for a reason"
    assert told["Patient.telecom[0].value"].disposition is Disposition.MAPPED
    assert told["Patient.telecom[0].system"].disposition is Disposition.MAPPED
    assert told["Patient.telecom[1].value"].rule == "no-row"
    assert told["Patient.active"].reason == "the crosswalk has no row for it in an item"
    assert told["Patient.resourceType"].rule == told["Patient.id"].rule == "frame"


def test_what_has_no_place_in_the_target() -> None:
    reading = fhir_read.read(PATIENT, crosswalk.default())
    told = {entry.source: entry for entry in of_resource(PATIENT, reading, {}, {}, "an item")}
    assert told["Patient.gender"].reason == "no place in an item"
