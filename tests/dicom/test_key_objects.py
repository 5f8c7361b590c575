"""Key object selections of real objects: PS3.3 §A.35.4."""

from __future__ import annotations

import pytest

from chiasm import dicom
from chiasm.dicom.key_objects import key_objects
from chiasm.dicom.validate import validate_data
from chiasm.errors import UsageError


@pytest.fixture
def objects(pydicom_data) -> dict[str, dicom.DataSet]:
    names = ("CT_small", "MR_small", "test-SR", "waveform_ecg")
    return {name: dicom.read_file(pydicom_data / "test_files" / f"{name}.dcm").data for name in names}


def test_a_selection(objects):
    ct = objects["CT_small"]
    data = key_objects([ct], note="look here")
    assert (data["PatientID"], data["StudyInstanceUID"]) == (ct["PatientID"], ct["StudyInstanceUID"])
    text, image = data["ContentSequence"]
    assert text["TextValue"] == "look here"
    assert image["ReferencedSOPSequence/0/ReferencedSOPInstanceUID"] == ct["SOPInstanceUID"]
    series = data["CurrentRequestedProcedureEvidenceSequence/0/ReferencedSeriesSequence/0"[:-2]][0]
    assert series["SeriesInstanceUID"] == ct["SeriesInstanceUID"]
    assert data["ConceptNameCodeSequence/0/CodeValue"] == "113000"
    assert list(validate_data(data)) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [("CT_small", "IMAGE"), ("MR_small", "IMAGE"), ("test-SR", "COMPOSITE"), ("waveform_ecg", "WAVEFORM")],
)
def test_value_types(objects, name, kind):
    assert key_objects([objects[name]])["ContentSequence/0/ValueType"] == kind


def test_one_study_alone(objects):
    with pytest.raises(UsageError):
        key_objects([objects["CT_small"], objects["MR_small"]])
    with pytest.raises(UsageError):
        key_objects([])
