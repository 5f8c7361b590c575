"""Which resources a case becomes, and what binds them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from chiasm.fhir import Resource, validate
from chiasm.mapping import crosswalk
from chiasm.mapping.fhir_bundle import Composer
from chiasm.model import (
    Case,
    Equipment,
    Identifier,
    Instance,
    Instant,
    Issuer,
    Order,
    Patient,
    ScheduledStep,
    Series,
    Study,
)

EQUIPMENT = Equipment("Maker", "Model", institution="Clinic", department="Radiology")
SERIES = Series(
    "1.2.3.1", "CT", equipment=EQUIPMENT, instances=(Instance("1.2.3.1.1", "1.2.840.10008.5.1.4.1.1.2"),)
)
CASE = Case(
    patient=Patient(identifiers=(Identifier("P1", Issuer("H")),)),
    orders=(Order(accession_number="A1", study_uid="1.2.3"),),
    study=Study("1.2.3", series=(SERIES, replace(SERIES, uid="1.2.3.2"))),
)


def composed(case: Case, recorded: Instant | None = None) -> tuple[Composer, Resource, Counter[str]]:
    composer = Composer(case, crosswalk.default(), recorded)
    composer.compose()
    bundle = composer.bundle.finish()
    assert validate(bundle) == []
    return composer, bundle, Counter(draft.content["resourceType"] for draft in composer.bundle.drafts)


def test_study_with_an_order() -> None:
    composer, bundle, kinds = composed(CASE)
    assert kinds == {
        "Patient": 1, "ImagingStudy": 1, "ServiceRequest": 1, "Device": 2, "Organization": 2, "Provenance": 1
    }  # fmt: skip
    (study,) = [
        one.content for one in composer.bundle.drafts if one.content["resourceType"] == "ImagingStudy"
    ]
    assert study["status"] == "available"
    assert len(study["basedOn"]) == 1
    assert study["series"][0]["performer"] == study["series"][1]["performer"]
    assert composer.writer.written["equipment.model", 1] == composer.writer.written["equipment.model", 0]
    assert bundle["type"] == "collection"


def test_images_without_a_request_make_none() -> None:
    _, _, kinds = composed(replace(CASE, orders=(Order(study_uid="1.2.3"),)))
    assert "ServiceRequest" not in kinds


def test_orders_without_images() -> None:
    steps = (ScheduledStep("S1", modality="CT"), ScheduledStep("S2", modality="MR"))
    composer, _, kinds = composed(
        Case(orders=(Order(placer_number="1", steps=steps), Order(placer_number="2")))
    )
    assert (kinds["ServiceRequest"], kinds["Task"]) == (2, 2)
    assert "ImagingStudy" not in kinds
    assert composer.writer.written["step.identifier", 1].target.endswith("identifier[0].value")


def test_what_fhir_requires_and_nobody_says_is_marked_unknown() -> None:
    bare = Series("1.2.3.1", instances=(Instance("1.2.3.1.1"),))
    _, bundle, _ = composed(replace(CASE, study=Study("1.2.3", series=(bare,))))
    series = bundle["entry[1].resource.series[0]"]
    assert series["modality"]["extension"][0]["valueCode"] == "unknown"
    assert series["instance"][0]["sopClass"]["extension"][0]["valueCode"] == "unknown"


def test_provenance_invents_no_time() -> None:
    for recorded, expected in (
        (None, None),
        (Instant("20200229101112", "", "+0000"), "2020-02-29T10:11:12+00:00"),
    ):
        composer, _, _ = composed(CASE, recorded)
        provenance = composer.bundle.drafts[-1].content
        assert provenance.get("recorded") == expected
        assert ("_recorded" in provenance) == (expected is None)
        assert provenance["entity"][0]["what"]["identifier"]["value"] == "urn:oid:1.2.3.1.1"


def test_empty_case() -> None:
    assert composed(Case())[2] == {"Patient": 1, "Device": 1, "Provenance": 1}
