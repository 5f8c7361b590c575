"""The tree of a message structure, and the one-line notation that the tables keep it in.

A segment is its id, a group `NAME(…)`, a choice `NAME<…>`; then `?` for at most one, `*` for any
number, `+` for at least one, `{2,5}` for another cardinality (`{2,}` without bound), and nothing
for exactly one: `MSH SFT* PATIENT_RESULT(PATIENT(PID …)? ORDER_OBSERVATION(…)+)+ DSC?`. It says
what the abstract message syntax says with `[ ]`, `{ }` and `< | >`. HL7 v2.5.1 §2.12.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import ParseError

_MARK = r"([?*+]|\{\d+,\d*\})?"
_TOKEN = re.compile(rf"\s*(?:(\w+)(?:([(<])|{_MARK})|([)>]){_MARK})\s*")
_BOUNDS: dict[str, tuple[int, int | None]] = {"": (1, 1), "?": (0, 1), "*": (0, None), "+": (1, None)}


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a structure: `kind` is segment, group or choice; `max` None is without bound.

    A group's `name` is the one of the XML encoding without the structure before it:
    "PATIENT_RESULT" for `ORU_R01.PATIENT_RESULT`.
    """

    kind: str
    name: str
    min: int
    max: int | None
    children: tuple[Node, ...] = ()


def parse_structure(text: str) -> tuple[Node, ...]:
    """The nodes of one structure line; ParseError where it is not well formed."""
    nodes: list[Node] = []
    # Each open group: its name, its opening mark and the nodes before it.
    stack: list[tuple[str, str, list[Node]]] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            break
        name, opening, mark, closing, group_mark = match.groups()
        if opening:
            stack.append((name, opening, nodes))
            nodes = []
        elif name:
            nodes.append(Node("segment", name, *_bounds(mark or "")))
        elif stack and (closing == ")") == (stack[-1][1] == "("):
            name, opening, outer = stack.pop()
            kind = "group" if opening == "(" else "choice"
            outer.append(Node(kind, name, *_bounds(group_mark or ""), tuple(nodes)))
            nodes = outer
        else:
            break
        at = match.end()
    if at < len(text) or stack:
        raise ParseError("not a message structure", place=f"column {at}", rule="HL7 v2.5.1 §2.12")
    return tuple(nodes)


def _bounds(mark: str) -> tuple[int, int | None]:
    known = _BOUNDS.get(mark)
    if known is not None:
        return known
    low, high = mark[1:-1].split(",")
    return int(low), int(high) if high else None
