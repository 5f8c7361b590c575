"""From an ORU to an SR document: the tree that Chiasm wrote, or one made of texts or measurements.

The document gets UIDs of its own, which the message determines: it is not the document that the message
may have been made from. PS3.3 §A.35; PS3.16 §TID 1500, §TID 2000; HL7 v2.5.1 §7.3.1.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .. import dicom
from ..errors import MappingError
from ..model import Entry, Order, Reference, Report, Study, Visit
from ..model.report import PREDECESSOR
from . import account, case_v2, report_content, status
from .data_sets import DataSetWriter
from .report_header import write_header
from .report_obx import credit, observations
from .report_obx import entries as obx_entries
from .report_own import header_of
from .report_request import Answer, answer_of
from .report_values import fitting
from .result import Result
from .sr_build import write_items
from .sr_rebuild import is_own, rebuild
from .times import DateTimeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..hl7 import Message
    from ..model import Case, Instant
    from .crosswalk import Crosswalk
    from .report_obx import Obx

BASIC_TEXT, COMPREHENSIVE, COMPREHENSIVE_3D = (
    "1.2.840.10008.5.1.4.1.1.88.11",
    "1.2.840.10008.5.1.4.1.1.88.33",
    "1.2.840.10008.5.1.4.1.1.88.34",
)
SR_CLASSES = "1.2.840.10008.5.1.4.1.1.88."
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
REQUESTS = 0x0040A370
TAG_SYSTEM = "99DCMTAG"

_IDENTIFYING = frozenset({"study instance uid", "series instance uid", "sr instance uid"})
"""Names of observations without a code that RAD TF-2 §4.28 has for the UIDs of the document."""

_BASIC_TYPES = frozenset(
    "CONTAINER TEXT CODE DATETIME DATE TIME UIDREF PNAME COMPOSITE IMAGE WAVEFORM".split()  # noqa: SIM905 -- terms
)
AROUND = ("accession_number", "accession_issuer", "study_uid", "clinical_information")
_REQUESTED = (
    "placer_number", "placer_issuer", "filler_number", "filler_issuer", "accession_number",
    "accession_issuer", "study_uid", "procedure_id", "procedures", "description", "reason", "reason_codes",
)  # fmt: skip
VISIT = ("admission_id", "admission_issuer", "referring", "consulting", "attending", "pregnancy")
_STUDY = ("identifier", "description", "started", "procedures")
_PRESENT = (
    "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "PatientName", "PatientID",
    "PatientBirthDate", "PatientSex", "StudyID", "Manufacturer",
)  # fmt: skip
_REQUEST_PRESENT = (
    "AccessionNumber", "PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest",
    "RequestedProcedureID", "RequestedProcedureDescription",
)  # fmt: skip
"""What is there at least, empty where nothing is known: PS3.3 §C.7.1 to §C.7.5, §C.17.2."""


@dataclass(slots=True)
class _Made:
    """The report of a message, and what is known of the document that it was made from."""

    report: Report
    explanation: str
    sop_class: str
    is_own: bool


def to_sr(message: Message, crosswalk: Crosswalk) -> Result:
    """The SR document that an ORU says, as a Part 10 file.

    Raises MappingError for a message without results, or whose status says that there are none.
    """
    reading = case_v2.read(message, crosswalk)
    case = reading.case
    found = observations(message)
    by_rows = credit(found, reading, {})
    answer = answer_of(message)
    made = _report(case, found, by_rows | _identifying(found, crosswalk), answer)
    issued = answer.issued or case.sender.sent
    if issued is None or len(issued.digits) < 10:
        issued = case.sender.sent
    if issued is None or len(issued.digits) < 10:
        raise MappingError("it tells no time of the report", place="OBR-22", rule="PS3.3 §C.17.2")
    seed = hashlib.sha256(message.encode()).digest()
    data, writer = _document(case, made, issued, crosswalk, seed)
    output = dicom.create(data, sop_class=made.sop_class).encode()

    credit(found, reading, writer.written)

    def entries() -> Iterator[Entry]:
        extra = answer.entries("report.header")
        rows = account.of_message(message, reading, writer.written, writer.refused, "an SR document")
        return obx_entries(rows, found, "an SR document", extra)

    return Result(output, "sr", entries)


def _identifying(found: list[Obx], crosswalk: Crosswalk) -> set[str]:
    """The OBX that say which objects the message is about, which is no content of a report."""
    codes = {place.code for row in crosswalk.rows for place in row.places if place.code is not None}
    names = {(code[0], code[2]) for code in codes}
    paths = set()
    for one in found:
        code, meaning, scheme = one.code[:3]
        named = not code and meaning.casefold() in _IDENTIFYING
        if named or scheme == TAG_SYSTEM or (code and (code, scheme) in names):
            one.refusal = "it says which objects the message is about; the report has identifiers of its own"
            paths.add(one.path)
    return paths


def _report(case: Case, found: list[Obx], by_rows: set[str], answer: Answer) -> _Made:
    own = [one for one in found if is_own(one)]
    rebuilt = rebuild(own)
    if rebuilt.items:
        header = header_of(rebuilt.declared, found)
        study = case.orders[0].study_uid if case.orders else ""
        references = header.references
        if header.instance:
            series = next((one.uid for one in case.study.series), "")
            before = Reference(
                header.sop_class, header.instance, series=series, study=study, role=PREDECESSOR
            )
            references = (*references, before)
        report = replace(header.report, items=rebuilt.items, references=references)
        is_known = header.sop_class.startswith(SR_CLASSES)
        return _Made(report, header.explanation, header.sop_class if is_known else _class_of(report), True)
    others = [one for one in found if one.path not in by_rows and not is_own(one)]
    procedures = case.orders[0].procedures[:1] if case.orders else ()
    flags = status.to_flags(answer.status)
    name = ""
    if answer.interpreter is not None:
        try:
            name = fitting(answer.interpreter.person.name)
        except MappingError as error:
            answer.refuse(error.message)
    signature = answer.interpreter
    person = signature.person if signature is not None else None
    items = report_content.build(others, procedures, person, name)
    if not items:
        reasons = sorted({one.refusal for one in others if one.refusal})
        raise MappingError("no observation of it becomes content of a report", hint="; ".join(reasons[:3]))
    may_verify = signature is not None and name and signature.organization and signature.when is not None
    is_verified = flags.verification == "VERIFIED" and bool(may_verify)
    if flags.verification == "VERIFIED" and not is_verified:
        answer.caveat = "not written as verified: who verified it, for whom and when is not all known"
    report = Report(
        completed=flags.completion == "COMPLETE",
        verified=is_verified,
        preliminary=flags.preliminary,
        items=items,
        verifiers=(signature,) if signature is not None and is_verified else (),
    )
    explanation = status.CORRECTED if flags.order == "C" else ""
    return _Made(report, explanation, _class_of(report), False)


def _class_of(report: Report) -> str:
    """The simplest SOP class that admits the value types of a report. PS3.3 §A.35."""
    types = {item.value_type for item in report.items}
    if "SCOORD3D" in types or "TABLE" in types:
        return COMPREHENSIVE_3D
    return BASIC_TEXT if types <= _BASIC_TYPES else COMPREHENSIVE


def only(record: object, names: tuple[str, ...], empty: object) -> object:
    """The record with the fields that the target has a place for, the others empty."""
    return replace(empty, **{name: getattr(record, name) for name in names})  # type: ignore[type-var]  # a record


def _document(
    case: Case, made: _Made, issued: Instant, crosswalk: Crosswalk, seed: bytes
) -> tuple[dicom.DataSet, DataSetWriter]:
    data = dicom.DataSet()
    writer = DataSetWriter(crosswalk)
    writer.fill("patient", case.patient, data)
    writer.fill("visit", only(case.visit, VISIT, Visit()), data)
    writer.fill("measures", case.measures, data)
    writer.fill("study", only(case.study, _STUDY, Study()), data)
    for order in case.orders[:1]:
        writer.fill("order", only(order, AROUND, Order()), data)
    if not data.get("StudyInstanceUID"):
        data["StudyInstanceUID"] = uid(seed + b"study")
    for index, order in enumerate(case.orders):
        _request(order, index, data, writer)
    if made.is_own:
        for series in case.study.series[:1]:
            writer.fill("equipment", series.equipment, data)
    data["SOPClassUID"] = made.sop_class
    for keyword, part in (("SOPInstanceUID", b"instance"), ("SeriesInstanceUID", b"series")):
        data[keyword] = uid(seed + part)
    data["Modality"] = "KO" if made.sop_class == KEY_OBJECTS else "SR"
    data["SeriesNumber"] = "1"
    data["InstanceNumber"] = "1"
    DateTimeKind().to_dicom(issued, (0x00080023, 0x00080033), data)
    data["ReferencedPerformedProcedureStepSequence"] = []
    if made.sop_class != KEY_OBJECTS:
        data["PerformedProcedureCodeSequence"] = []
        write_header(made.report, made.explanation, data)
    write_items(made.report.items, data)
    for keyword in _PRESENT:
        if keyword not in data:
            data[keyword] = None
    return data, writer


def _request(order: Order, index: int, data: dicom.DataSet, writer: DataSetWriter) -> None:
    """An item of the request that the report answers, where anything but the study is known of it."""
    requested = only(order, _REQUESTED, Order())
    if requested == replace(Order(), study_uid=order.study_uid):
        return
    item = dicom.DataSet()
    prefix = f"{REQUESTS:08X}/{index}/"
    writer.fill("order", requested, item, index, prefix)
    for keyword in _REQUEST_PRESENT:
        if keyword not in item:
            item[keyword] = None
    for keyword in ("ReferencedStudySequence", "RequestedProcedureCodeSequence"):
        if keyword not in item:
            item[keyword] = []
    if "StudyInstanceUID" not in item:
        item["StudyInstanceUID"] = data.get("StudyInstanceUID")
    known = data.element(REQUESTS)
    data[REQUESTS] = [*(known.items if known is not None else ()), item]


def uid(seed: bytes) -> str:
    """A UID of the UUID form that the message determines: PS3.5 §B.2."""
    number = int.from_bytes(hashlib.sha256(seed).digest()[:16], "big") & ~(0xF000 << 64) | (0x8000 << 64)
    return f"2.25.{number}"
