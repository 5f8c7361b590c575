"""Acknowledgments, in original and in enhanced mode.

    original   MSH-15 and MSH-16 both empty: one application acknowledgment, AA AE or AR
    enhanced   either valued: MSH-15 asks for an accept acknowledgment (CA CE CR), MSH-16 for one of the
               application; AL always, NE never, ER on error or rejection, SU on success

HL7 v2.5.1 §2.9.2 (original), §2.9.3 (enhanced), §2.15.8 (MSA), §2.15.5 (ERR), tables 0008 and 0155.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from ..errors import ChiasmError, EncodeError, Finding, Severity, UsageError
from ..standards import hl7tables
from .composing import compose
from .fieldtext import FieldValue
from .message import Message
from .path import parse_path
from .segment import Segment, Structured

_ACCEPT = frozenset({"CA", "CE", "CR"})
_APPLICATION = frozenset({"AA", "AE", "AR"})
_RULES = (
    ("unknown-version", "203"),
    ("unknown-structure", "200"),
    ("structure-mismatch", "201"),
    ("missing-segment", "100"),
    ("missing-group", "100"),
    ("misplaced", "100"),
    ("unexpected", "100"),
    ("unknown-segment", "100"),
    ("surplus-segment", "100"),
    ("surplus-group", "100"),
    ("missing", "101"),
    ("table", "103"),
)
"""The beginning of a finding's rule, and the code of table 0357 that says it; anything else is 102."""
_SEVERITIES = {Severity.ERROR: "E", Severity.WARNING: "W", Severity.NOTE: "I"}
_MESSAGE_TYPE = "HL7 v2.5.1 §2.15.9.9"


class Due(NamedTuple):
    """Which acknowledgments a message asks for, given how it was taken."""

    enhanced: bool
    accept: bool
    application: bool


def acknowledgments_due(message: Message, *, success: bool = True) -> Due:
    """Which acknowledgments the sender waits for. HL7 v2.5.1 §2.9.2, table 0155.

    An empty field of enhanced mode counts as NE. An accept acknowledgment is due nothing, and an
    application's is due at most an accept acknowledgment.
    """
    kind = _kind(message)
    if kind[:1] == "C":
        return Due(enhanced=True, accept=False, application=False)
    accept, application = _asked(message)
    if not accept and not application:
        return Due(enhanced=False, accept=False, application=not kind)
    wanted = {"AL", "SU" if success else "ER"}
    return Due(enhanced=True, accept=accept in wanted, application=application in wanted and not kind)


def _asked(message: Message) -> tuple[str, str]:
    header = message.header
    return str(header.get(15, 1, 1, 1) or "").strip('"'), str(header.get(16, 1, 1, 1) or "").strip('"')


def _kind(message: Message) -> str:
    """MSA-1 of a message that acknowledges another, "A" where it is empty; "" for any other message."""
    found = message.segments_named("MSA")
    if found:
        return str(found[0].get(1, 1, 1, 1) or "A")
    return "A" if message.header.get(9, 1, 1, 1) in {"ACK", "MCF"} else ""


def acknowledge(
    message: Message,
    code: str = "AA",
    *,
    errors: Iterable[Finding | ChiasmError | str] = (),
    text: str = "",
    control_id: str = "",
    now: datetime | None = None,
) -> Message:
    """The acknowledgment of a message, in its version, delimiters and character set.

    `code` is one of AA AE AR, or in enhanced mode CA CE CR; `errors` become ERR segments, as the
    version has them; `text` is for people. Raises UsageError for an acknowledgment of an
    acknowledgment, for an unknown code, and for CA CE CR where the sender works in original mode.
    """
    _refuse(message, code)
    header = message.header
    version, _ = hl7tables.nearest(message.version)
    moment = (now or datetime.now().astimezone()).strftime("%Y%m%d%H%M%S%z")
    fields: dict[int, FieldValue] = {
        3: _carried(header, 5),
        4: _carried(header, 6),
        5: _carried(header, 3),
        6: _carried(header, 4),
        7: moment,
        9: _event(message, version),
        10: control_id or uuid.uuid4().hex[:20],
        11: _carried(header, 11) or "P",
        12: _carried(header, 12) or version.id,
        18: _carried(header, 18),
    }
    if any(_asked(message)):
        fields[15] = fields[16] = "NE"
    reasons = list(errors)
    answer: dict[int, FieldValue] = {1: code, 2: str(header.get(10, None, None, None) or "")}
    definition = version.segment("MSA")
    kept = (
        definition is not None
        and len(definition.fields) >= 3
        and definition.fields[2].usage not in {"W", "X"}
    )
    if text and kept:
        answer[3] = text
    elif text and not reasons:
        reasons = [text]
    rows: list[tuple[str, dict[int, FieldValue]]] = [("MSH", fields), ("MSA", answer)]
    rows += [("ERR", row) for row in _error_rows(reasons, code, version)]
    rows = [(name, {n: value for n, value in row.items() if value}) for name, row in rows]
    marks = message.delimiters
    try:
        return compose(rows, encoding_characters=marks.encoding_characters, field_separator=marks.field)
    except EncodeError:  # what was declared cannot hold it: say so, rather than send nothing
        rows[0][1][18] = "UNICODE UTF-8"
        return compose(rows, encoding_characters=marks.encoding_characters, field_separator=marks.field)


