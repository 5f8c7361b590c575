"""What a study holds, series by series: for its page, and for the viewer's stacks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ..errors import ServiceError
from ..model.query import Equals, Level, Query
from ..services.archive import Archive
from ..standards import uids
from .studies import Row, date_of, number_of, row, text_of, time_of

_STUDY = 0x0020000D
MOST = 20_000
"""Instances of one study that a page lists."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One instance: `frames` is 0 where it has no pixels to look at."""

    uid: str
    number: int
    frames: int
    what: str


@dataclass(frozen=True, slots=True)
class Stack:
    """One series, its instances in the order of their numbers."""

    uid: str
    number: int
    modality: str
    description: str
    body_part: str
    moment: str
    pictures: list[Picture] = field(default_factory=list)

    @property
    def frames(self) -> int:
        """How many images there are to scroll through."""
        return sum(one.frames for one in self.pictures)


@dataclass(frozen=True, slots=True)
class Study:
    """One study with its series in the order of their numbers."""

    row: Row
    stacks: list[Stack]


async def study(archive: Archive, uid: str) -> Study:
    """A study. ServiceError `no-such-object` where it is not held."""
    query = Query(Level.INSTANCE, (Equals((_STUDY,), (uid,)),), limit=MOST)
    answers = await archive.find(query)
    if not answers:
        raise ServiceError("no-such-object", "this study is not held here")
    stacks: dict[str, Stack] = {}
    top: dict[str, Any] = {}
    for one in answers:
        members = json.loads("{" + one.members + "}")
        top = top or members
        stack = stacks.get(one.series)
        if stack is None:
            moment = f"{date_of(text_of(members, '00080021'))} {time_of(text_of(members, '00080031'))}"
            stack = stacks[one.series] = Stack(
                one.series, number_of(members, "00200011"), text_of(members, "00080060"),
                text_of(members, "0008103E"), text_of(members, "00180015"), moment.strip(),
            )  # fmt: skip
        stack.pictures.append(_picture(one.instance, members))
    for stack in stacks.values():
        stack.pictures.sort(key=lambda one: (one.number, one.uid))
    ordered = sorted(stacks.values(), key=lambda one: (one.number, one.uid))
    return Study(row(uid, top), ordered)


def _picture(uid: str, members: dict[str, Any]) -> Picture:
    known = uids.by_uid(text_of(members, "00080016"))
    shown = number_of(members, "00280010") and number_of(members, "00280011")
    frames = max(1, number_of(members, "00280008")) if shown else 0
    title = text_of(members, "00420010") or text_of(members, "00700081")
    return Picture(uid, number_of(members, "00200013"), frames, title or (known.name if known else ""))


def for_viewer(found: Study) -> dict[str, Any]:
    """The stacks as the viewer reads them: series with the UIDs and frame counts of their pictures."""
    return {
        "study": found.row.uid,
        "patient": [found.row.name, found.row.identifier, found.row.born, found.row.sex],
        "what": [found.row.description, f"{found.row.date} {found.row.time}".strip()],
        "series": [
            {
                "uid": stack.uid,
                "number": stack.number,
                "modality": stack.modality,
                "description": stack.description,
                "pictures": [[one.uid, one.number, one.frames] for one in stack.pictures if one.frames],
            }
            for stack in found.stacks
            if stack.frames
        ],
    }
