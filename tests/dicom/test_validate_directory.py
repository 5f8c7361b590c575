"""The records of directories: real ones, and each key taken away. PS3.3 §F.5."""

from __future__ import annotations

import pytest

from chiasm import dicom
from chiasm.dicom.validate import validate_data
from chiasm.dicom.validate_directory import directory

DIRECTORY = "1.2.840.10008.1.3.10"


@pytest.fixture
def real(pydicom_data) -> dicom.DataSet:
    return dicom.read_file(pydicom_data / "test_files" / "dicomdirtests" / "DICOMDIR").data


def test_a_real_directory(real):
    assert list(directory(real)) == []
    assert [one for one in validate_data(real, DIRECTORY) if one.severity == "error"] == []


@pytest.mark.parametrize(
    ("kind", "keyword", "rule"),
    [
        ("PATIENT", "PatientID", "missing-type-1"),
        ("PATIENT", "PatientName", "missing-type-2"),
        ("STUDY", "StudyDate", "missing-type-1"),
        ("STUDY", "AccessionNumber", "missing-type-2"),
        ("SERIES", "Modality", "missing-type-1"),
        ("IMAGE", "InstanceNumber", "missing-type-1"),
    ],
)
def test_a_missing_key(real, kind, keyword, rule):
    records = real["DirectoryRecordSequence"]
    number = next(at for at, one in enumerate(records) if one["DirectoryRecordType"] == kind)
    del records[number][keyword]
    assert [(one.path.split("/")[1], one.rule) for one in directory(real)] == [(str(number), rule)]


def test_an_unknown_type_of_record():
    data = dicom.DataSet({"DirectoryRecordSequence": [{"DirectoryRecordType": "UNKNOWN"}]})
    assert [(one.path, one.rule) for one in directory(data)] == [("00041220/0/00041430", "enumerated-value")]


def test_an_empty_key():
    record = {"DirectoryRecordType": "IMAGE", "InstanceNumber": None}
    data = dicom.DataSet({"DirectoryRecordSequence": [record]})
    assert [one.rule for one in directory(data)] == ["empty-type-1"]


def test_other_objects_have_no_records():
    assert list(directory(dicom.DataSet())) == []
