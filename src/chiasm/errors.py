"""The failures Chiasm can report: one tree of exceptions, and the findings of every check.

    ChiasmError
    ├── UsageError         the caller asked for something that cannot be
    ├── ParseError         bytes that are not what they claim to be
    │   └── LimitError     bytes that would cost more than a budget of `limits` allows
    ├── ValueFormatError   one value that its type does not admit
    ├── EncodeError        content that the target format cannot hold
    └── MappingError       content that has no faithful form in the other standard

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
