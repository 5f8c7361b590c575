"""The standard of a file, told from its first bytes."""

import pytest

from chiasm.app.detect import standard
from chiasm.errors import ParseError


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\0" * 128 + b"DICM", "dicom"),
        (b"MSH|^~\\&|", "hl7"),
        (b"\x0bMSH|^~\\&|", "hl7"),
        (b"\xef\xbb\xbfFHS|^~\\&|", "hl7"),
        (b"BHS|", "hl7"),
        ("MSH|".encode("utf-16"), "hl7"),
        (b'{"resourceType": "Bundle"}', "fhir"),
        (b'{"00100010": {"vr": "PN"}}', "dicom-json"),
        (b'[{"00100010": {"vr": "PN"}}]', "dicom-json"),
        (b'<ORU_R01 xmlns="urn:hl7-org:v2xml">', "hl7-xml"),
        (b'<ClinicalDocument xmlns="urn:hl7-org:v3">', "cda"),
        (b"<NativeDicomModel>", "dicom-xml"),
        (b"PK\x03\x04", "zip"),
        (b"%PDF-1.7", "pdf"),
        (b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100", "dicom"),
    ],
)
def test_the_standard_is_told_from_the_beginning(head, expected):
    assert standard(head) == expected


def test_nothing_is_no_standard():
    with pytest.raises(ParseError, match="empty"):
        standard(b"", "x.dcm")


def test_every_real_file_is_dicom(pydicom_files):
    assert {standard(path.read_bytes()[:4096]) for path in pydicom_files} == {"dicom"}
