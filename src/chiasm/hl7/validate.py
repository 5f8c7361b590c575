"""Checking a message against the tables of its version, and a profile: every deviation, with its path.

    structure    missing, surplus, misplaced and unknown segments and groups      (placement)
    fields       required, withdrawn, surplus, over-long, too often               (values)
    values       types, delimiters inside primitives, codes                       (datatypes, codes)
    conditions   what one field requires of another                               (conditions)
    profile      what a site or an IHE profile asks beyond the standard           (profile)

Nothing is raised for content: a message that was parsed can be checked. HL7 v2.5.1 §2.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import Finding
from ..standards.hl7tables import Version
from .conditions import check_conditions, check_order_numbers
from .delimiters import Delimiters
from .groups import GroupTree, SegmentLike, group_segments
from .placement import check_placement
from .profile import Profile
from .profile_check import check_profile
from .structure import Choice, MessageLike, choose
from .values import ValueCheck


def validate(message: MessageLike[SegmentLike], profile: Profile | None = None) -> list[Finding]:
    """Check a message by its version, or by that of the profile, and by the profile; findings in order.

    First what concerns the structure, then the fields segment by segment, then the profile.
    """
    segments = message.segments
    if not segments:
        return []
    choice = profile.choice(choose(message)) if profile else choose(message)
    findings = list(choice.findings)
    tree = group_segments(choice.grammar, segments)
    findings += check_placement(tree, choice.version)
    marks = Delimiters.from_header(str(segments[0]))
    rows = _rows(segments, marks)
    _check_fields(rows, choice, marks, findings)
    if profile is not None:
        findings += check_profile(profile, rows, tree, marks)
    return findings


Row = tuple[str, list[str]]
"""One segment: its path, and its fields by number, the id first."""


def _rows(segments: Sequence[SegmentLike], marks: Delimiters) -> list[Row]:
    """The path and the fields of each segment; the header's first field is the separator itself."""
    counts: dict[str, int] = {}
    rows: list[Row] = []
    for segment in segments:
        name = segment.id
        counts[name] = counts.get(name, 0) + 1
        fields = str(segment).split(marks.field)
        if name in {"MSH", "FHS", "BHS"}:
            fields.insert(1, marks.field)
        rows.append((f"{name}[{counts[name]}]", fields))
    return rows


def _check_fields(rows: list[Row], choice: Choice, marks: Delimiters, findings: list[Finding]) -> None:
    values = ValueCheck(choice.version, marks, findings)
    code = _code(rows[0][1], marks)
    order: Row | None = None
    for row in rows:
        path, fields = row
        values.segment(path, fields[0], fields)
        findings.extend(check_conditions(path, fields, code))
        if fields[0] == "ORC":
            order = row
        elif fields[0] == "OBR" and order is not None:
            findings.extend(check_order_numbers(order, row))
            order = None


def _code(header: Sequence[str], marks: Delimiters) -> str:
    kind = header[9] if len(header) > 9 else ""
    return kind.split(marks.component, 1)[0] if marks.component else kind


__all__ = ["GroupTree", "Version", "validate"]
