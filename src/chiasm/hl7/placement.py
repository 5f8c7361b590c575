"""What a group tree says of the segments: missing, surplus, misplaced, unexpected.

Paths name the group and the place in it: `PATIENT_RESULT[1].ORDER_OBSERVATION[2].OBR[1]` is the OBR
that the second order lacks. HL7 v2.5.1 §2.12 (abstract message syntax).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from ..errors import Finding, Severity
from ..standards.hl7tables import Version
from .grammar import Place
from .groups import UNPLACED, Group, GroupTree, SegmentLike

_SYNTAX = "HL7 v2.5.1 §2.12"
_LOCAL = "HL7 v2.5.1 §2.11"
S = TypeVar("S", bound=SegmentLike)


def check_placement(tree: GroupTree[S], version: Version) -> Iterator[Finding]:
    """Yield a finding for each segment and group that is missing, surplus or out of place."""
    if tree.grammar is None:
        return
    paths = _paths(tree)
    leaves = tree.grammar.leaves
    for prefix, group in _prefixed(tree):
        yield from _check_counts(prefix, group, paths)
        for child, place in zip(group.children, group.places, strict=True):
            if place == UNPLACED and not isinstance(child, Group):
                known = version.segment(child.id) is not None
                yield _unplaced(paths[id(child)], child.id, known=known, here=child.id in leaves)


def _paths(tree: Group[S]) -> dict[int, str]:
    """The path of each segment, counted over the message, by the identity of the segment."""
    paths: dict[int, str] = {}
    numbers: dict[str, int] = {}
    for segment in tree.segments():
        name = segment.id
        numbers[name] = numbers.get(name, 0) + 1
        paths[id(segment)] = f"{name}[{numbers[name]}]"
    return paths


def _prefixed(tree: Group[S]) -> Iterator[tuple[str, Group[S]]]:
    """The groups of a tree, each before what it holds, with the path that leads into it."""
    pending: list[tuple[str, Group[S]]] = [("", tree)]
    while pending:
        prefix, group = pending.pop()
        yield prefix, group
        inner = [child for child in group.children if isinstance(child, Group)]
        pending += [(f"{prefix}{child.name}[{child.repetition}].", child) for child in reversed(inner)]


def _unplaced(path: str, name: str, *, known: bool, here: bool) -> Finding:
    if name.startswith("Z"):
        return Finding(Severity.NOTE, path, "local-segment", f"{name} is a segment of local use", _LOCAL)
    if here:
        return Finding(Severity.ERROR, path, "misplaced-segment", f"{name} may not stand here", _SYNTAX)
    if known:
        message = f"{name} has no place in this message structure"
        return Finding(Severity.ERROR, path, "unexpected-segment", message, _SYNTAX)
    return Finding(Severity.ERROR, path, "unknown-segment", f"this version has no segment {name}", _SYNTAX)


def _check_counts(prefix: str, group: Group[S], paths: dict[int, str]) -> Iterator[Finding]:
    """Compare how often each place of a group is taken with its cardinality."""
    counts: dict[int, int] = {}
    for place in group.places:
        counts[place] = counts.get(place, 0) + 1
    for child in group.place.children:
        check = _check_choice if child.kind == "choice" else _check_place
        for at, finding in check(prefix, child, counts):
            yield finding if at is None else replace(finding, path=_nth(group, at, paths, finding.path))


def _nth(group: Group[S], place: Place, paths: dict[int, str], otherwise: str) -> str:
    """The path of the first segment that stands at a place once more than it may."""
    at = [child for child, index in zip(group.children, group.places, strict=True) if index == place.index]
    allowed = place.max if place.max is not None and len(at) > place.max else 0
    return paths.get(id(at[allowed]), otherwise)


_Placed = tuple[Place | None, Finding]


def _check_place(prefix: str, place: Place, counts: dict[int, int]) -> Iterator[_Placed]:
    count = counts.get(place.index, 0)
    if count < place.min and place.required:
        what = f"group {place.name}" if place.kind == "group" else place.name
        rule = "missing-group" if place.kind == "group" else "missing-segment"
        least = "" if place.min == 1 else f" {place.min} times"
        path = f"{prefix}{place.name}[{count + 1}]"
        yield None, Finding(Severity.ERROR, path, rule, f"{what} is required{least}", _SYNTAX)
    elif place.max is not None and count > place.max:
        what = f"group {place.name}" if place.kind == "group" else place.name
        rule = "surplus-group" if place.kind == "group" else "surplus-segment"
        times = "once" if place.max == 1 else f"{place.max} times"
        message = f"{what} may stand here {times}, not {count} times"
        path = f"{prefix}{place.name}[{place.max + 1}]"
        yield place, Finding(Severity.ERROR, path, rule, message, _SYNTAX)


def _check_choice(prefix: str, choice: Place, counts: dict[int, int]) -> Iterator[_Placed]:
    """A choice admits one alternative for each of its repetitions."""
    used = [child for child in choice.children if _taken(child, counts)]
    if not used:
        if choice.required:
            names = " or ".join(child.name for child in choice.children[:6])
            path = f"{prefix}{choice.children[0].name}[1]"
            yield (
                None,
                Finding(Severity.ERROR, path, "missing-segment", f"one of {names} is required", _SYNTAX),
            )
        return
    if choice.max != 1:
        return
    for child in used[1:]:
        message = f"{child.name} and {used[0].name} exclude each other here"
        yield child, Finding(Severity.ERROR, f"{prefix}{child.name}[1]", "surplus-segment", message, _SYNTAX)
    for child in used:
        yield from (_check_choice if child.kind == "choice" else _check_place)(prefix, child, counts)


def _taken(place: Place, counts: dict[int, int]) -> bool:
    if place.kind == "choice":
        return any(_taken(child, counts) for child in place.children)
    return counts.get(place.index, 0) > 0
