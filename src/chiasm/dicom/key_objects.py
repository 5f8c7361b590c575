"""New Key Object Selections: some objects of a study, chosen for a reason. PS3.3 §A.35.4."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..errors import UsageError
from .content import container, reference, referenced, text
from .dataset import DataSet
from .general import Description, new_object, put_referenced_request

KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
OF_INTEREST = ("113000", "DCM", "Of Interest")

_IMAGE_FREE = ("1.2.840.10008.5.1.4.1.1.88", "1.2.840.10008.5.1.4.1.1.104", "1.2.840.10008.5.1.4.1.1.11")


def key_objects(
    objects: Sequence[DataSet],
    description: Description | None = None,
    title: Sequence[str] = OF_INTEREST,
    note: str = "",
    now: datetime | None = None,
) -> DataSet:
    """A selection of the given objects, which are of one study; its patient and study are theirs.

    Raises UsageError where there is none, or they are of several studies.
    """
    if not objects:
        raise UsageError("a selection needs at least one object", rule="PS3.3 §C.17.6.2")
    studies = {str(one.get("StudyInstanceUID")) for one in objects}
    if len(studies) > 1:
        raise UsageError(
            f"the objects are of {len(studies)} studies", hint="make one selection for each study"
        )
    shared = {
        keyword: objects[0].get(keyword)
        for keyword in (
            "SpecificCharacterSet",
            "PatientName",
            "PatientID",
            "PatientBirthDate",
            "PatientSex",
            "StudyInstanceUID",
            "StudyDate",
            "StudyTime",
            "ReferringPhysicianName",
            "StudyID",
            "AccessionNumber",
        )
        if objects[0].get(keyword)
    }
    now = now or datetime.now()
    data = new_object({**shared, **(description or {})}, KEY_OBJECTS, "KO", now)
    data["ReferencedPerformedProcedureStepSequence"] = []
    data["ContentDate"] = now.strftime("%Y%m%d")
    data["ContentTime"] = now.strftime("%H%M%S")
    put_referenced_request(data, description or {})
    items = [text(("113012", "DCM", "Key Object Description"), note)] if note else []
    for one in objects:
        sop_class, instance = str(one.get("SOPClassUID")), str(one.get("SOPInstanceUID"))
        items.append(referenced(_value_type(one, sop_class), sop_class, instance))
    root = container(title, items, "2010", "")
    for element in root:
        data.set(element.tag, element.items if element.vr == "SQ" else element.value, element.vr)
    data["CurrentRequestedProcedureEvidenceSequence"] = [_evidence(objects)]
    return data


def _value_type(one: DataSet, sop_class: str) -> str:
    if "Rows" in one:
        return "IMAGE"
    return "WAVEFORM" if "WaveformSequence" in one and not sop_class.startswith(_IMAGE_FREE) else "COMPOSITE"


def _evidence(objects: Sequence[DataSet]) -> DataSet:
    by_series: dict[str, list[DataSet]] = {}
    for one in objects:
        chosen = reference(str(one.get("SOPClassUID")), str(one.get("SOPInstanceUID")))
        by_series.setdefault(str(one.get("SeriesInstanceUID")), []).append(chosen)
    series = []
    for uid, chosen_here in by_series.items():
        data = DataSet()
        data["SeriesInstanceUID"] = uid
        data["ReferencedSOPSequence"] = chosen_here
        series.append(data)
    study = DataSet()
    study["StudyInstanceUID"] = objects[0].get("StudyInstanceUID")
    study["ReferencedSeriesSequence"] = series
    return study
