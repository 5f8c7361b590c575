"""The failures Chiasm can report: one tree of exceptions, and the findings of every check.

    ChiasmError
    ├── UsageError         the caller asked for something that cannot be
    ├── ParseError         bytes that are not what they claim to be
    │   └── LimitError     bytes that would cost more than a budget of `limits` allows
    ├── ValueFormatError   one value that its type does not admit
    ├── EncodeError        content that the target format cannot hold
    ├── MappingError       content that has no faithful form in the other standard
    └── ServiceError       the node could not do what it was asked; a row of FAILURES says how it is told

An error names the file, the place in it, the rule that it breaks and what to do next; none is a
bare builtin once it crosses the border of a room.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class ChiasmError(Exception):
    """The root of all errors raised across a room's border.

    `place` is a path or byte offset within `source`; `rule` cites the standard; `hint` says what
    to do next. Each may be empty where nothing is known.
    """

    def __init__(
        self, message: str, *, source: str = "", place: str = "", rule: str = "", hint: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.place = place
        self.rule = rule
        self.hint = hint

    def __str__(self) -> str:
        where = " at ".join(part for part in (self.source, self.place) if part)
        text = f"{where}: {self.message}" if where else self.message
        if self.rule:
            text += f" [{self.rule}]"
        return f"{text}; {self.hint}" if self.hint else text


class UsageError(ChiasmError):
    """The caller asked for something that cannot be: an unknown route, a path that is not one."""


class ParseError(ChiasmError):
    """Bytes that are not what they claim to be, and cannot be read as anything near it."""


class LimitError(ParseError):
    """Bytes that would cost more memory, depth or time than the budgets of `limits` allow."""


class ValueFormatError(ChiasmError):
    """One value that its value representation or data type does not admit."""


class EncodeError(ChiasmError):
    """Content that the target format or character set cannot hold; nothing was written."""


class MappingError(ChiasmError):
    """Content that has no faithful form in the other standard; refused rather than invented."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One row of the catalogue of failures: how the same failure is told on each wire.

    `dimse` is a status of PS3.7 §C, `http` one of RFC 9110, `hl7` a code of table 0357, `fhir` an issue
    type of FHIR R4 §issue-type.
    """

    name: str
    dimse: int
    http: int
    hl7: str
    fhir: str
    meaning: str


FAILURES = {
    row.name: row
    for row in (
        Failure("out-of-resources", 0xA700, 507, "207", "no-store", "there is no room to keep it"),
        Failure("unavailable", 0xA700, 503, "207", "transient", "a part of the node does not answer"),
        Failure("too-many-matches", 0xA700, 413, "207", "too-costly", "more than may be given at once"),
        Failure("no-such-destination", 0xA801, 400, "204", "not-found", "the destination is not known"),
        Failure("incomplete-sub-operations", 0xA702, 502, "207", "incomplete", "sub-operations failed"),
        Failure("mismatch", 0xA900, 409, "207", "invariant", "the object is not what it was said to be"),
        Failure("not-understood", 0xC000, 400, "207", "structure", "the bytes cannot be read"),
        Failure("bad-query", 0xC001, 400, "207", "invalid", "the question is not one that can be asked"),
        Failure(
            "conflict",
            0xC100,
            409,
            "205",
            "conflict",
            "it differs from what is held, and the rule refuses it",
        ),
        Failure("unknown-sop-class", 0x0122, 415, "200", "not-supported", "the SOP class is not taken"),
        Failure("unknown-syntax", 0xA900, 406, "207", "not-supported", "the form asked for cannot be made"),
        Failure("not-authorized", 0x0124, 403, "207", "forbidden", "the caller may not do this"),
        Failure("no-such-object", 0x0112, 404, "204", "not-found", "nothing of this name is held"),
        Failure("too-large", 0xA700, 413, "207", "too-long", "it exceeds a budget"),
        Failure("fault", 0x0110, 500, "207", "exception", "a fault of the node's own"),
    )
}
"""The catalogue of failures by name: PS3.7 §C, PS3.4 §B.2.3, §C.4; RFC 9110 §15; HL7 v2.5.1 §2.15.4."""


class ServiceError(ChiasmError):
    """The node could not do what it was asked; `failure` says how that is told on each wire.

    The name of a row of FAILURES comes first; what is not one is taken for `fault`.
    """

    def __init__(
        self,
        failure: str,
        message: str = "",
        *,
        source: str = "",
        place: str = "",
        rule: str = "",
        hint: str = "",
    ) -> None:
        self.failure = FAILURES.get(failure, FAILURES["fault"])
        super().__init__(message or self.failure.meaning, source=source, place=place, rule=rule, hint=hint)


class Severity(enum.StrEnum):
    """How much a finding matters: an error breaks the standard, a warning is legal but doubtful."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One deviation that a parser tolerated or a check reports.

    `path` is the place (a DICOM tag path, a v2 path, a FHIRPath), `rule` a stable short name as
    `missing-type-1` or `table-value`, `message` a sentence for people, `citation` the section.
    """

    severity: Severity
    path: str
    rule: str
    message: str
    citation: str = ""
