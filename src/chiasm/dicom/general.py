"""What every new object has around its content: patient, study, series, equipment, identity.

The description of a study is a mapping of DICOM keywords to values, as it stands in a small JSON file or
in a worklist item. What the standard wants even when nothing is known (type 2) is there and empty.
PS3.3 §C.7.1 to §C.7.5, §C.12.1.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..errors import UsageError
from ..standards import dictionary
from .dataset import DataSet

Description = Mapping[str, Any]

PATIENT = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
STUDY = ("StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber")
MANUFACTURER = "Chiasm"
REQUEST = (
    "AccessionNumber",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
    "PlacerOrderNumberImagingServiceRequest",
    "FillerOrderNumberImagingServiceRequest",
)
"""What a document says of the request it answers, empty where nothing is known: PS3.3 §C.17.2.6."""

_GIVEN = (
    "IssuerOfPatientID",
    "OtherPatientIDsSequence",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "PatientComments",
    "StudyDescription",
    "PhysiciansOfRecord",
    "NameOfPhysiciansReadingStudy",
    "ProcedureCodeSequence",
    "IssuerOfAccessionNumberSequence",
    "AdmissionID",
    "SeriesDescription",
    "SeriesNumber",
    "BodyPartExamined",
    "Laterality",
    "PerformingPhysicianName",
    "OperatorsName",
    "ProtocolName",
    "InstitutionName",
    "InstitutionAddress",
    "InstitutionalDepartmentName",
    "StationName",
    "SpecificCharacterSet",
    "TimezoneOffsetFromUTC",
)


def new_uid() -> str:
    """A new UID of the form that a UUID gives: PS3.5 §B.2."""
    return f"2.25.{uuid.uuid4().int}"


def new_object(
    description: Description, sop_class: str, modality: str, now: datetime | None = None
) -> DataSet:
    """A data set with all that is common to composite objects, from the description of its study.

    Raises UsageError for a name in the description that is no DICOM keyword.
    """
    now = now or datetime.now()
    data = DataSet()
    given = described(description)
    for keyword in ("SpecificCharacterSet", *PATIENT, *STUDY, *_GIVEN):
        if keyword in given:
            data[keyword] = given[keyword]
        elif keyword in PATIENT or keyword in STUDY:
            data[keyword] = None
    if not data.get("StudyInstanceUID"):
        data["StudyInstanceUID"] = new_uid()
    if not data.get("StudyDate"):
        data["StudyDate"] = now.strftime("%Y%m%d")
        data["StudyTime"] = now.strftime("%H%M%S")
    data["SOPClassUID"] = sop_class
    data["SOPInstanceUID"] = given.get("SOPInstanceUID") or new_uid()
    data["InstanceCreationDate"] = now.strftime("%Y%m%d")
    data["InstanceCreationTime"] = now.strftime("%H%M%S")
    data["Modality"] = modality
    data["SeriesInstanceUID"] = given.get("SeriesInstanceUID") or new_uid()
    data["SeriesNumber"] = given.get("SeriesNumber", "1")
    data["InstanceNumber"] = given.get("InstanceNumber", "1")
    data["Manufacturer"] = given.get("Manufacturer", MANUFACTURER)
    for keyword in ("ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions"):
        if keyword in given:
            data[keyword] = given[keyword]
    return data


def described(description: Description) -> dict[str, Any]:
    """The description with its nested mappings as items, every name checked."""
    found: dict[str, Any] = {}
    for keyword, value in description.items():
        if dictionary.tag(keyword) is None:
            raise UsageError(
                f"'{keyword}' is not a keyword of the DICOM dictionary",
                place=keyword,
                rule="PS3.6 §6",
                hint="use names as PatientName and AccessionNumber",
            )
        if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
            found[keyword] = [item(one) for one in value]
        else:
            found[keyword] = tuple(value) if isinstance(value, list) else value
    return found


def item(description: Description) -> DataSet:
    """An item of a sequence from a mapping of keywords to values, nested mappings too."""
    data = DataSet()
    pending: list[tuple[DataSet, Description]] = [(data, description)]
    while pending:
        target, source = pending.pop()
        for keyword, value in source.items():
            if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
                children = [DataSet() for _ in value]
                pending += zip(children, value, strict=True)
                target[keyword] = children
            else:
                target[keyword] = tuple(value) if isinstance(value, list) else value
    return data


def code(value: str, scheme: str, meaning: str) -> DataSet:
    """An item of a code sequence: PS3.3 §8.8."""
    data = DataSet()
    data["CodeValue" if len(value) <= 16 else "LongCodeValue"] = value
    data["CodingSchemeDesignator"] = scheme
    data["CodeMeaning"] = meaning
    return data


def put_request(data: DataSet, description: Description) -> None:
    """Note the request that a series answers, where the description tells of one: PS3.3 §C.7.3.1."""
    given = described(description)
    steps = given.get("ScheduledProcedureStepSequence") or ()
    step = steps[0] if steps else DataSet()
    request = DataSet()
    for keyword in ("RequestedProcedureID", "ScheduledProcedureStepID", "ScheduledProcedureStepDescription"):
        value = given.get(keyword) or step.get(keyword)
        if value:
            request[keyword] = value
    if not len(request):
        return
    if given.get("RequestedProcedureDescription"):
        request["RequestedProcedureDescription"] = given["RequestedProcedureDescription"]
    data["RequestAttributesSequence"] = [request]


def put_referenced_request(data: DataSet, description: Description) -> None:
    """Note the request that a document answers, complete to its empty attributes: PS3.3 §C.17.2.6."""
    given = described(description)
    if not (given.get("RequestedProcedureID") or given.get("PlacerOrderNumberImagingServiceRequest")):
        return
    request = DataSet()
    request["StudyInstanceUID"] = data.get("StudyInstanceUID")
    for keyword in REQUEST:
        request[keyword] = given.get(keyword)
    for keyword in ("ReferencedStudySequence", "RequestedProcedureCodeSequence"):
        request[keyword] = given.get(keyword, [])
    data["ReferencedRequestSequence"] = [request]
