"""The records that every HL7 v2 source is read into before the sources are compared and merged.

HL7 v2.5.1 §2.6 (what a segment definition says of a field) and §2.12 (abstract message syntax).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

VERSIONS = (
    "2.1",
    "2.2",
    "2.3",
    "2.3.1",
    "2.4",
    "2.5",
    "2.5.1",
    "2.6",
    "2.7",
    "2.7.1",
    "2.8",
    "2.8.1",
    "2.8.2",
)


@dataclass(slots=True)
class Row:
    """One field of a segment or one component of a data type, as one source states it.

    `most` is the greatest number of repetitions, 0 without bound; None and "" mean "does not say".
    """

    name: str = ""
    datatype: str = ""
    usage: str = ""
    most: int | None = None
    length: int | None = None
    table: str = ""


@dataclass(slots=True)
class Table:
    """One segment or data type: its name and its rows by number."""

    name: str = ""
    rows: dict[int, Row] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Branch:
    """One node of a message structure: a segment, a group or a choice; `most` 0 is without bound."""

    kind: str
    name: str
    least: int
    most: int
    children: tuple[Branch, ...] = ()

    def leaves(self) -> Iterator[str]:
        """The segment ids below this node, in order."""
        if self.kind == "segment":
            yield self.name
        for child in self.children:
            yield from child.leaves()


@dataclass(slots=True)
class Edition:
    """What one source says of one version of the standard.

    `events` maps message code and trigger ("ADT_A04") to the structure that carries it ("ADT_A01").
    """

    segments: dict[str, Table] = field(default_factory=dict)
    datatypes: dict[str, Table] = field(default_factory=dict)
    structures: dict[str, tuple[Branch, ...]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    events: dict[str, str] = field(default_factory=dict)
