"""Message structures of HL7 v2 from two sources, and which event uses which.

hl7apy knows choices and most structures; hl7types knows every version and which event shares whose
structure. Where both have a structure and differ, the corrections file decides, else hl7apy.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .hl7_merge import Log, notation
from .hl7_records import Branch, Edition

WILDCARDS = {"Hxx", "Zxx"}


def shape(branches: Iterable[Branch], *, in_choice: bool = False) -> tuple[Any, ...]:
    """What the two sources can be compared by.

    hl7types writes structures as classes, which hold a name once and make each part of a choice
    optional: group names, kinds, later repeats of a name, wildcards and the minimum within a choice
    are left out.
    """
    seen: set[str] = set()
    kept = []
    for branch in branches:
        if branch.name in seen or branch.name == "Hxx":
            continue
        seen.add(branch.name)
        inner = shape(branch.children, in_choice=branch.kind == "choice")
        kept.append(
            (
                branch.name if branch.kind == "segment" else "",
                0 if in_choice else branch.least,
                branch.most,
                inner,
            )
        )
    return tuple(kept)


def _kinds(branches: tuple[Branch, ...], choices: set[str]) -> tuple[Branch, ...]:
    """The same tree, with choices told: the groups of those names, and those that their name gives away."""
    made = []
    for branch in branches:
        children = _kinds(branch.children, choices)
        named = branch.name.endswith("CHOICE") and all(child.least == 0 for child in children)
        if branch.kind == "group" and (branch.name in choices or named):
            parts = tuple(replace(child, least=1) for child in children)
            made.append(Branch("choice", branch.name, branch.least, branch.most, parts))
        else:
            made.append(replace(branch, children=children))
    return tuple(made)


def _choices(branches: Iterable[Branch]) -> set[str]:
    found: set[str] = set()
    for branch in branches:
        if branch.kind == "choice":
            found.add(branch.name)
        found |= _choices(branch.children)
    return found


@dataclass(frozen=True, slots=True)
class Chosen:
    """The structures of a version: as merged, and as hl7types has them (to know a tree again)."""

    trees: dict[str, tuple[Branch, ...]]
    types: dict[str, tuple[Branch, ...]]


def structures(
    version: str,
    sources: Mapping[str, Edition],
    *,
    before: Chosen | None,
    segments: Container[str],
    log: Log,
    take: Mapping[str, str],
) -> Chosen:
    """The structures of one version; `take` names the source to believe where they differ.

    Where hl7apy is silent (2.7.1), hl7types' tree stands, unless it is the same as that of the
    version before: then so is the full tree.
    """
    apy, types = sources.get("hl7apy", Edition()).structures, sources["hl7types"].structures
    found: dict[str, tuple[Branch, ...]] = {}
    for key in sorted(set(apy) | set(types)):
        mine, other = apy.get(key), types.get(key)
        if mine is not None and other is not None and shape(mine) != shape(other):
            said = {"hl7apy": notation(mine), "hl7types": notation(other)}
            if key not in take:
                raise SystemExit(f"{version} {key}: the sources differ, and no correction decides: {said}")
            log.note(version, key, "structure", said, take[key], "corrections")
            mine = _kinds(other, _choices(mine)) if take[key] == "hl7types" else mine
        if mine is None and other is not None:
            mine = _carried(other, before.trees.get(key), before.types.get(key)) if before else other
        assert mine is not None
        mine = _pruned(mine)
        leaves = {leaf for branch in mine for leaf in branch.leaves()} - WILDCARDS
        missing = {leaf for leaf in leaves if leaf not in segments}
        if missing:
            log.note(
                version,
                key,
                "structure",
                {"leaves": ",".join(sorted(missing))},
                "left out",
                "unknown segment",
            )
        else:
            found[key] = mine
    return Chosen(found, types)


def _pruned(branches: tuple[Branch, ...]) -> tuple[Branch, ...]:
    """The same tree without groups that hold nothing: places for segments that a site adds."""
    inner = [replace(branch, children=_pruned(branch.children)) for branch in branches]
    return tuple(branch for branch in inner if branch.kind == "segment" or branch.children)


def _carried(
    other: tuple[Branch, ...], tree: tuple[Branch, ...] | None, known: tuple[Branch, ...] | None
) -> tuple[Branch, ...]:
    if tree is not None and known is not None and notation(known) == notation(other):
        return tree
    return _kinds(other, _choices(tree) if tree else set())


def events(
    sources: Mapping[str, Edition], held: Mapping[str, Any], shared: Mapping[str, str]
) -> dict[str, str]:
    """Event ("ADT_A04") to structure ("ADT_A01"), for those that differ.

    hl7types first; then `shared`, the events of table 0354, for what it leaves out.
    """
    found = {
        event: structure
        for event, structure in sources["hl7types"].events.items()
        if structure in held and event != structure
    }
    for event, structure in shared.items():
        if event not in found and event not in held and structure in held:
            found[event] = structure
    return dict(sorted(found.items()))
