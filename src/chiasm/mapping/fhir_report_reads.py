"""What became of the leaves of a report: the reads of an SR document matched with where its items went."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..model.report import CURRENT_EVIDENCE, IDENTICAL, OTHER_EVIDENCE, PREDECESSOR
from .times import TIME_OF_DAY, ZONE
from .writing import Written

if TYPE_CHECKING:
    from ..model import Report
    from .case_dicom import Read
    from .fhir_reports import Placed, ReportWriter
    from .reading import Leaf

DETAIL = "detail of the content item"
"""The facet of leaves that FHIR does not say: relationships, continuity, templates, further attributes."""

ITEMS = "report.items"
_FLAGS = ("completed", "verified", "preliminary", "explanation")
_ROLES = (CURRENT_EVIDENCE, OTHER_EVIDENCE, PREDECESSOR, IDENTICAL)
_MOMENT = frozenset({TIME_OF_DAY, ZONE})


def written_of(report: Report, writer: ReportWriter) -> dict[tuple[str, int], Written]:
    """Where each concept of a report went, by concept and number."""
    found: dict[tuple[str, int], Written] = {}
    status = writer.header["status"]
    for flag in _FLAGS:
        found[f"report.{flag}", 0] = Written(status.target)
    issued = writer.header.get("issued")
    if issued and issued.target:
        found["report.issued", 0] = Written(issued.target, frozenset(issued.unheld), _notes(issued))
    for name in ("verifiers", "authors"):
        people = [index for index, one in enumerate(getattr(report, name)) if not one.device]
        for number, index in enumerate(people):
            found[f"report.{name}", index] = Written(
                f"{writer.header[name].target}[{number}]", frozenset({"meaning"})
            )
    for index, placed in enumerate(writer.placed):
        if placed.target:
            found[ITEMS, index] = Written(placed.target, frozenset({DETAIL}), _notes(placed))
    return found


def _notes(placed: Placed) -> frozenset[str]:
    return frozenset({placed.note}) if placed.note else frozenset()


def told(reads: list[Read], report: Report, writer: ReportWriter) -> list[Read]:
    """The reads of an SR document, with what FHIR does not say marked, and what had no place refused."""
    found = []
    for read in reads:
        if read.concept == ITEMS:
            found.append(_item(read, report, writer.placed[read.index]))
        elif read.concept == "report.participants":
            found.append(replace(read, refusal=read.refusal or "DiagnosticReport has no other participants"))
        elif read.concept == "report.authors" and report.authors[read.index].device:
            found.append(replace(read, refusal=read.refusal or "DiagnosticReport.performer names no device"))
        elif read.concept.removeprefix("report.") in _ROLES:
            reason = "DiagnosticReport names the study, not the objects of the evidence"
            found.append(replace(read, refusal=read.refusal or reason))
        else:
            found.append(read)
    return found


def _item(read: Read, report: Report, placed: Placed) -> Read:
    if not placed.target:
        return replace(read, refusal=read.refusal or placed.note or "it has no place")
    position = report.items[read.index].position
    prefix = "".join(f"0040A730/{number - 1}/" for number in position[1:])
    leaves: list[Leaf] = [
        (above, tag, DETAIL if f"{above}{tag:08X}".removeprefix(prefix) in placed.unheld else facet)
        for above, tag, facet in read.leaves
    ]
    return replace(read, leaves=leaves)
