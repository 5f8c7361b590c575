"""What was said of the images: reports as trees of content items, and documents in formats of their own.

A tree is a flat tuple of items in the order of the document. An item knows its `position`, as the
standard numbers items: the root is (1,), its second child (1, 2). So no depth of nesting can exhaust a
stack, and a pointer from one item to another is a look-up.
"""

from __future__ import annotations

from dataclasses import dataclass

from .codes import Coded
from .names import Person
from .times import Instant

Position = tuple[int, ...]
"""The place of an item in its tree, from the root on, each number from 1. PS3.3 §C.17.3.2.5."""

SUBJECT, CURRENT_EVIDENCE, OTHER_EVIDENCE, PREDECESSOR, IDENTICAL = (
    "subject",
    "evidence",
    "other evidence",
    "predecessor",
    "identical",
)
"""What a report refers to an object as. PS3.3 §C.17.2."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that a report points at: frames, segments or channels narrow it down. PS3.3 §C.17.3.2.

    `channels` are pairs of multiplex group and channel, one after the other. `role` says what the
    report refers to it as; content items leave `role`, `series` and `study` empty, the references
    of the report itself have them.
    """

    sop_class: str
    instance: str
    frames: tuple[int, ...] = ()
    segments: tuple[int, ...] = ()
    channels: tuple[int, ...] = ()
    series: str = ""
    study: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An element of a content item for which the records have no field, so that nothing is lost.

    `path` is that of the element within the item, as `0040A300/0/0040A161`; `text` its values joined
    by backslashes, Base64 where they are bytes, the number of items for a sequence of empty ones.
    """

    path: str
    vr: str
    text: str


@dataclass(frozen=True, slots=True)
class Content:
    """One content item of a report, of any value type. PS3.3 §C.17.3.

    `relationship` is that to the parent, as `CONTAINS`; `value_type` as `NUM`, and empty for an item
    that is only a pointer to another, named by `by_reference`. What else is filled depends on the
    value type: `text` (TEXT, UIDREF, and DATE, TIME, DATETIME, PNAME as written in DICOM; CONTAINER:
    `SEPARATE` or `CONTINUOUS`; TABLE: rows and columns as `3x4`), `code` (CODE), `numbers`, `unit` and
    `qualifier` (NUM; a qualifier such as *not a number* may stand instead of a number), `reference`
    (COMPOSITE, IMAGE, WAVEFORM), `graphic` and `coordinates` (SCOORD, SCOORD3D, TCOORD). `basis` says
    what coordinates count in: the frame of reference UID (SCOORD3D), or one of `samples`, `seconds`
    and `moments` (TCOORD). `template` is the template of a CONTAINER, as `1500` for TID 1500.
    """

    position: Position
    relationship: str = ""
    value_type: str = ""
    name: Coded | None = None
    text: str = ""
    code: Coded | None = None
    numbers: tuple[str, ...] = ()
    unit: Coded | None = None
    qualifier: Coded | None = None
    reference: Reference | None = None
    graphic: str = ""
    coordinates: tuple[str, ...] = ()
    basis: str = ""
    by_reference: Position = ()
    template: str = ""
    observed: Instant | None = None
    identifier: str = ""
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """Someone who answers for a report or took part in it: who, for whom, when. PS3.3 §C.17.2.

    `part` is a participation type as `SOURCE` or `ENT`, and empty for verifiers and authors. A device
    has a `device` UID and its name as the family name of the person.
    """

    person: Person
    organization: str = ""
    when: Instant | None = None
    part: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One report on one or more studies; `items` is its content, the root first, empty if unknown.

    `status` is a result status of HL7 table 0123 (`P`, `F`, `C`, `X`, …), which follows from the three
    flags as DICOM writes them: `completed` and `verified`, and `preliminary` as `PRELIMINARY`, `FINAL`
    or nothing.
    """

    uid: str = ""
    sop_class: str = ""
    title: Coded = Coded()
    status: str = ""
    completed: bool = False
    verified: bool = False
    preliminary: str = ""
    issued: Instant | None = None
    language: Coded | None = None
    items: tuple[Content, ...] = ()
    verifiers: tuple[Signature, ...] = ()
    authors: tuple[Signature, ...] = ()
    participants: tuple[Signature, ...] = ()
    references: tuple[Reference, ...] = ()
    template: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A document in a format of its own, as PDF or CDA: PS3.3 §C.24.2; HL7 v2.5.1 §9.6.

    `hl7_instance` is the identifier of a CDA document; `replaces` names the document that this one
    replaces; `status` is a result status of HL7 table 0123.
    """

    media_type: str
    data: bytes
    uid: str = ""
    sop_class: str = ""
    title: str = ""
    concept: Coded | None = None
    status: str = ""
    issued: Instant | None = None
    burned_in: str = ""
    hl7_instance: str = ""
    replaces: str = ""
    verifiers: tuple[Signature, ...] = ()
    sources: tuple[Reference, ...] = ()
