"""Encapsulated documents: kind, exact bytes, identifiers. PS3.3 §C.24.2."""

from __future__ import annotations

import pytest

from chiasm import dicom
from chiasm.dicom.encapsulated import encapsulated, kind_of
from chiasm.dicom.validate import validate
from chiasm.errors import UsageError

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"
CDA = b'<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3"%s/></ClinicalDocument>'
STL = b"\0" * 80 + (2).to_bytes(4, "little") + b"\0" * 100


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PDF, "pdf"), (b"\xef\xbb\xbf" + CDA % b"", "cda"), (STL, "stl"), (b"solid x\nendsolid x\n", "stl")],
)
def test_kinds(content, kind):
    assert kind_of(content) == kind


@pytest.mark.parametrize("content", [b"", b"hello", b"<html/>", STL[:-1]])
def test_no_kind(content):
    with pytest.raises(UsageError):
        kind_of(content)


@pytest.mark.parametrize("content", [PDF, PDF + b"\n", CDA % b' extension="9"', STL])
def test_the_bytes_are_exact_and_the_object_in_order(content):
    package = dicom.parse(dicom.create(encapsulated(content, {"PatientID": "1"}, "Report")).encode())
    length = package["EncapsulatedDocumentLength"]
    assert length == len(content)
    assert package.raw("EncapsulatedDocument")[:length] == content
    assert len(package.raw("EncapsulatedDocument")) % 2 == 0
    assert package["DocumentTitle"] == "Report"
    assert list(validate(package)) == []


@pytest.mark.parametrize(
    ("content", "sop_class", "media", "modality"),
    [
        (PDF, "1.2.840.10008.5.1.4.1.1.104.1", "application/pdf", "DOC"),
        (CDA % b"", "1.2.840.10008.5.1.4.1.1.104.2", "text/XML", "DOC"),
        (STL, "1.2.840.10008.5.1.4.1.1.104.3", "model/stl", "M3D"),
    ],
)
def test_classes(content, sop_class, media, modality):
    data = encapsulated(content, {})
    assert (data["SOPClassUID"], data["MIMETypeOfEncapsulatedDocument"], data["Modality"]) == (
        sop_class, media, modality,
    )  # fmt: skip


def test_the_id_of_a_cda():
    assert encapsulated(CDA % b' extension="9"', {})["HL7InstanceIdentifier"] == "1.2.3^9"
    assert encapsulated(CDA % b"", {})["HL7InstanceIdentifier"] == "1.2.3"


@pytest.mark.parametrize(
    "content",
    [
        b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>',
        b'<ClinicalDocument xmlns="urn:hl7-org:v3"><id/></ClinicalDocument>',
        b'<ClinicalDocument xmlns="urn:hl7-org:v3">',
    ],
)
def test_a_cda_without_identity_is_refused(content):
    with pytest.raises(UsageError):
        encapsulated(content, {})


def test_entities_are_not_fetched(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("1.9.9")
    content = (
        f'<!DOCTYPE ClinicalDocument [<!ENTITY e SYSTEM "file://{secret}">]>'
        '<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3"/><title>&e;</title></ClinicalDocument>'
    )
    assert encapsulated(content.encode(), {}, kind="cda")["HL7InstanceIdentifier"] == "1.2.3"
