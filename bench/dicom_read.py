"""Reading a CT header: 40 attributes that an index keeps, and every value of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pydicom
from pydicom.data import get_testdata_file

from .measure import Row, agree, versus

# What C-FIND and QIDO-RS return or match on, from patient to instance (PS3.4 §C.6.1.1, PS3.18 §10.6.3).
INDEX = (
    *("SpecificCharacterSet", "ImageType", "InstanceCreationDate", "InstanceCreationTime", "SOPClassUID"),
    *(
        "SOPInstanceUID",
        "StudyDate",
        "SeriesDate",
        "AcquisitionDate",
        "ContentDate",
        "StudyTime",
        "SeriesTime",
    ),
    *("AccessionNumber", "Modality", "Manufacturer", "InstitutionName", "ReferringPhysicianName"),
    *(
        "TimezoneOffsetFromUTC",
        "StationName",
        "StudyDescription",
        "SeriesDescription",
        "ManufacturerModelName",
    ),
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientAge"),
    *(
        "BodyPartExamined",
        "SliceThickness",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "StudyID",
        "SeriesNumber",
    ),
    *("InstanceNumber", "FrameOfReferenceUID", "NumberOfFrames", "Rows", "Columns", "BitsAllocated"),
)
_PIXELS = 0x7FE00000


def ct_path() -> str:
    """The CT image of 256 header elements in pydicom's wheel."""
    return str(get_testdata_file("CT_small.dcm"))


def rows() -> list[Row]:
    """The two rows of DICOM reading."""
    peer = "pydicom `dcmread(stop_before_pixels)`"
    return [
        versus("read 40 index attributes of a 256-element CT header", f"{peer} and the same 40", 4, _index),
        versus("decode every value of the header", f"{peer}, the same", 5, _every),
    ]


def _index() -> tuple[Callable[[], object], Callable[[], object]]:
    from chiasm import dicom

    path = ct_path()
    file = Path(path)

    def ours() -> list[object]:
        package = dicom.read_file(file)
        return [package.get(keyword) for keyword in INDEX]

    def peer() -> list[object]:
        data_set = pydicom.dcmread(path, stop_before_pixels=True)
        return [data_set.get(keyword) for keyword in INDEX]

    assert len(INDEX) == 40
    agree([plain(value) for value in ours()], [plain(value) for value in peer()])
    return ours, peer


def _every() -> tuple[Callable[[], object], Callable[[], object]]:
    from chiasm import dicom

    path = ct_path()
    file = Path(path)

    def ours() -> list[object]:
        package = dicom.read_file(file)
        return [element.value for _, element in package.data.walk() if element.tag < _PIXELS]

    def peer() -> list[object]:
        data_set = pydicom.dcmread(path, stop_before_pixels=True)
        return [element.value for element in data_set.iterall() if element.VR != "SQ"]

    agree([plain(value) for value in ours()], [plain(value) for value in peer()])
    return ours, peer


def plain(value: object) -> object:
    """A value without the wrapping of either library, for comparison: text, number, bytes, list of them."""
    if value is None or isinstance(value, bytes):
        return value or ""
    original = getattr(value, "original_string", None)
    if isinstance(original, str):
        return original.strip()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(one) for one in value]
    return value if type(value) in {int, float} else str(value)
