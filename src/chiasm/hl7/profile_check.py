"""What a profile finds in a message, on top of what the standard asks.

HL7 v2.5.1 §2.B (conformance using message profiles).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..errors import Finding, Severity
from .delimiters import Delimiters
from .groups import Group, GroupTree, SegmentLike
from .profile import FieldRule, PlaceRule, Profile

_CITATION = "HL7 v2.5.1 §2.B"


def check_profile(
    profile: Profile, rows: Sequence[tuple[str, list[str]]], tree: GroupTree[SegmentLike], marks: Delimiters
) -> Iterator[Finding]:
    """Yield a finding for each place and field that breaks a rule of the profile.

    `rows` holds the path and the fields by number of each segment, in message order.
    """
    for rule in profile.places:
        yield from _check_place(rule, rows, tree)
    by_segment: dict[str, list[FieldRule]] = {}
    for field_rule in profile.fields:
        by_segment.setdefault(field_rule.segment, []).append(field_rule)
    for path, fields in rows:
        for field_rule in by_segment.get(fields[0], ()):
            yield from _check_field(field_rule, path, fields, marks)


def _error(path: str, rule: str, message: str) -> Finding:
    return Finding(Severity.ERROR, path, rule, message, _CITATION)


def _check_place(
    rule: PlaceRule, rows: Sequence[tuple[str, list[str]]], tree: GroupTree[SegmentLike]
) -> Iterator[Finding]:
    *around, name = rule.path
    if not around and name not in {group.name for group in tree.groups()} and len(name) == 3:
        count = sum(fields[0] == name for _, fields in rows)
        yield from _count(rule, name, "", count)
        return
    for prefix, group in _inside(tree, around):
        count = sum(
            (child.name if isinstance(child, Group) else child.id) == name for child in group.children
        )
        yield from _count(rule, name, prefix, count)


def _count(rule: PlaceRule, name: str, prefix: str, count: int) -> Iterator[Finding]:
    if count < rule.min:
        message = f"the profile asks for {name} {rule.min} times, not {count} times"
        yield _error(f"{prefix}{name}[{count + 1}]", "profile-missing", message)
    elif rule.max is not None and count > rule.max:
        message = f"the profile admits {name} {rule.max} times, not {count} times"
        yield _error(f"{prefix}{name}[{rule.max + 1}]", "profile-surplus", message)


def _inside(tree: GroupTree[SegmentLike], names: Sequence[str]) -> Iterator[tuple[str, Group[SegmentLike]]]:
    """The groups at the end of a chain of group names, each with the path that leads into it."""
    level: list[tuple[str, Group[SegmentLike]]] = [("", tree)]
    for name in names:
        level = [
            (f"{prefix}{child.name}[{child.repetition}].", child)
            for prefix, group in level
            for child in group.children
            if isinstance(child, Group) and child.name == name
        ]
    yield from level


def _check_field(rule: FieldRule, path: str, fields: Sequence[str], marks: Delimiters) -> Iterator[Finding]:
    text = fields[rule.field] if rule.field < len(fields) else ""
    place = f"{path}-{rule.field}"
    header = fields[0] == "MSH" and rule.field <= 2
    repetitions = text.split(marks.repetition) if marks.repetition and text and not header else [text]
    if rule.component is None:
        valued = [part for part in repetitions if part]
        if len(valued) < rule.min:
            message = f"the profile asks for {rule.min} of {rule.path}, not {len(valued)}"
            yield _error(place, "profile-missing", message)
        elif rule.max is not None and len(valued) > rule.max:
            message = f"the profile admits {rule.max} of {rule.path}, not {len(valued)}"
            yield _error(f"{place}[{rule.max + 1}]", "profile-surplus", message)
    for number, repetition in enumerate(repetitions, 1):
        part = _part(repetition, rule, marks)
        here = f"{place}[{number}]" + "".join(
            f".{n}" for n in (rule.component, rule.subcomponent) if n is not None
        )
        if not part:
            if rule.component is not None and rule.min and (repetition or number == 1):
                yield _error(here, "profile-missing", f"the profile asks for {rule.path}")
        elif rule.max == 0:
            if rule.component is not None:
                yield _error(here, "profile-surplus", f"the profile forbids {rule.path}")
        else:
            yield from _check_text(rule, here, part)


def _part(text: str, rule: FieldRule, marks: Delimiters) -> str:
    for number, mark in ((rule.component, marks.component), (rule.subcomponent, marks.subcomponent)):
        if number is None:
            break
        parts = text.split(mark) if mark else [text]
        text = parts[number - 1] if number <= len(parts) else ""
    return text


def _check_text(rule: FieldRule, here: str, text: str) -> Iterator[Finding]:
    if rule.length is not None and len(text) > rule.length:
        yield _error(here, "profile-length", f"{len(text)} characters; the profile admits {rule.length}")
    if rule.values is not None and text not in rule.values:
        allowed = ", ".join(sorted(rule.values)[:6])
        yield _error(here, "profile-value", f"{text[:40]!r} is not admitted; the profile admits {allowed}")
    if rule.pattern is not None and rule.pattern.fullmatch(text) is None:
        message = f"{text[:40]!r} does not match {rule.pattern.pattern!r}"
        yield _error(here, "profile-pattern", message)
