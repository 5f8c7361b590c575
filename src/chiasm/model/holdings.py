"""What the node holds and how it came: records that storage, services and the network share."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from .query import Level


@dataclass(frozen=True, slots=True)
class Source:
    """Who gave an object: `kind` is dimse, web, import or node; `name` an AE title, a user or a path.

    `called` is the AE title that was called, `address` the peer's network address.
    """

    kind: str
    name: str = ""
    address: str = ""
    called: str = ""


@dataclass(frozen=True, slots=True)
class Location:
    """Where one stored instance lies, and what a sender of it must know.

    `key` names the object in the store; it comes from no DICOM value. The object is a Part 10 file of `size`
    bytes whose data set begins at byte `offset`; `digest` is of the data set's bytes, behind the code of its
    function. `version` counts from 1; all but the highest were superseded.
    """

    key: str
    size: int
    offset: int
    digest: bytes
    transfer_syntax: str
    sop_class: str
    sop_instance: str
    series: str
    study: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """One answer to a Query.

    `study`, `series` and `instance` are UIDs, empty below the level asked for; `patient` is the index's
    number of the patient. `members` is the text of the members of a DICOM JSON object (no braces), in
    ascending order of tags, with the attributes kept of this level and of those above, the counts and
    ModalitiesInStudy. PS3.18 §F.2.
    """

    level: Level
    patient: int
    study: str
    series: str
    instance: str
    members: str


class Verdict(enum.StrEnum):
    """What became of an object that was offered."""

    STORED = "stored"
    IDENTICAL = "identical"
    VERSION = "version"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The truthful answer to who offered an object; all but REFUSED mean that it is durable.

    `failure` names a row of `errors.FAILURES` where refused; `message` says why, for people.
    """

    verdict: Verdict
    sop_class: str
    sop_instance: str
    study: str = ""
    failure: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the journal: what happened, when, to what, by whom.

    `kind` is a short noun as `stored`, `identical`, `refused`, `sent`, `conflict`; `at` is UTC, ISO 8601 with
    microseconds; `detail` holds plain JSON values.
    """

    kind: str
    at: str
    source: Source
    detail: dict[str, Any]
