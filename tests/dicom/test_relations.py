"""Where real objects stand and what they refer to; expected values are pydicom's reading of the files."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from chiasm import dicom
from chiasm.dicom.key_objects import key_objects
from chiasm.dicom.relations import graph, position, references
from chiasm.dicom.structured_report import structured_report


@pytest.fixture
def file_set(pydicom_data: Path) -> list[Path]:
    """The images of pydicom's DICOMDIR test set."""
    root = pydicom_data / "test_files" / "dicomdirtests"
    return sorted(p for p in root.rglob("*") if p.is_file() and p.parent.parent.parent == root)


def read(pydicom_data: Path, name: str) -> dicom.DataSet:
    return dicom.read_file(pydicom_data / "test_files" / name).data


def test_positions(file_set):
    assert len(file_set) > 20
    for path in file_set:
        expected = pydicom.dcmread(path, stop_before_pixels=True)
        found = position(dicom.read_file(path).data)
        assert found.patient_id == expected.PatientID
        assert (found.study, found.series) == (expected.StudyInstanceUID, expected.SeriesInstanceUID)
        assert (found.instance, found.sop_class) == (expected.SOPInstanceUID, expected.SOPClassUID)
        assert (found.patient_name, found.modality) == (str(expected.PatientName), expected.Modality)


def test_the_tree_of_a_file_set(file_set):
    found = graph(dicom.read_file(path).data for path in file_set)
    expected: dict[str, dict[str, dict[str, set[str]]]] = {}
    for path in file_set:
        one = pydicom.dcmread(path, stop_before_pixels=True)
        series = expected.setdefault(one.PatientID, {}).setdefault(one.StudyInstanceUID, {})
        series.setdefault(one.SeriesInstanceUID, set()).add(one.SOPInstanceUID)
    tree = {
        patient: {s: {k: set(v) for k, v in series.items()} for s, series in studies.items()}
        for patient, studies in found.tree().items()
    }
    assert tree == expected


def test_plan_structures_and_dose(pydicom_data):
    plan, dose = read(pydicom_data, "rtplan.dcm"), read(pydicom_data, "rtdose.dcm")
    structures = read(pydicom_data, "rtstruct.dcm")
    (of_plan,) = (one for one in references(plan) if one.relation == "ReferencedStructureSetSequence")
    expected = pydicom.dcmread(pydicom_data / "test_files" / "rtplan.dcm").ReferencedStructureSetSequence[0]
    assert of_plan.instance == expected.ReferencedSOPInstanceUID
    assert of_plan.path == "300C0060/0"
    assert {one.relation for one in references(dose)} == {"ReferencedRTPlanSequence"}
    assert [one.relation for one in references(structures)] == ["RTReferencedStudySequence"]
    found = graph([plan, dose, structures])
    assert dose["ReferencedRTPlanSequence/0/ReferencedSOPInstanceUID"] in {
        one.instance for one in found.references[dose["SOPInstanceUID"]]
    }
    assert len(found.missing()) >= 1


def test_studies_and_series_of_nested_references(pydicom_data):
    """RT Referenced Study and Series name where the images of the contours are: PS3.3 §C.8.8.5."""
    structures = read(pydicom_data, "rtstruct.dcm")
    path = "ReferencedFrameOfReferenceSequence/0/RTReferencedStudySequence/0/RTReferencedSeriesSequence/0"
    structures[f"{path}/ContourImageSequence/0/ReferencedSOPInstanceUID"] = "1.2.3"
    (one,) = (one for one in references(structures) if one.relation == "ContourImageSequence")
    uid = "1.2.826.0.1.3680043.8.498.2010020400001.2.1"  # as pydicom reads it
    assert (one.instance, one.study, one.series) == ("1.2.3", uid, f"{uid}.1")


def test_a_report_and_a_selection(pydicom_data):
    ct = read(pydicom_data, "CT_small.dcm")
    instance = ct["SOPInstanceUID"]
    selection = key_objects([ct])
    image = {"type": "IMAGE", "value": [ct["SOPClassUID"], instance, ct["SeriesInstanceUID"]]}
    about = {"StudyInstanceUID": ct["StudyInstanceUID"]}
    report = structured_report({"type": "CONTAINER", "name": ["1", "99A", "x"], "items": [image]}, about)
    found = graph([ct, selection, report])
    assert set(found.referring_to(instance)) == {selection["SOPInstanceUID"], report["SOPInstanceUID"]}
    assert found.missing() == frozenset()
    evidence = [one for one in found.references[report["SOPInstanceUID"]] if one.path.startswith("0040A375")]
    assert [(one.study, one.series) for one in evidence] == [
        (ct["StudyInstanceUID"], ct["SeriesInstanceUID"])
    ]


def test_frames_and_segments():
    item = {
        "ReferencedSOPInstanceUID": "1.2",
        "ReferencedFrameNumber": ("1", "3"),
        "ReferencedSegmentNumber": 2,
    }
    (one,) = references(dicom.DataSet({"SourceImageSequence": [item]}))
    assert (one.frames, one.segments, one.relation) == ((1, 3), (2,), "SourceImageSequence")


def test_the_issuer_tells_patients_apart():
    base = {"PatientID": "1", "StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.2"}
    one = dicom.DataSet({**base, "SOPInstanceUID": "1.3", "IssuerOfPatientID": "A"})
    other = dicom.DataSet({**base, "SOPInstanceUID": "1.4"})
    assert set(graph([one, other, dicom.DataSet()]).tree()) == {"1^^^A", "1"}
