"""The pitfalls of reports and documents, each by its name."""

from __future__ import annotations

import pytest

from chiasm import dicom, hl7, mapping
from chiasm.dicom import content, encapsulated, structured_report
from chiasm.dicom.general import code
from chiasm.mapping import status
from chiasm.mapping.routes import Options
from chiasm.model import Instant, Sender

SENDER = Options(sender=Sender(control_id="1", sent=Instant("20260102030405", "", "+0000")))
WHO = {"PatientID": "P1", "PatientName": "Doe^Jane", "StudyDate": "20260101", "StudyTime": "0101"}
LENGTH, MM = ("410668003", "SCT", "Length"), ("mm", "UCUM", "millimeter")


def report(*items: dicom.DataSet) -> dicom.Package:
    root = content.container(("18748-4", "LN", "Diagnostic imaging report"), items, relationship="")
    return dicom.create(structured_report.structured_report(root, WHO, "comprehensive"))


def oru(package: dicom.Package) -> hl7.Message:
    return hl7.parse(mapping.convert(package, "oru", SENDER).output)


def returned(message: hl7.Message) -> dicom.Package:
    return dicom.parse(mapping.convert(message, "sr").output)


def trees_agree(one: dicom.Package, other: dicom.Package) -> bool:
    tree = [package.element("ContentSequence").items for package in (one, other)]
    leaves = [[(p, e.value) for item in items for p, e in item.walk()] for items in tree]
    return leaves[0] == leaves[1]


def test_a_number_that_could_not_be_measured_keeps_its_qualifier() -> None:
    item = content.content_item("NUM", LENGTH)
    item["MeasuredValueSequence"] = []
    item["NumericValueQualifierCodeSequence"] = [code("114000", "DCM", "Not a number")]
    package = report(item)
    message = oru(package)
    assert any("114000" in str(segment) for segment in message.segments_named("OBX"))
    assert trees_agree(package, returned(message))


def test_the_unit_one_and_the_text_of_a_number_stay() -> None:
    package = report(content.number(("118565006", "SCT", "Ratio"), "1.500", ("1", "UCUM", "no units")))
    message = oru(package)
    numbers = [s for s in message.segments_named("OBX") if s.value(2) == [[["NM"]]] and "Ratio" in str(s)]
    assert [s.value(5)[0][0][0] for s in numbers] == ["1.500"]
    assert [s.value(6)[0][0][0] for s in numbers] == ["1"]
    assert trees_agree(package, returned(message))


def test_an_item_by_reference_points_at_its_target_on_both_sides() -> None:
    first = content.number(LENGTH, "12", MM)
    pointer = dicom.DataSet({"RelationshipType": "INFERRED FROM"})
    pointer.set("ReferencedContentItemIdentifier", (1, 1), "UL")
    finding = content.text(("121071", "DCM", "Finding"), "a nodule")
    package = report(first, finding)
    package.data.element("ContentSequence").items[1]["ContentSequence"] = [pointer]
    back = returned(oru(package))
    assert back.get("ContentSequence/1/ContentSequence/0/ReferencedContentItemIdentifier") == (1, 1)
    assert trees_agree(package, back)


def test_a_language_modifier_stays_with_its_item() -> None:
    finding = content.text(("121071", "DCM", "Finding"), "ein Knoten")
    language = ("121049", "DCM", "Language of Content Item and Descendants")
    finding["ContentSequence"] = [content.coded(language, ("de", "RFC5646", "German"), "HAS CONCEPT MOD")]
    package = report(finding)
    assert trees_agree(package, returned(oru(package)))


@pytest.mark.parametrize(
    ("completion", "verification", "order", "result", "fhir"),
    [
        ("COMPLETE", "VERIFIED", "F", "F", "final"),
        ("COMPLETE", "UNVERIFIED", "R", "R", "partial"),
        ("PARTIAL", "UNVERIFIED", "A", "P", "partial"),
    ],
)
def test_the_status_is_one_table(
    completion: str, verification: str, order: str, result: str, fhir: str
) -> None:
    assert status.from_flags(completion, verification) == order
    found = status.of(order)
    assert (found.result, found.report) == (result, fhir)
    flags = status.to_flags(order)
    assert (flags.completion, flags.verification) == (completion, verification)


def test_a_document_of_tens_of_megabytes_takes_no_loop_over_characters() -> None:
    pdf = b"%PDF-1.4\n" + bytes(range(256)) * 80_000 + b"\n%%EOF\n"
    package = dicom.create(encapsulated.encapsulated(pdf, WHO, "Report"))
    message = oru(package)
    back = dicom.parse(mapping.convert(message, "document").output)
    assert back.raw("EncapsulatedDocument")[: len(pdf)] == pdf
