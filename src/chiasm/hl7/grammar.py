"""One message structure as a state machine: from each place, where the next segment may stand.

    places   the nodes of the structure, in document order; the leaves are the segments
    state    the leaf that the last segment took (START before the first)
    step     the leaf that the next segment takes, how many open groups it keeps, and what it costs

A step moves forward within a group that is open, or repeats a place that is open (a segment, or a
group with all in it). It costs `MISSING` for each required place that it passes over and `SURPLUS`
for each repetition that the structure does not admit, so the steps without such cost are those of
the standard. Among these the step that enters a group at its beginning comes first, then the one
that closes the fewest groups: a second order becomes a second ORDER, not the prior result of the
first. Steps are worked out when first asked for and kept, so that grouping a message costs one
look-up a segment. HL7 v2.5.1 §2.12 (abstract message syntax).
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import NamedTuple

from ..standards.hl7tables import ANY_SEGMENT, Node, StructureDef

MISSING = 10 * 10**12
SURPLUS = 11 * 10**12
MISPLACED = 12 * 10**12
"""The cost of a segment that stands where its structure has no place for it."""
REPEATED = 2 * 10**12
"""The cost of one more of the same right behind: a run of stray notes is one deviation, not many."""
ERROR = 10**12
"""Costs below this are preferences among readings that the standard allows."""
_SKIPPED = 10**6
_MOST_STEPS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One node of the structure, with what it costs to begin late or to stop early within its parent.

    `index` counts all nodes, the root 0; `groups` are the named groups around it, the root first, a
    choice being no group of its own; `before` and `after` count the required siblings on each side.
    """

    index: int
    kind: str
    name: str
    min: int
    max: int | None
    parent: Place | None
    order: int
    groups: tuple[Place, ...]
    children: list[Place] = field(default_factory=list, repr=False)
    before: list[int] = field(default_factory=list, repr=False)

    @property
    def required(self) -> bool:
        """Whether a parent without it is incomplete."""
        return self.min > 0 and not _nullable(self)

    @property
    def open_groups(self) -> int:
        """How many groups are open while a segment directly within this place is the last one."""
        return len(self.groups) + (self.kind == "group")

    def chain(self) -> list[Place]:
        """The place and those around it, outward to the root."""
        out: list[Place] = []
        at: Place | None = self
        while at is not None:
            out.append(at)
            at = at.parent
        return out


class Step(NamedTuple):
    """One way on: the index of the leaf, the groups that stay open, those that it opens, its cost."""

    leaf: int
    keep: int
    opened: tuple[Place, ...]
    cost: int


START = 0
"""The state before the first segment: the root."""


def _nullable(place: Place) -> bool:
    """Whether the place can be there with no segment in it; structures nest a few levels only."""
    if place.kind == "segment":
        return False
    if place.kind == "choice":
        return any(not child.required for child in place.children)
    return not any(child.required for child in place.children)


