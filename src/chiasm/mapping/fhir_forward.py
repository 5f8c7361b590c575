"""From DICOM and HL7 v2 to a FHIR R4 bundle."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import account, case_dicom, case_v2, document_forward, gather, report_forward
from .fhir_bundle import Composer
from .fhir_report_reads import told, written_of
from .result import Result
from .sr_elements import VALUE_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..dicom import Package
    from ..hl7 import Message
    from ..model import Case, Entry, Sender
    from .case_dicom import Read, Reading
    from .crosswalk import Crosswalk
    from .fhir_reports import ReportWriter
    from .writing import Written

KIND = "fhir"

_OWN = ("report.", "document.")
"""Concepts that each object says for itself, whatever others of the study say."""


def to_bundle(packages: Sequence[tuple[str, Package]], crosswalk: Crosswalk, sender: Sender) -> Result:
    """The bundle that tells of the objects of one study; each comes with the name of its source.

    `sender.sent`, where it is precise enough, is when the Provenance says it was made. Raises UsageError
    where the objects are not of one study.
    """
    readings = [_read(package, crosswalk) for _, package in packages]
    case = gather.together([reading.case for reading in readings])
    reports = tuple(report for reading in readings for report in reading.case.reports)
    documents = tuple(document for reading in readings for document in reading.case.documents)
    case = replace(case, sender=sender, reports=reports, documents=documents)
    composer = Composer(case, crosswalk, sender.sent)
    composer.compose()
    output = composer.bundle.finish().encode()
    several = len(packages) > 1

    def entries() -> Iterator[Entry]:
        writers, taken = iter(composer.reports), iter(composer.documents)
        for (name, package), reading in zip(packages, readings, strict=True):
            writer = next(writers) if reading.case.reports else None
            reads, written = _became(reading, case, composer, writer, several=several)
            if reading.case.documents:
                written |= next(taken)
            prefix = f"{name}#" if several else ""
            yield from account.of_data_set(package, reads, written, crosswalk, KIND, None, prefix)

    findings = tuple(finding for _, package in packages for finding in package.findings)
    return Result(output, KIND, entries, findings)


def _read(package: Package, crosswalk: Crosswalk) -> Reading:
    data = package.data
    if data.get(VALUE_TYPE) == "CONTAINER":
        return report_forward.read(data, crosswalk)
    reading = case_dicom.read(data, crosswalk)
    if document_forward.DOCUMENT in data:
        document, reads = document_forward.read_document(data)
        reading.case = replace(reading.case, documents=(document,))
        reading.reads += reads
    return reading


def _became(
    reading: Reading, whole: Case, composer: Composer, writer: ReportWriter | None, *, several: bool
) -> tuple[list[Read], dict[tuple[str, int], Written]]:
    """What was read of one object, and where it went; why, where it went nowhere."""
    own = [read for read in reading.reads if read.concept.startswith(_OWN)]
    shared = [read for read in reading.reads if not read.concept.startswith(_OWN)]
    if several:
        shared = gather.agreeing(replace(reading, reads=shared), whole)
    written = dict(composer.writer.written)
    reads = [
        read
        if (read.concept, read.index) in written or read.refusal
        else replace(read, refusal=composer.writer.refused.get((read.concept, read.index), ""))
        for read in shared
    ]
    if writer is not None:
        report = reading.case.reports[0]
        own = told(own, report, writer)
        written |= written_of(report, writer)
    return reads + own, written


def from_message(message: Message, crosswalk: Crosswalk) -> Result:
    """The bundle that tells of a v2 message: patient, visit, orders, steps and study."""
    reading = case_v2.read(message, crosswalk)
    composer = Composer(reading.case, crosswalk, reading.case.sender.sent)
    composer.compose()
    writer = composer.writer
    refused = {key: reason for key, reason in writer.refused.items() if key not in writer.written}

    def entries() -> Iterator[Entry]:
        return account.of_message(message, reading, writer.written, refused, "a FHIR bundle")

    return Result(composer.bundle.finish().encode(), KIND, entries)
