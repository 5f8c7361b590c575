"""What was said of the images: reports as trees of content items."""

from __future__ import annotations

from dataclasses import dataclass

from .codes import Coded
from .names import Person
from .times import Instant


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that content points at: frames or segments narrow it down. PS3.3 §C.18.4."""

    sop_class: str
    instance: str
    frames: tuple[int, ...] = ()
    segments: tuple[int, ...] = ()
    series: str = ""
    study: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """One content item of a report with the items below it, for all value types. PS3.3 §C.17.3.

    `relationship` is that to the parent, as `CONTAINS`; `value_type` as `NUM`. Which of the value
    fields is filled depends on the value type: `text` (TEXT, UIDREF, DATE, TIME, DATETIME as written,
    PNAME), `code` (CODE), `numbers` and `unit` (NUM), `reference` (COMPOSITE, IMAGE, WAVEFORM),
    `coordinates` with `graphic` (SCOORD, SCOORD3D, TCOORD), `by_reference` (an item elsewhere in the
    tree, as positions from 1). `attributes` keeps what else the item holds, as text by path, so that
    the tree can be rebuilt.
    """

    relationship: str = ""
    value_type: str = ""
    name: Coded = Coded()
    text: str = ""
    code: Coded | None = None
    numbers: tuple[str, ...] = ()
    unit: Coded | None = None
    qualifier: Coded | None = None
    reference: Reference | None = None
    graphic: str = ""
    coordinates: tuple[str, ...] = ()
    by_reference: tuple[int, ...] = ()
    observed: Instant | None = None
    identifier: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Content, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """One report on one or more studies.

    `status` is a result status of HL7 table 0123: `P`, `F`, `C`, `X`, …
    """

    uid: str = ""
    title: Coded = Coded()
    status: str = ""
    completed: bool = False
    verified: bool = False
    issued: Instant | None = None
    content: Content | None = None
    verifiers: tuple[Person, ...] = ()
    authors: tuple[Person, ...] = ()
    references: tuple[Reference, ...] = ()
    template: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A document in a format of its own, as PDF or CDA: PS3.3 §C.24.2; HL7 v2.5.1 §9.7 (TXA)."""

    media_type: str
    data: bytes
    uid: str = ""
    title: str = ""
    concept: Coded | None = None
    issued: Instant | None = None
    burned_in: str = ""
    hl7_instance: str = ""
    replaces: str = ""
