"""The package: its parts, its mapping methods, and writing it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chiasm import dicom
from chiasm.errors import UsageError


@pytest.fixture
def package(pydicom_data: Path) -> dicom.Package:
    return dicom.read_file(pydicom_data / "test_files/CT_small.dcm")


def test_header_and_data(package: dicom.Package) -> None:
    assert package.preamble is not None
    assert len(package.preamble) == 128
    assert package.header["TransferSyntaxUID"] == "1.2.840.10008.1.2.1"
    assert package.transfer_syntax.name == "Explicit VR Little Endian"
    assert package.findings == []
    assert repr(package) == f"Package(Explicit VR Little Endian, {len(package)} elements)"


def test_mapping_methods_are_those_of_the_data_set(package: dicom.Package) -> None:
    assert package["PatientID"] == package.get("PatientID") == package.data["PatientID"] == "1CT1"
    package["PatientID"] = "2"
    package.set("PatientName", "A^B")
    del package["PatientSex"]
    assert "PatientSex" not in package
    assert package.raw("PatientID") == b"2 "
    assert [element.tag for element in package] == [element.tag for element in package.data]
    element = package.element("PatientName")
    assert element is not None
    assert element.value == "A^B"
    assert len(list(package.walk())) >= len(package)


def test_charset_recodes(package: dicom.Package) -> None:
    package.charset = "ISO_IR 192"
    package["PatientName"] = "山田"
    assert package.charset == ("ISO_IR 192",)
    assert dicom.parse(package.encode())["PatientName"] == "山田"


def test_write_over_the_file_that_is_mapped(
    pydicom_data: Path, tmp_path: Path, package: dicom.Package
) -> None:
    path = tmp_path / "a.dcm"
    package["PixelData"] = b"\7" * 600_000
    package.write(path)
    mapped = dicom.read_file(path)
    mapped["PatientID"] = "other"
    mapped.write(path)
    assert dicom.read_file(path)["PatientID"] == "other"
    assert [one.name for one in tmp_path.iterdir()] == ["a.dcm"]


def test_write_where_nothing_can_be_written(package: dicom.Package, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write there"):
        package.write(tmp_path / "none" / "a.dcm")


def test_unknown_transfer_syntax(package: dicom.Package) -> None:
    with pytest.raises(UsageError, match="no transfer syntax"):
        package.encode("1.2.3")


def test_declaring_another_transfer_syntax_converts(package: dicom.Package) -> None:
    package.header["TransferSyntaxUID"] = "1.2.840.10008.1.2"
    again = dicom.parse(package.encode())
    assert (again.transfer_syntax.uid, again.findings) == ("1.2.840.10008.1.2", [])
    assert again["Rows"] == package["Rows"]
