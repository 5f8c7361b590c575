"""C-FIND: the archive asked by attributes, level by level. PS3.4 §C.4.1, §C.5, §C.6; PS3.7 §9.1.2."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from ..dicom.dataset import DataSet
from ..dicom.json_model import to_dict
from ..errors import ChiasmError, ServiceError
from ..model.holdings import Found
from ..model.query import Level, Query
from ..services import matching
from ..services.archive import Archive
from ..services.matching import Key
from ..standards import dictionary
from ..store.query_terms import level_of
from .dimse_association import Exchange
from .dimse_handler import Answers as Responses
from .dimse_identifier import (
    AVAILABILITY,
    CHARSET,
    LEVELS,
    QUERY_LEVEL,
    RETRIEVE_AE,
    ZONE,
    Answers,
    Wanted,
    keys,
    read,
    text_of,
)

_ROOT = "1.2.840.10008.5.1.4.1.2"
PATIENT_ROOT, STUDY_ROOT, PATIENT_STUDY = f"{_ROOT}.1", f"{_ROOT}.2", f"{_ROOT}.3"
MODELS = {
    PATIENT_ROOT: (Level.PATIENT, Level.STUDY, Level.SERIES, Level.INSTANCE),
    STUDY_ROOT: (Level.STUDY, Level.SERIES, Level.INSTANCE),
    PATIENT_STUDY: (Level.PATIENT, Level.STUDY),
}
"""The levels of each information model, whose SOP classes end in .1 find, .2 move, .3 get: PS3.4 §C.6."""

UNIQUE = {
    Level.PATIENT: 0x00100020,
    Level.STUDY: 0x0020000D,
    Level.SERIES: 0x0020000E,
    Level.INSTANCE: 0x00080018,
}
"""The unique key of each level: PS3.4 §C.6.1.1."""

PENDING, PENDING_UNSUPPORTED, CANCELLED, MISMATCH = 0xFF00, 0xFF01, 0xFE00, 0xA900
_FIRST = 500
_HEADERS = 1_000
_BREATH = 32
_LONGEST = 6
_SHAPES = 16
_APART = frozenset((CHARSET, QUERY_LEVEL, RETRIEVE_AE, AVAILABILITY))


@dataclass(frozen=True, slots=True)
class Agreed:
    """What extended negotiation gave: the bytes of PS3.4 §C.5.1.1, Table C.5-1."""

    relational: bool = False
    combined: bool = False
    fuzzy: bool = False
    zones: bool = False
    empty_values: bool = False

    @classmethod
    def of(cls, content: bytes) -> Agreed:
        """Of the bytes that the peer proposed, all of which are granted that are known."""
        flags = [one == 1 for one in content.ljust(_LONGEST + 1, b"\0")]
        return cls(flags[0], flags[1], flags[2], flags[3], flags[5])


def granted(content: bytes) -> bytes:
    """The answer to a proposal: what is asked and done here; enhanced multi-frame conversion is not."""
    return bytes([1 if one == 1 and place != 4 else 0 for place, one in enumerate(content[:_LONGEST])])


def handlers(archive: Archive, ae_title: str) -> dict[str, Find]:
    """The C-FIND service by its SOP classes."""
    return {f"{root}.1": Find(archive, ae_title, root) for root in MODELS}


def level_asked(identifier: DataSet, root: str) -> Level | None:
    """The level that an identifier names; None where the information model does not have it."""
    level = LEVELS.get(text_of(identifier.element(QUERY_LEVEL)).strip())
    return level if level in MODELS[root] else None


def missing_key(identifier: DataSet, level: Level, root: str) -> int | None:
    """The tag of a unique key above the level that has no single value, or None. PS3.4 §C.4.1.2.1.

    What stands above an entity that is named by its UID needs no naming: many senders leave the patient's ID
    out where they name the study, and there is nothing to be mistaken.
    """
    named = [one for one in MODELS[root] if Level.PATIENT < one <= level and single_values(identifier, one)]
    for above in MODELS[root]:
        if above >= level or (named and above < named[0] and not is_pattern(identifier, above)):
            continue
        if len(single_values(identifier, above)) != 1:
            return UNIQUE[above]
    return None


def is_pattern(identifier: DataSet, level: Level) -> bool:
    """Whether the unique key of a level has wildcards beside other characters. PS3.4 §C.2.2.2.4."""
    text = text_of(identifier.element(UNIQUE[level])).strip(" \0")
    return bool(text.strip("*")) and any(one in text for one in "*?")


def single_values(identifier: DataSet, level: Level) -> list[str]:
    """The names that the unique key of a level gives; none for a wildcard or an empty one."""
    text = text_of(identifier.element(UNIQUE[level])).strip(" \0")
    if any(one in text for one in "*?"):
        return []
    return [one.strip() for one in text.split("\\") if one.strip()]


@dataclass(frozen=True, slots=True)
class _Asked:
    query: Query
    wanted: Wanted
    status: int


@dataclass(frozen=True, slots=True)
class _Shape:
    """What identifiers share that differ in values alone: the keys with a value, how matches are told."""

    level: Level
    matched: tuple[tuple[int, str], ...]
    answers: Answers
    is_below: bool
    empty_values: bool


class Find:
    """C-FIND of one information model."""

    def __init__(self, archive: Archive, ae_title: str, root: str) -> None:
        self._archive, self._ae, self._root = archive, ae_title, root
        self._uid = f"{root}.1"
        self._shapes: dict[object, _Shape | None] = {}

    def begin(self, exchange: Exchange) -> None:
        """Identifiers are taken whole."""

    def negotiate(self, content: bytes) -> bytes:
        """The answer to extended negotiation."""
        return granted(content)

    def at_once(self, exchange: Exchange) -> Responses | None:
        """The answers where they take no waiting: a few matches of an identifier in the index."""
        if not self._archive.is_embedded:
            return None
        try:
            shape, query = self._shaped(exchange)
            found = self._archive.find_at_once(query) if query else None
            return None if shape is None or found is None else _responses(shape, found)
        except ChiasmError:
            return None  # to be told by `handle`

    def _shaped(self, exchange: Exchange) -> tuple[_Shape, Query] | tuple[None, None]:
        """The query of an identifier that asks for plain attributes of the index, a few matches of it."""
        identifier = read(exchange.data, exchange.context.transfer_syntax)
        shape = self._shape(exchange, identifier)
        if shape is None:
            return None, None
        if shape.is_below and missing_key(identifier, shape.level, self._root) is not None:
            return None, None
        conditions = [
            matching.condition((tag,), vr, text_of(identifier.element(tag)), empty_values=shape.empty_values)
            for tag, vr in shape.matched
        ]
        return shape, Query(shape.level, tuple(filter(None, conditions)), limit=_BREATH + 1)

    def _shape(self, exchange: Exchange, identifier: DataSet) -> _Shape | None:
        """What is the same for all identifiers that ask for these attributes; None for unusual ones."""
        parts = [(tag, one[0], one[1] < one[2]) for tag, one in identifier.records.items()]
        content = exchange.association.extended.get(self._uid, b"")
        syntax, called = exchange.context.transfer_syntax, exchange.peer.called
        place = (*parts, identifier.get(QUERY_LEVEL), identifier.charset, content, syntax, called)
        if place not in self._shapes:
            if len(self._shapes) >= _SHAPES:
                self._shapes.clear()
            self._shapes[place] = self._new_shape(exchange, identifier, Agreed.of(content))
        return self._shapes[place]

    def _new_shape(self, exchange: Exchange, identifier: DataSet, agreed: Agreed) -> _Shape | None:
        level = level_asked(identifier, self._root)
        matched = None if level is None else _plain(identifier, level)
        if level is None or matched is None or agreed.fuzzy or agreed.combined:
            return None
        answers = self._answers(exchange, identifier, _Asked(Query(level), keys(identifier)[1], PENDING))
        is_below = level is not MODELS[self._root][0] and not agreed.relational
        return _Shape(level, matched, answers, is_below, agreed.empty_values)

    async def handle(self, exchange: Exchange) -> None:
        """Answer with each match, then with the final status."""
        if await self._briefly(exchange):
            return
        agreed = Agreed.of(exchange.association.extended.get(self._uid, b""))
        try:
            identifier = read(exchange.data, exchange.context.transfer_syntax)
            level = level_asked(identifier, self._root)
            if level is None:
                await self._refuse(exchange, QUERY_LEVEL, "no level of this information model")
                return
            missing = None if agreed.relational else missing_key(identifier, level, self._root)
            if missing is not None:
                name = dictionary.keyword(missing)
                await self._refuse(exchange, missing, f"{name} must have a single value")
                return
            asked = _asked(identifier, level, agreed)
        except ServiceError as error:
            await exchange.respond(status=error.failure.dimse, error_comment=error.message[:64])
            return
        except ChiasmError as error:
            await exchange.respond(status=MISMATCH, error_comment=error.message[:64])
            return
        await self._answer(exchange, identifier, asked)

    async def _briefly(self, exchange: Exchange) -> bool:
        """Answer a few matches of an identifier in one write; false where that is not what is asked."""
        try:
            shape, query = self._shaped(exchange)
        except ChiasmError:
            return False
        if shape is None or query is None or not matching.is_prompt(query):
            return False
        responses = _responses(shape, await self._archive.find(query))
        if responses is None or exchange.cancelled:
            return False
        await exchange.association.send_answers(exchange, responses)
        return True

    async def _refuse(self, exchange: Exchange, tag: int, message: str) -> None:
        await exchange.respond(status=MISMATCH, offending_elements=(tag,), error_comment=message[:64])

    async def _answer(self, exchange: Exchange, identifier: DataSet, asked: _Asked) -> None:
        """All matches: few at once, many in parts as long as they are taken."""
        query, answers = asked.query, self._answers(exchange, identifier, asked)
        first = await self._archive.find(Query(query.level, query.conditions, query.fuzzy, _FIRST + 1))
        if len(first) <= _FIRST:
            await self._tell(exchange, asked, answers, first, 0)
        else:
            told = 0
            async for part in self._archive.stream(query):
                told = await self._tell(exchange, asked, answers, part, told)
                if exchange.cancelled:
                    break
        await exchange.respond(status=CANCELLED if exchange.cancelled else 0)

    async def _tell(
        self, exchange: Exchange, asked: _Asked, answers: Answers, matches: list[Found], told: int
    ) -> int:
        """Respond with matches until they are cancelled; how many were told by then."""
        distant = [tag for tag in asked.wanted if level_of((tag,)) is None and tag != ZONE]
        for one in matches:
            if exchange.cancelled:
                return told
            status, added = asked.status, None
            if distant:
                added = await self._header(one, distant) if told < _HEADERS else None
                status = status if added is not None else PENDING_UNSUPPORTED
            await exchange.respond(status=status, data=answers.encode(one.members, added))
            told += 1
            if told % _BREATH == 0:
                await asyncio.sleep(0)  # so that a C-CANCEL is heard
        return told

    def _answers(self, exchange: Exchange, identifier: DataSet, asked: _Asked) -> Answers:
        name = next(name for name, level in LEVELS.items() if level is asked.query.level)
        constants = {
            QUERY_LEVEL: ("CS", name),
            RETRIEVE_AE: ("AE", exchange.peer.called or self._ae),
            AVAILABILITY: ("CS", "ONLINE"),
        }
        return Answers(
            asked.wanted,
            {element.tag: element.vr for element in identifier},
            exchange.context.transfer_syntax,
            identifier.charset or ("ISO_IR 192",),
            constants,
            names_charset=CHARSET in identifier,
        )

    async def _header(self, one: Found, tags: list[int]) -> dict[str, dict[str, Any]]:
        """Elements that the index does not keep, from the header of one instance of what was found."""
        if one.instance:
            some = await self._archive.locations(instances=(one.instance,))
        elif one.series:
            some = await self._archive.locations(series=(one.series,))
        elif one.study:
            some = await self._archive.locations(studies=(one.study,))
        else:
            some = await self._archive.locations(patient=one.patient)
        if not some:
            return {}
        package = await self._archive.header(some[0])
        return await asyncio.to_thread(_elements, package.data, frozenset(tags))


def _elements(data: DataSet, tags: frozenset[int]) -> dict[str, dict[str, Any]]:
    plain = data.shallow(None)
    for tag in [tag for tag in plain.records if tag not in tags]:
        del plain.records[tag]
    return to_dict(plain)


def _responses(shape: _Shape, found: list[Found]) -> Responses | None:
    """All responses to a query with a few matches; None for more."""
    if len(found) > _BREATH:
        return None
    return [*[(PENDING, shape.answers.of_members(one.members)) for one in found], (0, None)]


def _plain(identifier: DataSet, level: Level) -> tuple[tuple[int, str], ...] | None:
    """Tags and VRs of the keys with a value; None where one is a sequence or is not kept by the index."""
    matched = []
    for element in identifier:
        tag, vr = element.tag, element.vr
        if tag in _APART:
            continue
        own = level_of((tag,))
        if vr == "SQ" or tag & 0xFFFF == 0 or own is None:
            return None
        if element.length:
            if own > level:
                return None
            matched.append((tag, vr))
    return tuple(matched)


def _asked(identifier: DataSet, level: Level, agreed: Agreed) -> _Asked:
    found, wanted = keys(identifier)
    matched: list[Key] = []
    status = PENDING
    for key in found:
        if not key.text.strip(" \0"):
            continue
        own = level_of(key.path)
        if own is None or own > level:
            status = PENDING_UNSUPPORTED
        else:
            matched.append(key)
    zone = text_of(identifier.element(ZONE)).strip() if agreed.zones else ""
    query = matching.query(
        level,
        matched,
        fuzzy=agreed.fuzzy,
        combined=agreed.combined,
        zone=zone,
        empty_values=agreed.empty_values,
    )
    return _Asked(query, wanted, status)
