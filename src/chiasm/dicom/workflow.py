"""New data sets of the workflow: worklist items and performed procedure steps. PS3.4 §K.6, §F.7."""

from __future__ import annotations

from datetime import datetime

from .dataset import DataSet
from .general import Description, described, new_uid

WORKLIST = "1.2.840.10008.5.1.4.31"
PERFORMED_STEP = "1.2.840.10008.3.1.2.3.3"
SOP_CLASSES = {"worklist": WORKLIST, "mpps": PERFORMED_STEP}
"""The SOP class under which each is kept as a file: the data sets themselves name none."""

STEP = (
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "Modality",
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription",
    "ScheduledStationName",
    "ScheduledProcedureStepLocation",
    "PreMedication",
    "ScheduledProcedureStepID",
    "RequestedContrastAgent",
    "ScheduledProcedureStepStatus",
)
ITEM = (
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientWeight",
    "MedicalAlerts",
    "Allergies",
    "PregnancyStatus",
    "SpecialNeeds",
    "StudyInstanceUID",
    "RequestingPhysician",
    "RequestedProcedureDescription",
    "AdmissionID",
    "CurrentPatientLocation",
    "PatientState",
    "RequestedProcedureID",
    "RequestedProcedurePriority",
    "PatientTransportArrangements",
    "ConfidentialityConstraintOnPatientDataDescription",
)
"""What an item holds at least, empty where nothing is known: PS3.4 §K.6.1.2."""


_CONDITIONAL = frozenset(("ScheduledProcedureStepDescription", "RequestedProcedureDescription"))
"""What is not there where it would be empty: a code may stand for it, PS3.4 §K.6.1.2."""


def complete_worklist_item(data: DataSet) -> DataSet:
    """The same item with every attribute that a worklist answers with, empty where nothing is known."""
    steps = data.element("ScheduledProcedureStepSequence")
    if steps is None or not steps.items:
        data["ScheduledProcedureStepSequence"] = [DataSet()]
    steps = data.element("ScheduledProcedureStepSequence")
    for item in steps.items if steps is not None else ():
        for keyword in STEP:
            if keyword not in item and keyword not in _CONDITIONAL:
                item[keyword] = None
    for keyword in ITEM:
        if keyword not in data and keyword not in _CONDITIONAL:
            data[keyword] = None
    for keyword in ("ReferencedStudySequence", "ReferencedPatientSequence"):
        if keyword not in data:
            data[keyword] = []
    return data


def worklist_item(description: Description) -> DataSet:
    """A worklist item: names of the step go into the step, all others into the item."""
    data, step = DataSet(), DataSet()
    for keyword, value in described(description).items():
        (step if keyword in STEP else data)[keyword] = value
    if "ScheduledProcedureStepSequence" not in data:
        data["ScheduledProcedureStepSequence"] = [step]
    if not data.get("StudyInstanceUID"):
        data["StudyInstanceUID"] = new_uid()
    return complete_worklist_item(data)


def performed_step(description: Description, now: datetime | None = None) -> DataSet:
    """What N-CREATE sends when a step begins: PS3.4 §F.7.2.1.1."""
    now = now or datetime.now()
    given = described(description)
    scheduled = DataSet()
    for keyword in (
        "StudyInstanceUID",
        "AccessionNumber",
        "RequestedProcedureID",
        "RequestedProcedureDescription",
        "ScheduledProcedureStepID",
        "ScheduledProcedureStepDescription",
    ):
        scheduled[keyword] = given.get(keyword)
    if not scheduled.get("StudyInstanceUID"):
        scheduled["StudyInstanceUID"] = new_uid()
    for keyword in ("ReferencedStudySequence", "ScheduledProtocolCodeSequence"):
        scheduled[keyword] = given.get(keyword, [])
    data = DataSet()
    data["ScheduledStepAttributesSequence"] = [scheduled]
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID"):
        data[keyword] = given.get(keyword)
    for keyword in ("ReferencedPatientSequence", "ProcedureCodeSequence", "PerformedProtocolCodeSequence"):
        data[keyword] = given.get(keyword, [])
    data["PerformedProcedureStepID"] = (
        given.get("PerformedProcedureStepID") or given.get("ScheduledProcedureStepID") or "1"
    )
    data["PerformedStationAETitle"] = given.get("PerformedStationAETitle", "CHIASM")
    data["PerformedStationName"] = given.get("PerformedStationName")
    data["PerformedLocation"] = given.get("PerformedLocation")
    data["PerformedProcedureStepStartDate"] = now.strftime("%Y%m%d")
    data["PerformedProcedureStepStartTime"] = now.strftime("%H%M%S")
    data["PerformedProcedureStepStatus"] = "IN PROGRESS"
    data["PerformedProcedureStepDescription"] = given.get("PerformedProcedureStepDescription")
    data["PerformedProcedureTypeDescription"] = given.get("PerformedProcedureTypeDescription")
    data["PerformedProcedureStepEndDate"] = None
    data["PerformedProcedureStepEndTime"] = None
    data["Modality"] = given.get("Modality", "OT")
    data["PerformedSeriesSequence"] = []
    return data
