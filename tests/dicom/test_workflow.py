"""Worklist items and performed steps, complete to their empty attributes: PS3.4 §K.6.1.2, §F.7.2.1."""

from __future__ import annotations

from chiasm.dicom import DataSet
from chiasm.dicom.validate import validate_data
from chiasm.dicom.workflow import (
    PERFORMED_STEP,
    WORKLIST,
    complete_worklist_item,
    performed_step,
    worklist_item,
)

ABOUT = {
    "PatientName": "Doe^J", "PatientID": "1", "AccessionNumber": "A", "RequestedProcedureID": "R",
    "ScheduledStationAETitle": "CT1", "ScheduledProcedureStepStartDate": "20260101",
    "ScheduledProcedureStepStartTime": "0900", "Modality": "CT", "ScheduledProcedureStepID": "S",
    "RequestedProcedureDescription": "Head", "ScheduledProcedureStepDescription": "Head",
}  # fmt: skip


def test_a_worklist_item():
    data = worklist_item(ABOUT)
    (step,) = data["ScheduledProcedureStepSequence"]
    assert (step["Modality"], step["ScheduledStationAETitle"]) == ("CT", "CT1")
    assert "Modality" not in data
    assert data["PatientWeight"] is None
    assert data["StudyInstanceUID"].startswith("2.25.")
    assert list(validate_data(data, WORKLIST)) == []


def test_what_is_missing_is_named():
    data = worklist_item({key: value for key, value in ABOUT.items() if key != "Modality"})
    assert [(one.path, one.rule) for one in validate_data(data, WORKLIST)] == [
        ("00400100/0/00080060", "empty-type-1")
    ]


def test_completing_changes_nothing_that_is_there():
    data = DataSet({"PatientID": "7", "ScheduledProcedureStepSequence": [{"Modality": "MR"}]})
    complete_worklist_item(data)
    assert data["PatientID"] == "7"
    assert data["ScheduledProcedureStepSequence/0/Modality"] == "MR"
    assert data["ScheduledProcedureStepSequence/0/ScheduledStationName"] is None
    assert len(complete_worklist_item(DataSet())["ScheduledProcedureStepSequence"]) == 1


def test_a_performed_step():
    data = performed_step(ABOUT)
    assert data["PerformedProcedureStepStatus"] == "IN PROGRESS"
    assert data["PerformedProcedureStepID"] == "S"
    assert data["ScheduledStepAttributesSequence/0/AccessionNumber"] == "A"
    assert data["PerformedProcedureStepEndDate"] is None
    assert list(validate_data(data, PERFORMED_STEP)) == []
