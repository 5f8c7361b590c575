"""The file meta information, broken one way at a time: PS3.10 §7.1."""

from __future__ import annotations

import pytest

from chiasm import dicom
from chiasm.dicom.validate_meta import check_meta


@pytest.fixture
def package(pydicom_data) -> dicom.Package:
    return dicom.read_file(pydicom_data / "test_files" / "CT_small.dcm")


def rules(package: dicom.Package) -> list[tuple[str, str]]:
    return [(one.path, one.rule) for one in check_meta(package)]


def test_a_real_header(package):
    assert rules(package) == []


def test_a_created_header():
    package = dicom.create({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "SOPInstanceUID": "2.25.1"})
    assert rules(dicom.parse(package.encode())) == []


@pytest.mark.parametrize("tag", [0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012])
def test_missing(package, tag):
    del package.header[tag]
    assert rules(package) == [(f"{tag:08X}", "missing-type-1")]


@pytest.mark.parametrize(
    ("tag", "value", "rule"),
    [
        (0x00020002, None, "empty-type-1"),
        (0x00020002, "1.2.3", "meta-mismatch"),
        (0x00020003, "1.2.3", "meta-mismatch"),
        (0x00020001, b"\1\0", "value-format"),
        (0x00020010, "1.2.3", "unknown-transfer-syntax"),
        (0x00020013, "x" * 17, "value-format"),
    ],
)
def test_wrong(package, tag, value, rule):
    package.header.set(tag, value)
    assert rules(package) == [(f"{tag:08X}", rule)]


def test_no_header(explicit):
    assert rules(dicom.parse(explicit(0x00080016, "UI", b"1.2\0") + explicit(0x00080060, "CS", b"CT"))) == [
        ("00020010", "no-meta")
    ]


def test_no_preamble(explicit, part10):
    package = dicom.parse(part10(explicit(0x00080060, "CS", b"CT"), preamble=None))
    assert ("00020000", "no-preamble") in rules(package)