class Grammar:
    """The state machine of one structure; see the module's head. Immutable but for its kept steps.

    `known` holds the ids of the version's segments, for structures with a place for any segment.
    """

    __slots__ = ("_known", "_steps", "first", "id", "leaves", "places", "root", "wildcard")

    def __init__(self, definition: StructureDef, known: Container[str] = ()) -> None:
        self.id = definition.id
        self._known = known
        self.root = Place(0, "group", definition.id, 1, 1, None, 0, ())
        self.places: list[Place] = [self.root]
        self.leaves: dict[str, list[Place]] = {}
        self._grow(definition.children)
        self.wildcard = ANY_SEGMENT in self.leaves
        self._steps: dict[int, dict[str, tuple[Step, ...]]] = {}
        self.first: dict[int, dict[str, Step]] = {}

    def _grow(self, children: tuple[Node, ...]) -> None:
        """Number all nodes in document order, then count the required siblings of each."""
        pending: list[tuple[Node, Place]] = [(node, self.root) for node in reversed(children)]
        while pending:
            node, parent = pending.pop()
            groups = (*parent.groups, parent) if parent.kind == "group" else parent.groups
            place = Place(
                len(self.places),
                node.kind,
                node.name,
                node.min,
                node.max,
                parent,
                len(parent.children),
                groups,
            )
            self.places.append(place)
            parent.children.append(place)
            if node.kind == "segment":
                self.leaves.setdefault(node.name, []).append(place)
            pending += [(child, place) for child in reversed(node.children)]
        for place in self.places:
            count = 0
            for child in place.children:
                place.before.append(count)
                count += place.kind != "choice" and child.required
            place.before.append(count)

    def symbol(self, name: str) -> str | None:
        """The name under which steps are kept; None for a segment that has no place in the structure.

        A place for any segment takes those of the version and local ones, not what is neither.
        """
        if name in self.leaves:
            return name
        return ANY_SEGMENT if self.wildcard and (name in self._known or name[:1] == "Z") else None

    def best(self, state: int, symbol: str) -> Step | None:
        """The cheapest step on that segment; None where there is none."""
        steps = self.steps(state, symbol)
        return steps[0] if steps else None

    def steps(self, state: int, symbol: str) -> tuple[Step, ...]:
        """The ways on from a state, at most eight, the best first."""
        kept = self._steps.setdefault(state, {})
        found = kept.get(symbol)
        if found is None:
            found = kept[symbol] = self._work_out(self.places[state], symbol)
            if found:
                self.first.setdefault(state, {})[symbol] = found[0]
        return found

    def missing_at_end(self, state: int) -> int:
        """The cost of ending after that state: what the open groups still require."""
        return self._leave(self.places[state], self.root, after_start=state == START)

    def _work_out(self, origin: Place, symbol: str) -> tuple[Step, ...]:
        leaves = self.leaves.get(symbol, [])
        if self.wildcard and symbol != ANY_SEGMENT:
            leaves = leaves + self.leaves[ANY_SEGMENT]
        cheapest: dict[tuple[int, int], Step] = {}
        around = origin.chain()
        for leaf in leaves:
            inward = leaf.chain()
            shared = _innermost_shared(around, inward)
            ways: list[tuple[int, int]] = []
            if origin is not leaf and shared.kind != "choice" and shared is not leaf:
                forward = self._forward(origin, shared, leaf)
                if forward is not None:
                    ways.append((shared.open_groups, forward))
            ways += [
                (_outside(again), self._repeat(origin, again, leaf))
                for again in shared.chain()
                if again.parent is not None
            ]
            for keep, cost in ways:
                opened = leaf.groups[keep:]
                total = cost + len(origin.groups) - keep
                key = (leaf.index, keep)
                if key not in cheapest or total < cheapest[key].cost:
                    cheapest[key] = Step(leaf.index, keep, opened, total)
        return tuple(sorted(cheapest.values(), key=lambda step: (step.cost, step.leaf))[:_MOST_STEPS])

    def _forward(self, origin: Place, shared: Place, leaf: Place) -> int | None:
        """The cost of going on within `shared`; None where the leaf lies behind."""
        target = _child_toward(shared, leaf)
        if origin is shared:  # nothing read yet
            passed = shared.before[target.order]
            return passed * MISSING + self._enter(target, leaf)
        source = _child_toward(shared, origin)
        if source.order >= target.order:
            return None
        passed = shared.before[target.order] - shared.before[source.order + 1]
        return passed * MISSING + self._leave(origin, source) + self._enter(target, leaf)

    def _repeat(self, origin: Place, again: Place, leaf: Place) -> int:
        surplus = SURPLUS if again.max == 1 else 0
        return surplus + self._leave(origin, again) + self._enter(again, leaf)

    def _leave(self, origin: Place, container: Place, *, after_start: bool = False) -> int:
        """What is missing when everything from the origin up to and with the container is closed."""
        if after_start:
            return container.before[-1] * MISSING
        missing = 0
        at = origin
        while at is not container and at.parent is not None:
            parent = at.parent
            missing += parent.before[-1] - parent.before[at.order + 1]
            at = parent
        return missing * MISSING

    def _enter(self, container: Place, leaf: Place) -> int:
        """What is missing, and what optional is passed over, when a container begins at the leaf."""
        missing = skipped = 0
        at = leaf
        while at is not container and at.parent is not None:
            parent = at.parent
            if parent.kind != "choice":
                missing += parent.before[at.order]
                skipped += at.order - parent.before[at.order]
            at = parent
        return missing * MISSING + skipped * _SKIPPED


def _innermost_shared(around: list[Place], inward: list[Place]) -> Place:
    known = {place.index for place in inward}
    return next(place for place in around if place.index in known)


def _outside(place: Place) -> int:
    """How many groups stay open when the place itself is begun anew."""
    return len(place.groups)


def _child_toward(container: Place, leaf: Place) -> Place:
    at = leaf
    while at.parent is not None and at.parent is not container:
        at = at.parent
    return at
