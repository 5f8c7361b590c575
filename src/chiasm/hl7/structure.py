"""Which structure a message follows, and its typed groups.

MSH-9.3 names the structure; without it, or where the version has none of that name, message code and
trigger do (an A04 is an ADT_A01). MSH-12 names the version (`2.5.1^GBR` is 2.5.1); for one without
tables the nearest is taken. HL7 v2.5.1 §2.15.9.9 (MSH-9), §2.15.9.12 (MSH-12).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol, TypeVar

from ..errors import Finding, Severity
from ..standards import hl7tables
from .delimiters import Delimiters
from .grammar import Grammar
from .groups import GroupTree, SegmentLike, group_segments

_MESSAGE_TYPE = "HL7 v2.5.1 §2.15.9.9"
_HEADER = 65_536
"""How much of the header is looked at: all of any real one."""
S_co = TypeVar("S_co", bound=SegmentLike, covariant=True)
S = TypeVar("S", bound=SegmentLike)


class MessageLike(Protocol[S_co]):
    """What the choice of a structure needs of a message: its segments, the header first.

    `str(segment)` is the ER7 text of a segment, decoded, without its terminator.
    """

    @property
    def segments(self) -> Sequence[S_co]:
        """The segments in message order."""


class Choice(NamedTuple):
    """The version and structure that a message follows, and what was wrong with naming them."""

    version: hl7tables.Version
    grammar: Grammar | None
    findings: tuple[Finding, ...]


@lru_cache(maxsize=512)
def grammar(version: str, structure: str) -> Grammar:
    """The state machine of one structure of one version, kept; KeyError for an unknown structure."""
    tables = hl7tables.version(version)
    return Grammar(tables.structures[structure], tables.segments)


def choose(message: MessageLike[S]) -> Choice:
    """Choose the version and structure of a message; an unknown structure gives no grammar."""
    if not message.segments:
        return _chosen("", "", "", "")
    header = str(message.segments[0])[:_HEADER]
    marks = Delimiters.from_header(header)
    fields = header.split(marks.field, 12)
    kind = _parts(fields, 8, marks)
    return _chosen(kind[0], kind[1], kind[2], _parts(fields, 11, marks)[0])


def _parts(fields: Sequence[str], index: int, marks: Delimiters) -> list[str]:
    """The first three components of the first repetition of a field of the header, short texts all."""
    text = fields[index] if index < len(fields) else ""
    if marks.repetition:
        text = text.split(marks.repetition, 1)[0]
    parts = text.split(marks.component, 3)[:3] if marks.component else [text]
    return [part[:64] for part in (*parts, "", "", "")]


@lru_cache(maxsize=1024)
def _chosen(code: str, trigger: str, named: str, version_text: str) -> Choice:
    version, exact = hl7tables.nearest(version_text)
    findings: list[Finding] = []
    if not version_text:
        message = f"MSH-12 is empty; read as {version.id}"
        findings.append(
            _finding(Severity.ERROR, "MSH[1]-12", "missing-version", message, "HL7 v2.5.1 §2.15.9.12")
        )
    elif not exact:
        message = f"there are no tables for version {version_text!r}; read as {version.id}"
        findings.append(
            _finding(Severity.WARNING, "MSH[1]-12[1].1", "unknown-version", message, "HL7 v2.5.1 §2.15.9.12")
        )
    event = f"{code}_{trigger}"
    by_event = version.structure_for(code, trigger) if code else None
    definition = version.structure(named) if named else by_event
    if named and definition is None:
        message = f"version {version.id} has no message structure {named!r}"
        findings.append(
            _finding(Severity.ERROR, "MSH[1]-9[1].3", "unknown-structure", message, _MESSAGE_TYPE)
        )
        definition = by_event
    elif definition is not None and by_event is not None and definition.id not in (by_event.id, event):
        message = f"{code}^{trigger} is carried by {by_event.id}, not by {definition.id}"
        mismatch = _finding(Severity.ERROR, "MSH[1]-9[1].3", "structure-mismatch", message, _MESSAGE_TYPE)
        findings += [mismatch] if event in version.events or event in version.structures else []
    if definition is None and not named:
        message = f"version {version.id} has no message structure for {code}^{trigger}"
        findings.append(_finding(Severity.ERROR, "MSH[1]-9", "unknown-structure", message, _MESSAGE_TYPE))
    chosen = grammar(version.id, definition.id) if definition is not None else None
    return Choice(version, chosen, tuple(findings))


def _finding(severity: Severity, path: str, rule: str, message: str, citation: str) -> Finding:
    return Finding(severity, path, rule, message, citation)


def group(message: MessageLike[S]) -> GroupTree[S]:
    """Group the segments of a message by its structure; without one, all stand in the root."""
    return group_segments(choose(message).grammar, message.segments)
