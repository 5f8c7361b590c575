"""Which attributes are kept of each level: those that queries ask for or match.

The required, unique and commonly asked optional keys of PS3.4 §C.6.1.1 and §C.6.2.1, and the attributes of
PS3.18 §10.6.3.3, tables 10.6.3-3 to 10.6.3-5.
"""

from __future__ import annotations

from ..standards import dictionary

PATIENT = (
    "IssuerOfPatientID", "PatientName", "PatientID", "TypeOfPatientID", "IssuerOfPatientIDQualifiersSequence",
    "PatientBirthDate", "PatientBirthTime", "PatientSex", "OtherPatientIDsSequence", "OtherPatientNames",
    "PatientSpeciesDescription", "EthnicGroup", "PatientComments", "ResponsiblePerson",
    "ResponsibleOrganization", "QualityControlSubject", "PatientIdentityRemoved",
)  # fmt: skip
STUDY = (
    "StudyDate", "StudyTime", "AccessionNumber", "IssuerOfAccessionNumberSequence",
    "ReferringPhysicianName", "ReferringPhysicianIdentificationSequence", "StudyDescription",
    "ProcedureCodeSequence", "PhysiciansOfRecord", "NameOfPhysiciansReadingStudy",
    "AdmittingDiagnosesDescription", "ReferencedStudySequence", "PatientAge", "PatientSize", "PatientWeight",
    "Occupation", "AdditionalPatientHistory", "PregnancyStatus", "AdmissionID", "StudyInstanceUID", "StudyID",
    "OtherStudyNumbers", "RequestingService", "TimezoneOffsetFromUTC",
)  # fmt: skip
SERIES = (
    "SeriesDate", "SeriesTime", "Modality", "Manufacturer", "InstitutionName", "InstitutionAddress",
    "StationName", "SeriesDescription", "SeriesDescriptionCodeSequence", "InstitutionalDepartmentName",
    "PerformingPhysicianName", "OperatorsName", "ManufacturerModelName",
    "ReferencedPerformedProcedureStepSequence", "BodyPartExamined", "DeviceSerialNumber", "SoftwareVersions",
    "ProtocolName", "PatientPosition", "SeriesInstanceUID", "SeriesNumber", "Laterality",
    "FrameOfReferenceUID", "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime",
    "PerformedProcedureStepID", "PerformedProcedureStepDescription", "RequestAttributesSequence",
)  # fmt: skip
INSTANCE = (
    "ImageType", "InstanceCreationDate", "InstanceCreationTime", "SOPClassUID", "SOPInstanceUID",
    "AcquisitionDate", "ContentDate", "AcquisitionDateTime", "AcquisitionTime", "ContentTime",
    "ConceptNameCodeSequence", "AcquisitionNumber", "InstanceNumber", "ImageLaterality", "ImageComments",
    "PresentationCreationDate", "PresentationCreationTime", "SamplesPerPixel", "PhotometricInterpretation",
    "NumberOfFrames", "Rows", "Columns", "BitsAllocated", "BitsStored", "CompletionFlag",
    "VerificationFlag", "VerificationDateTime", "ContentLabel", "ContentDescription", "ContentCreatorName",
    "DocumentTitle", "MIMETypeOfEncapsulatedDocument", "ReferencedRequestSequence",
)  # fmt: skip

PAIRS = (
    ("StudyDate", "StudyTime"), ("SeriesDate", "SeriesTime"),
    ("InstanceCreationDate", "InstanceCreationTime"),
    ("AcquisitionDate", "AcquisitionTime"), ("ContentDate", "ContentTime"),
    ("PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime"),
    ("PresentationCreationDate", "PresentationCreationTime"), ("PatientBirthDate", "PatientBirthTime"),
)  # fmt: skip
"""Dates and times that may be matched as one moment: PS3.4 §C.2.2.2.5."""


def _tags(keywords: tuple[str, ...]) -> dict[int, str]:
    found = {tag: dictionary.vr(tag) for word in keywords if (tag := dictionary.tag(word)) is not None}
    return dict(sorted(found.items()))


LEVELS: tuple[dict[int, str], ...] = tuple(_tags(words) for words in (PATIENT, STUDY, SERIES, INSTANCE))
"""For each level from patient to instance: the tags kept, ascending, with their VRs."""

LEVEL_OF: dict[int, int] = {tag: level for level, tags in enumerate(LEVELS) for tag in tags}
"""The level that a kept tag belongs to."""

MOMENTS: dict[int, int] = {
    date: time
    for words in PAIRS
    if (date := dictionary.tag(words[0])) is not None and (time := dictionary.tag(words[1])) is not None
}
"""The tag of the time that belongs to the tag of a date."""
