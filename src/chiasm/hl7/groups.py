"""The typed groups of a message: a tree over its segments that keeps their order and every one of them.

A message that keeps to its structure is grouped in one pass, one look-up a segment. One that does
not is read a second time for the reading with the fewest deviations (a bounded search over the
places that each segment can take); beyond `_SEARCH_SEGMENTS` segments the first reading stands. A
segment without a place attaches to the innermost group that is open where it stands and moves
nothing: flattening the tree gives the segments exactly as they came. HL7 v2.5.1 §2.12.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from .grammar import ERROR, MISPLACED, REPEATED, START, Grammar, Place, Step

_SEARCH_SEGMENTS = 5_000
_BEAM = 12
UNPLACED = -1
"""The place of a segment for which the structure has none where it stands."""


class SegmentLike(Protocol):
    """What grouping needs to know of a segment: its id, as "OBX"."""

    @property
    def id(self) -> str:
        """The segment's id."""


S = TypeVar("S", bound=SegmentLike)


class Group(Generic[S]):
    """One repetition of a group: its name, its number among its siblings of that name, its content.

    `children` holds segments and groups in message order; `places` the index of the leaf that each
    took, or `UNPLACED`, and for a group that of its own place.
    """

    __slots__ = ("children", "counts", "name", "place", "places", "repetition")

    def __init__(self, place: Place, repetition: int) -> None:
        self.place = place
        self.name = place.name
        self.repetition = repetition
        self.children: list[S | Group[S]] = []
        self.places: list[int] = []
        self.counts: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"<Group {self.name}[{self.repetition}] of {len(self.children)}>"

    def segments(self) -> Iterator[S]:
        """All segments within, at any depth, in message order."""
        pending: list[Iterator[S | Group[S]]] = [iter(self.children)]
        while pending:
            for child in pending[-1]:
                if isinstance(child, Group):
                    pending.append(iter(child.children))
                    break
                yield child
            else:
                pending.pop()

    def groups(self) -> Iterator[Group[S]]:
        """All groups within, at any depth, each before what it holds."""
        pending: list[Iterator[S | Group[S]]] = [iter(self.children)]
        while pending:
            for child in pending[-1]:
                if isinstance(child, Group):
                    yield child
                    pending.append(iter(child.children))
                    break
            else:
                pending.pop()

    def find(self, name: str, repetition: int = 1) -> Group[S] | None:
        """The n-th group of that name within, at any depth, in message order; None where there is none.

        A choice has no name of its own in the tree: its content stands in the group around it.
        """
        for group in self.groups():
            if group.name == name:
                repetition -= 1
                if not repetition:
                    return group
        return None


class GroupTree(Group[S]):
    """The root of the groups of one message; `grammar` is the structure they follow, None if unknown."""

    __slots__ = ("grammar",)

    def __init__(self, grammar: Grammar | None) -> None:
        super().__init__(grammar.root if grammar else _NO_STRUCTURE, 1)
        self.grammar = grammar


_NO_STRUCTURE = Place(0, "group", "", 1, 1, None, 0, ())


def find(tree: Group[S], name: str, repetition: int = 1) -> Group[S] | None:
    """The n-th group of that name in a tree; see `Group.find`."""
    return tree.find(name, repetition)


def group_segments(grammar: Grammar | None, segments: Sequence[S]) -> GroupTree[S]:
    """Group the segments of one message by a structure; without one, all stand in the root."""
    tree: GroupTree[S] = GroupTree(grammar)
    if grammar is None:
        tree.children.extend(segments)
        tree.places.extend([UNPLACED] * len(segments))
        return tree
    if _first_reading(grammar, segments, tree) or len(segments) > _SEARCH_SEGMENTS:
        return tree
    steps = _search(grammar, [segment.id for segment in segments])
    tree = GroupTree(grammar)
    _build(tree, segments, steps)
    return tree


def _first_reading(grammar: Grammar, segments: Sequence[S], tree: GroupTree[S]) -> bool:
    """Build the tree by the best step at each segment; False where that reading has a deviation."""
    state = START
    stack: list[Group[S]] = [tree]
    top: Group[S] = tree
    clean = True
    known = grammar.first
    at = known.get(START, {})
    for segment in segments:
        name = segment.id
        step = at.get(name)
        if step is None:
            symbol = grammar.symbol(name)
            step = grammar.best(state, symbol) if symbol else None
            if step is None or step.cost >= MISPLACED:
                clean = clean and symbol is None
                top.children.append(segment)
                top.places.append(UNPLACED)
                continue
        leaf, keep, opened, cost = step
        if cost >= ERROR:
            if cost >= MISPLACED:
                clean = False
                top.children.append(segment)
                top.places.append(UNPLACED)
                continue
            clean = False
        if opened or keep != len(stack):
            del stack[keep:]
            top = stack[-1]
            for place in opened:
                top = _open(top, place)
                stack.append(top)
        top.children.append(segment)
        top.places.append(leaf)
        state = leaf
        at = known.get(state, {})
    return clean and not grammar.missing_at_end(state)


def _open(parent: Group[S], place: Place) -> Group[S]:
    count = parent.counts.get(place.name, 0) + 1
    parent.counts[place.name] = count
    group: Group[S] = Group(place, count)
    parent.children.append(group)
    parent.places.append(place.index)
    return group


def _build(tree: GroupTree[S], segments: Sequence[S], steps: Sequence[Step | None]) -> None:
    stack: list[Group[S]] = [tree]
    for segment, step in zip(segments, steps, strict=True):
        if step is not None:
            del stack[step.keep :]
            for place in step.opened:
                stack.append(_open(stack[-1], place))
        stack[-1].children.append(segment)
        stack[-1].places.append(UNPLACED if step is None else step.leaf)


class _Trail:
    """One reading of the message so far: its last step, and the reading before it."""

    __slots__ = ("before", "step")

    def __init__(self, before: _Trail | None, step: Step | None) -> None:
        self.before = before
        self.step = step


def _search(grammar: Grammar, names: Sequence[str]) -> list[Step | None]:
    """The step of each segment, None where it has no place, in the reading with the fewest deviations.

    Keeps the `_BEAM` best readings, one for each state, after each segment: time and memory are
    linear in the number of segments.
    """
    live: dict[int, tuple[int, _Trail | None]] = {START: (0, None)}
    previous = ""
    for name in names:
        symbol = grammar.symbol(name)
        following: dict[int, tuple[int, _Trail | None]] = {}
        for state, (spent, trail) in live.items():
            stay = spent
            if symbol:
                again = name == previous and trail is not None and trail.step is None
                stay += REPEATED if again else MISPLACED
            if state not in following or stay < following[state][0]:
                following[state] = (stay, _Trail(trail, None))
            for step in grammar.steps(state, symbol) if symbol else ():
                total = spent + step.cost
                if step.leaf not in following or total < following[step.leaf][0]:
                    following[step.leaf] = (total, _Trail(trail, step))
        if len(following) > _BEAM:
            best = sorted(following.items(), key=lambda item: item[1][0])[:_BEAM]
            following = dict(best)
        live = following
        previous = name
    _, trail = min(
        ((spent + grammar.missing_at_end(state), trail) for state, (spent, trail) in live.items()),
        key=lambda item: item[0],
    )
    steps: list[Step | None] = []
    while trail is not None:
        steps.append(trail.step)
        trail = trail.before
    return steps[::-1]
