"""Putting values at places: items made as they are needed, places taken by the first."""

from __future__ import annotations

from dataclasses import replace

from chiasm.fhir import validate
from chiasm.mapping import crosswalk
from chiasm.mapping.fhir_writing import BundleDraft, FhirWriter, Scope
from chiasm.model import Identifier, Issuer, NameGroup, Order, Patient, Person, PersonName

ORDER = Order("P1", Issuer("PL", "1.2.3", "ISO"), "F1", accession_number="A1", accession_issuer=Issuer("RIS"))


def written(*orders: Order) -> tuple[FhirWriter, BundleDraft]:
    bundle = BundleDraft()
    writer = FhirWriter(crosswalk.default(), bundle)
    for index, order in enumerate(orders):
        writer.fill("order", order, Scope({"ServiceRequest": lambda: bundle.add("ServiceRequest")}), index)
    return writer, bundle


def test_number_and_issuer_share_an_identifier() -> None:
    writer, bundle = written(ORDER)
    placer, filler, accession = bundle.drafts[0].content["identifier"]
    assert placer["value"] == "P1"
    assert placer["system"] == "urn:oid:1.2.3"
    assert placer["type"]["coding"][0]["code"] == "PLAC"
    assert filler["value"] == "F1"
    assert accession["assigner"] == {"display": "RIS"}
    target = writer.written["order.accession_number", 0].target
    assert target == "Bundle.entry[0].resource.identifier[2].value"


def test_each_order_is_a_resource_of_its_own() -> None:
    writer, bundle = written(ORDER, replace(ORDER, placer_number="P2"))
    assert [draft.content["identifier"][0]["value"] for draft in bundle.drafts] == ["P1", "P2"]
    assert writer.written["order.placer_number", 1].target.startswith("Bundle.entry[1].")


def test_what_the_scope_does_not_know_has_no_place() -> None:
    writer, bundle = written(Order(medical_alerts="x"))
    assert writer.written == {}
    assert bundle.drafts == []


def test_refusal_makes_nothing() -> None:
    writer, bundle = written(Order(priority="T"))
    assert "no word for priority" in writer.refused["order.priority", 0]
    assert bundle.drafts == []


def test_one_resource_for_a_person_and_full_urls_from_content() -> None:
    person = Person(PersonName(NameGroup("Doe")), Identifier("7", Issuer("L")))

    def bundle(family: str) -> BundleDraft:
        drafted = BundleDraft()
        writer = FhirWriter(crosswalk.default(), drafted)
        patient = drafted.add("Patient")
        writer.fill(
            "patient", Patient(names=(PersonName(NameGroup(family)),)), Scope({"Patient": lambda: patient})
        )
        patient.content["generalPractitioner"] = [drafted.practitioner(person), drafted.practitioner(person)]
        return drafted

    first, same, other = (bundle(name).finish() for name in ("A", "A", "B"))
    assert first.encode() == same.encode()
    assert len(first["Bundle.entry"]) == 2
    assert first["entry[1].fullUrl"] == first["entry[0].resource.generalPractitioner[0].reference"]
    assert first["entry[0].fullUrl"] != other["entry[0].fullUrl"]
    assert validate(first) == []
