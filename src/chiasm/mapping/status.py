"""The status of a report: one table for three standards, read in every direction.

DICOM says it in three flags, HL7 v2 in OBR-25 and OBX-11, FHIR in DiagnosticReport.status and
Observation.status. PS3.3 §C.17.2; HL7 v2.5.1 §7.4.1.25 and §7.4.2.11; FHIR R4 §10.3.3. The v2 and FHIR
columns agree with the v2-to-FHIR concept maps of tables 0123 and 0085.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import MappingError

CORRECTED = "Corrected"
"""The explanation (0040,A492) by which a corrected report is known: its flags are those of a final one."""


@dataclass(frozen=True, slots=True)
class Status:
    """One status in the words of all three standards.

    `order` is a value of HL7 table 0123 (OBR-25), `result` of table 0085 (OBX-11). `completion` is empty
    where DICOM has no such report, because there is no result. `preliminary` is what is written; where
    it is empty, nothing is written.
    """

    order: str
    result: str
    completion: str
    verification: str
    preliminary: str
    report: str
    observation: str


STATUSES: tuple[Status, ...] = (
    Status("F", "F", "COMPLETE", "VERIFIED", "FINAL", "final", "final"),
    Status("C", "C", "COMPLETE", "VERIFIED", "FINAL", "corrected", "corrected"),
    Status("P", "P", "PARTIAL", "UNVERIFIED", "PRELIMINARY", "preliminary", "preliminary"),
    Status("R", "R", "COMPLETE", "UNVERIFIED", "", "partial", "preliminary"),
    Status("A", "P", "PARTIAL", "UNVERIFIED", "", "partial", "preliminary"),
    Status("X", "X", "", "", "", "cancelled", "cancelled"),
    Status("I", "I", "", "", "", "registered", "registered"),
    Status("O", "O", "", "", "", "registered", "registered"),
    Status("S", "O", "", "", "", "registered", "registered"),
)

_BY_ORDER = {status.order: status for status in STATUSES}
_BY_REPORT = {status.report: status for status in reversed(STATUSES)} | {"amended": STATUSES[1]}
_UNKNOWN = Status("", "F", "", "", "", "unknown", "unknown")


def of(code: str) -> Status:
    """The status of a code of HL7 table 0123; one with empty words for a code that the table lacks."""
    return _BY_ORDER.get(code, _UNKNOWN)


def from_flags(completion: str, verification: str, preliminary: str = "", explanation: str = "") -> str:
    """The code of HL7 table 0123 that the flags of an SR document say. PS3.3 §C.17.2.

    A complete and verified document is final, or corrected where its explanation says so; what is
    marked preliminary is preliminary whatever else is said; complete but not verified is `R`. A
    partial one is `A`: some results are there, others are to come.
    """
    if preliminary == "PRELIMINARY":
        return "P"
    if completion == "COMPLETE":
        if verification == "VERIFIED":
            return "C" if explanation == CORRECTED else "F"
        return "R"
    return "A" if completion == "PARTIAL" else ""


def from_fhir(report: str) -> str:
    """The code of HL7 table 0123 for a DiagnosticReport.status; empty for one that v2 cannot say."""
    status = _BY_REPORT.get(report)
    return status.order if status else ""


def to_flags(code: str, place: str = "OBR-25") -> Status:
    """The status whose flags an SR document gets; without a code it is complete and not verified.

    Raises MappingError for a status that says there is no report.
    """
    status = _BY_ORDER.get(code or "R")
    if status is None or not status.completion:
        raise MappingError(
            f"status '{code}' says that there are no results, so there is no report to make",
            place=place,
            rule="HL7 v2.5.1 §7.4.1.25",
        )
    return status
