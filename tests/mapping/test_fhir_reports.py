"""A TID 1500 measurement group, by the maps of HL7's DICOM SR guide in their R4 form."""

from __future__ import annotations

from typing import Any

import pytest

from chiasm.fhir import Resource, validate
from chiasm.mapping.fhir_reports import ReportWriter
from chiasm.mapping.fhir_writing import BundleDraft
from chiasm.model import Coded, Content, Instant, NameGroup, Person, PersonName, Reference, Report, Signature

CT = "1.2.840.10008.5.1.4.1.1.2"
MM = Coded("mm", "UCUM", "millimeter")
LENGTH, SITE, SIDE = (
    Coded("410668003", "SCT", "Length"),
    Coded("363698007", "SCT", "Finding Site"),
    Coded("272741003", "SCT", "Laterality"),
)
CONTEXT, MOD, CONTAINS = "HAS OBS CONTEXT", "HAS CONCEPT MOD", "CONTAINS"
ITEMS = (
    Content((1,), "", "CONTAINER", Coded("126000", "DCM", "Imaging Measurement Report"), "SEPARATE"),
    Content((1, 1), CONTAINS, "CONTAINER", Coded("125007", "DCM", "Measurement Group"), "SEPARATE"),
    Content((1, 1, 1), CONTEXT, "TEXT", Coded("112039", "DCM", "Tracking Identifier"), "Lesion 1"),
    Content((1, 1, 2), CONTEXT, "UIDREF", Coded("112040", "DCM", "Tracking Unique Identifier"), "1.2.4"),
    Content((1, 1, 3), CONTAINS, "CODE", Coded("121071", "DCM", "Finding"), code=Coded("108369006", "SCT", "Neoplasm")),
    Content((1, 1, 4), CONTAINS, "NUM", LENGTH, numbers=("12.50",), unit=MM),
    Content((1, 1, 4, 1), MOD, "CODE", SITE, code=Coded("39607008", "SCT", "Lung")),
    Content((1, 1, 4, 1, 1), MOD, "CODE", SIDE, code=Coded("24028007", "SCT", "Right")),
    Content((1, 1, 4, 2), MOD, "CODE", Coded("121401", "DCM", "Derivation"), code=Coded("373098007", "SCT", "Mean")),
    Content((1, 1, 4, 3), "INFERRED FROM", "SCOORD", None, graphic="POINT", coordinates=("1", "2")),
    Content((1, 1, 4, 3, 1), "SELECTED FROM", "IMAGE", None, reference=Reference(CT, "1.2.3.4")),
    Content((1, 1, 5), CONTAINS, "NUM", LENGTH, numbers=("1", "2"), unit=MM),
    Content((1, 1, 5, 1), "INFERRED FROM", by_reference=(1, 1, 4)),
    Content((1, 2), CONTAINS, "TEXT", Coded("121077", "DCM", "Conclusion"), "stable"),
    Content((1, 3), "INFERRED FROM", by_reference=(1, 1, 4)),
)  # fmt: skip
REPORT = Report(
    uid="1.2.9",
    title=Coded("126000", "DCM", "Imaging Measurement Report"),
    status="P",
    issued=Instant("20200229101112", "", "+0000"),
    items=ITEMS,
    authors=(Signature(Person(PersonName(NameGroup("Doe")))), Signature(Person(), device="1.2.5")),
    verifiers=(Signature(Person(PersonName(NameGroup("Roe")))),),
)


@pytest.fixture
def written() -> tuple[ReportWriter, Resource]:
    bundle = BundleDraft()
    patient = bundle.add("Patient")
    study = bundle.add("ImagingStudy", status="available", subject=bundle.reference(patient))

    def bind(content: dict[str, Any]) -> None:
        content["subject"] = bundle.reference(patient)

    writer = ReportWriter(bundle, bind, study)
    writer.write(REPORT)
    return writer, bundle.finish()


def resource(bundle: Resource, writer: ReportWriter, index: int) -> dict[str, Any]:
    """The resource that an item went to."""
    number = int(writer.placed[index].target.split("[")[1].split("]")[0])
    found: dict[str, Any] = bundle[f"entry[{number}].resource"]
    return found


def test_bundle_is_valid(written: tuple[ReportWriter, Resource]) -> None:
    assert validate(written[1]) == []


def test_header(written: tuple[ReportWriter, Resource]) -> None:
    report = resource(written[1], written[0], 0)
    assert report["status"] == "preliminary"
    assert report["issued"] == "2020-02-29T10:11:12+00:00"
    assert report["identifier"] == [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.9"}]
    assert len(report["performer"]) == 1
    assert len(report["resultsInterpreter"]) == 1
    assert report["conclusion"] == "stable"
    assert len(report["result"]) == 2


def test_group(written: tuple[ReportWriter, Resource]) -> None:
    group = resource(written[1], written[0], 1)
    assert [one["value"] for one in group["identifier"]] == ["Lesion 1", "urn:oid:1.2.4"]
    assert group["valueCodeableConcept"]["coding"][0]["code"] == "108369006"
    assert len(group["hasMember"]) == 2


def test_measurement(written: tuple[ReportWriter, Resource]) -> None:
    one = resource(written[1], written[0], 5)
    assert str(one["valueQuantity"]["value"]) == "12.50"
    assert one["bodySite"]["coding"][0]["code"] == "39607008"
    assert [part["code"]["coding"][0]["code"] for part in one["component"]] == ["272741003", "121401"]
    (derived,) = one["derivedFrom"]
    assert "extension" in derived


def test_several_numbers_and_pointers(written: tuple[ReportWriter, Resource]) -> None:
    writer, bundle = written
    many = resource(bundle, writer, 11)
    assert [str(one["valueQuantity"]["value"]) for one in many["component"]] == ["1", "2"]
    target = bundle[f"entry[{int(writer.placed[5].target.split('[')[1].split(']')[0])}].fullUrl"]
    assert many["derivedFrom"] == [{"reference": target}]
    assert writer.placed[14].target == ""
    assert "no place" in writer.placed[14].note


def test_every_item_is_told_of(written: tuple[ReportWriter, Resource]) -> None:
    assert len(written[0].placed) == len(ITEMS)
    assert all(one.target or one.note for one in written[0].placed)


def test_deep_and_hostile_trees() -> None:
    deep = [Content((1,), "", "CONTAINER", text="SEPARATE")]
    for _ in range(400):
        deep.append(Content((*deep[-1].position, 1), CONTAINS, "CONTAINER", text="SEPARATE"))
    orphan = Content((1, 9, 9), CONTAINS, "TEXT", None, "lost")
    bad = Content((1, 2), CONTAINS, "NUM", LENGTH, numbers=("x",))
    bundle = BundleDraft()
    writer = ReportWriter(bundle, lambda content: None, None)
    writer.write(Report(items=(*deep, orphan, bad)))
    assert writer.placed[-2].target == ""
    assert "not a number" in writer.placed[-1].note
    assert validate(bundle.finish()) == []
