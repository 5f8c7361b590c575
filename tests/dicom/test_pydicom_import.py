"""From pydicom: a package with the same elements, and back."""

from pathlib import Path

import pytest

from chiasm import dicom
from chiasm.errors import UsageError

pydicom = pytest.importorskip("pydicom")


def test_a_file_data_set_comes_back(pydicom_files: list[Path]) -> None:
    theirs = pydicom.dcmread(next(one for one in pydicom_files if one.name == "CT_small.dcm"))
    package = dicom.from_pydicom(theirs)
    assert package["PatientID"] == "1CT1"
    assert package.to_pydicom() == theirs


def test_a_bare_data_set_is_written_explicit_little_endian() -> None:
    theirs = pydicom.Dataset()
    theirs.PatientName = "Doe^Jane"
    theirs.Rows = 7
    package = dicom.from_pydicom(theirs)
    assert (package["PatientName"], package["Rows"]) == ("Doe^Jane", 7)


def test_anything_else_is_refused() -> None:
    with pytest.raises(UsageError, match="dict"):
        dicom.from_pydicom({"PatientName": "x"})