def _refuse(message: Message, code: str) -> None:
    if code not in _ACCEPT | _APPLICATION:
        raise UsageError(
            f"{code!r} is no acknowledgment code",
            place="MSA-1",
            rule="HL7 v2.5.1 §2.15.8.1",
            hint="AA AE AR CA CE CR",
        )
    kind = _kind(message)
    if kind and (code in _APPLICATION or kind[0] == "C" or not any(_asked(message))):
        raise UsageError(
            "an acknowledgment is not acknowledged",
            place="MSA-1",
            rule="HL7 v2.5.1 §2.9.3",
            hint="send nothing",
        )
    if code in _ACCEPT and not any(_asked(message)):
        raise UsageError(
            "the sender works in original mode, which knows no accept acknowledgment",
            place="MSH-15",
            rule="HL7 v2.5.1 §2.9.2",
            hint="answer AA, AE or AR",
        )


def _carried(header: Segment, number: int) -> FieldValue:
    """A field of the header as a value to compose anew."""
    found: Structured = header.value(number)
    return [tuple(tuple(component) for component in repetition) for repetition in found] or None


def _event(message: Message, version: hl7tables.Version) -> FieldValue:
    """MSH-9 as the version writes it: `ACK^R01^ACK`, `ACK^R01` before 2.3.1."""
    trigger = str(message.header.get(9, 1, 2, 1) or "")
    kind = version.segments["MSH"].fields[8]
    datatype = version.datatype(kind.datatype)
    parts = len(datatype.components) if datatype is not None else 1
    if parts >= 3 and version.structure("ACK") is not None:
        return ("ACK", trigger, "ACK")
    return ("ACK", trigger) if trigger else "ACK"


def _error_rows(
    reasons: list[Finding | ChiasmError | str], code: str, version: hl7tables.Version
) -> list[dict[int, FieldValue]]:
    """The ERR segments: one for each reason from 2.5 on, before one with repetitions of ERR-1."""
    definition = version.segment("ERR")
    if not reasons or definition is None:
        return []
    rows = [_error(reason, code, version) for reason in reasons]
    if len(definition.fields) >= 3:
        return [row for _, row in rows]
    return [{1: [place for place, _ in rows]}]


def _error(
    reason: Finding | ChiasmError | str, code: str, version: hl7tables.Version
) -> tuple[FieldValue, dict[int, FieldValue]]:
    """One error: its ERR-1 for the versions before 2.5, and its ERR segment for the others."""
    place, rule, words, severity = "", "", "", "E"
    if isinstance(reason, Finding):
        place, rule, words, severity = reason.path, reason.rule, reason.message, _SEVERITIES[reason.severity]
    elif isinstance(reason, ChiasmError):
        place, words = reason.place, reason.message
    else:
        words = reason
    known = next((found for start, found in _RULES if rule.startswith(start)), "102" if rule else "207")
    if code in {"AA", "CA"} and not rule:
        known = "0"
    table = version.table("0357") or hl7tables.version("2.5.1").table("0357")
    meaning = table.codes.get(known, "") if table is not None else ""
    coded = (known, meaning, "HL70357" if len(version.segments["ERR"].fields) >= 3 else "HL70060")
    where = _location(place)
    row: dict[int, FieldValue] = {2: where, 3: coded, 4: severity, 7: words[:2048], 8: words[:250]}
    names = [where[i] if isinstance(where, tuple) and i < len(where) else "" for i in range(3)]
    return (*names, coded), row


def _location(place: str) -> FieldValue:
    """An ERL of a path: segment, its number, field, its repetition, component, subcomponent."""
    try:
        path = parse_path(place.strip())
    except UsageError:
        return None
    numbers = (path.field, path.field_rep, path.component, path.subcomponent)
    if path.field_rep is None and path.component is not None:
        numbers = (path.field, 1, path.component, path.subcomponent)
    return (path.segment, str(path.segment_rep), *("" if n is None else str(n) for n in numbers))
