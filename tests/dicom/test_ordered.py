"""Plain ordered dictionaries of real files."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from chiasm import dicom


def test_a_real_file(pydicom_data: Path) -> None:
    package = dicom.read_file(pydicom_data / "test_files/CT_small.dcm")
    plain = package.to_ordered_dict()
    assert isinstance(plain, OrderedDict)
    assert plain["PatientName"] == "CompressedSamples^CT1"
    assert plain["ImageType"] == ["ORIGINAL", "PRIMARY", "AXIAL"]
    assert plain["PixelData"] == 32768
    assert plain["00090010"] == "GEMS_IDEN_01"
    assert list(plain) == [element.keyword or f"{element.tag:08X}" for element in package]


def test_nesting_without_recursion() -> None:
    data = dicom.DataSet({"PatientID": "1"})
    path = ""
    for _ in range(300):
        path += "ReferencedSeriesSequence/0/"
        data[path + "SeriesDescription"] = "x"
    plain: object = dicom.to_ordered_dict(data)
    for _ in range(300):
        assert isinstance(plain, OrderedDict)
        (plain,) = plain["ReferencedSeriesSequence"]  # type: ignore[misc]  # a list of one
    assert isinstance(plain, OrderedDict)
    assert list(plain) == ["SeriesDescription"]
