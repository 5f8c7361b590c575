"""C-MOVE and C-GET: what is held goes to a destination, or back on the same association.

PS3.4 §C.4.2, §C.4.3; PS3.7 §9.1.3, §9.1.4.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from ..dicom.dataset import DataSet
from ..errors import ChiasmError, ServiceError
from ..model.holdings import Location
from ..model.query import Level
from ..protocols.commands import STORE, Command
from ..services import transcoding
from ..services.archive import Archive
from .dimse_association import Exchange
from .dimse_client import Client, ClientSettings, Proposal, connect
from .dimse_identifier import QUERY_LEVEL, read, write
from .dimse_query import (
    CANCELLED,
    MISMATCH,
    MODELS,
    PENDING,
    UNIQUE,
    is_pattern,
    level_asked,
    missing_key,
    single_values,
)

NATIVE = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
"""The syntaxes that are proposed beside the stored ones: explicit and implicit VR little endian."""

_AHEAD = 4
_HELD = 16 << 20
_ATTEMPTS = 3
_PAUSE = 0.5
_BETWEEN = 0.05
_CONTEXTS = 128
_WORTH = 16
"""The instances that a further association is worth opening for."""

_FAILED_LIST = 0x00080058
_LONGEST_LIST = 65_534
_NO_CONTEXT, _UNREADABLE = 0x0122, 0xC000
_BROKEN = (ChiasmError, OSError, KeyError)


@dataclass(frozen=True, slots=True)
class Destination:
    """An application entity that C-MOVE may send to; `associations` is over how many at once."""

    ae: str
    host: str
    port: int
    associations: int = 3


@dataclass(slots=True)
class Tally:
    """The sub-operations of one retrieval: PS3.4 §C.4.2.1.6 to §C.4.2.1.9."""

    remaining: int
    completed: int = 0
    failed: int = 0
    warning: int = 0

    def take(self, status: int) -> bool:
        """Count the end of one sub-operation; whether it failed."""
        self.remaining -= 1
        if status == 0:
            self.completed += 1
        elif status >> 12 == 0xB:
            self.warning += 1
        else:
            self.failed += 1
            return True
        return False

    def fields(self, *, ended: bool = False) -> dict[str, Any]:
        """The counts as elements of a response; at the end of a retrieval nothing remains."""
        counts: dict[str, Any] = {
            "completed": min(self.completed, 0xFFFF),
            "failed": min(self.failed, 0xFFFF),
            "warning": min(self.warning, 0xFFFF),
        }
        if not ended:
            counts["remaining"] = min(self.remaining, 0xFFFF)
        return counts


class _Retrieval:
    """What C-MOVE and C-GET share: the selection, the counts and the answers."""

    def __init__(self, archive: Archive, root: str, uid: str) -> None:
        self._archive, self._root, self._uid = archive, root, uid

    def begin(self, exchange: Exchange) -> None:
        """Identifiers are taken whole."""

    def negotiate(self, content: bytes) -> bytes:
        """Relational retrieval is granted: PS3.4 §C.5.2.1."""
        return bytes([1 if one == 1 and place == 0 else 0 for place, one in enumerate(content[:2])])

    async def _selected(self, exchange: Exchange) -> list[Location] | None:
        """The instances that are asked for; None where the identifier was refused."""
        try:
            identifier = read(exchange.data, exchange.context.transfer_syntax)
        except ChiasmError as error:
            await exchange.respond(status=MISMATCH, error_comment=error.message[:64])
            return None
        level = level_asked(identifier, self._root)
        relational = exchange.association.extended.get(self._uid, b"")[:1] == b"\1"
        wrong = QUERY_LEVEL if level is None else None
        if level is not None:
            wrong = None if relational else missing_key(identifier, level, self._root)
            if wrong is None and not single_values(identifier, level):
                wrong = UNIQUE[level]
            for one in Level:  # nothing is given that a key might have left out
                if one <= level and is_pattern(identifier, one):
                    wrong = UNIQUE[one]
        if wrong is not None or level is None:
            message = "a unique key without a value, or no level of this model"
            await exchange.respond(status=MISMATCH, offending_elements=(wrong or 0,), error_comment=message)
            return None
        return await self._locations(identifier, level)

    async def _locations(self, identifier: DataSet, level: Level) -> list[Location]:
        at = {one: single_values(identifier, one) for one in Level if one <= level}
        patients: list[str | None] = [*at.get(Level.PATIENT, ())] or [None]
        found: list[Location] = []
        for patient in patients:
            found += await self._archive.locations(
                patient=patient,
                studies=at.get(Level.STUDY, ()),
                series=at.get(Level.SERIES, ()),
                instances=at.get(Level.INSTANCE, ()),
            )
        return found

    async def _end(self, exchange: Exchange, tally: Tally, failed: Sequence[str]) -> None:
        """The final response: PS3.4 §C.4.2.1.5, Table C.4-2; §C.4.2.3.1, §C.4.3.3.1."""
        status = 0
        if exchange.cancelled:
            status = CANCELLED
        elif tally.failed and not (tally.completed or tally.warning):
            status = 0xA702
        elif tally.failed or tally.warning:
            status = 0xB000
        data: bytes | None = None
        if failed:
            listed = DataSet()
            listed.set(_FAILED_LIST, _fitting(failed), "UI")
            data = write(listed, exchange.context.transfer_syntax)
        await exchange.respond(status=status, data=data, **tally.fields(ended=not exchange.cancelled))


def _fitting(uids: Sequence[str]) -> list[str]:
    """As many as one element of VR UI holds: its length has 16 bits. PS3.5 §7.1.2."""
    size, fitting = 0, []
    for uid in uids:
        size += len(uid) + 1
        if size > _LONGEST_LIST:
            break
        fitting.append(uid)
    return fitting


class Get(_Retrieval):
    """C-GET: each instance by a C-STORE on the same association, whose role the peer has taken."""

    async def handle(self, exchange: Exchange) -> None:
        """Send all that is asked for, and tell how it went."""
        locations = await self._selected(exchange)
        if locations is None:
            return
        tally = Tally(len(locations))
        failed: list[str] = []
        told = 0.0
        async with contextlib.aclosing(_ahead(self._archive, locations, self._accepted(exchange))) as bodies:
            async for location, body in bodies:
                if exchange.cancelled:
                    break
                if tally.take(await self._store(exchange, location, body)):
                    failed.append(location.sop_instance)
                told = await _pending(exchange, tally, told)
        await self._end(exchange, tally, failed)

    def _accepted(self, exchange: Exchange) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for context in exchange.association.contexts.values():
            if context.scp_role:
                found.setdefault(context.abstract_syntax, {})[context.transfer_syntax] = context.id
        return found

    async def _store(self, exchange: Exchange, location: Location, body: _Body) -> int:
        if body.error:
            return _NO_CONTEXT
        command = Command(
            STORE,
            True,
            affected_class=location.sop_class,
            affected_instance=location.sop_instance,
            priority=0,
        )
        data = body.data if isinstance(body.data, bytes) else _Watched(body.data)
        try:
            answer, _ = await exchange.association.request(body.context, command, data)
        except _BROKEN:
            if isinstance(data, _Watched) and data.broken:
                exchange.association.abort()  # half a data set cannot be taken back: PS3.7 §9.3.1.1
            return _UNREADABLE
        return answer.status or 0


class Move(_Retrieval):
    """C-MOVE: each instance by a C-STORE on an association with a destination that is known."""

    def __init__(
        self,
        archive: Archive,
        root: str,
        uid: str,
        ae_title: str,
        destinations: Mapping[str, Destination],
        settings: ClientSettings | None = None,
    ) -> None:
        super().__init__(archive, root, uid)
        self._ae, self._destinations, self._settings = ae_title, destinations, settings

    async def handle(self, exchange: Exchange) -> None:
        """Send all that is asked for, with a new association where one is lost, and tell how it went."""
        target = self._destinations.get(exchange.command.move_destination)
        if target is None:
            message = f"{exchange.command.move_destination} is not a known destination"
            await exchange.respond(status=0xA801, error_comment=message[:64])
            return
        locations = await self._selected(exchange)
        if locations is None:
            return
        tally = Tally(len(locations))
        failed: list[str] = []
        for batch in _batches(locations):
            await self._spread(exchange, target, batch, tally, failed)
            if exchange.cancelled:
                break
        await self._end(exchange, tally, failed)

    async def _spread(
        self, exchange: Exchange, target: Destination, batch: list[Location], tally: Tally, failed: list[str]
    ) -> None:
        """A batch over a few associations at once, where it is large and the destination takes several."""
        count = max(1, min(target.associations, len(batch) // _WORTH))
        parts = [deque(batch[start::count]) for start in range(count)]
        further = [self._aside(exchange, target, part, tally, failed) for part in parts[1:]]
        ended = await asyncio.gather(
            self._batch(exchange, target, parts[0], tally, failed), *further, return_exceptions=True
        )
        for error in ended:
            if error is not None:
                raise error
        rest = deque(one for part in parts[1:] for one in part)
        await self._batch(exchange, target, rest, tally, failed)

    async def _aside(
        self, exchange: Exchange, target: Destination, left: deque[Location], tally: Tally, failed: list[str]
    ) -> None:
        """A part over a further association; what that does not answer stays in `left`."""
        with contextlib.suppress(ServiceError):
            async with await self._connected(exchange, target, left) as client:
                await self._send(exchange, client, left, tally, failed)

    async def _connected(self, exchange: Exchange, target: Destination, left: deque[Location]) -> Client:
        return await connect(
            target.host,
            target.port,
            calling=exchange.peer.called or self._ae,
            called=target.ae,
            contexts=_proposals(left),
            settings=self._settings,
        )

    async def _batch(
        self, exchange: Exchange, target: Destination, left: deque[Location], tally: Tally, failed: list[str]
    ) -> None:
        """One association's worth of instances; what an association did not answer goes over the next."""
        lost = 0
        while left and not exchange.cancelled:
            before = len(left)
            try:
                async with await self._connected(exchange, target, left) as client:
                    await self._send(exchange, client, left, tally, failed)
                return
            except ServiceError:
                lost = lost + 1 if len(left) == before else 1
                if lost >= _ATTEMPTS:
                    break
                await _pause(exchange, _PAUSE * 2**lost)
        while left and not exchange.cancelled:
            tally.take(0xA702)
            failed.append(left.popleft().sop_instance)

    async def _send(
        self, exchange: Exchange, client: Client, left: deque[Location], tally: Tally, failed: list[str]
    ) -> None:
        accepted: dict[str, dict[str, int]] = {}
        for context in client.accepted.values():
            accepted.setdefault(context.abstract_syntax, {})[context.transfer_syntax] = context.id
        originator = (exchange.peer.calling, exchange.command.message_id or 0)
        told = 0.0
        async with contextlib.aclosing(_ahead(self._archive, list(left), accepted)) as bodies:
            async for location, body in bodies:
                if exchange.cancelled:
                    return
                status = await _stored(client, location, body, originator)
                left.popleft()
                if tally.take(status):
                    failed.append(location.sop_instance)
                told = await _pending(exchange, tally, told)
                if not client.protocol.established:
                    raise ServiceError("unavailable", "the object broke off, and its association with it")


async def _stored(client: Client, location: Location, body: _Body, originator: tuple[str, int]) -> int:
    """The status of one sub-operation. ServiceError where the destination did not answer it."""
    if body.error:
        return _NO_CONTEXT
    data = body.data if isinstance(body.data, bytes) else _Watched(body.data)
    try:
        answer = await client.store(
            location.sop_class,
            location.sop_instance,
            data,
            transfer_syntax=body.syntax,
            originator=originator,
        )
    except _BROKEN:
        if isinstance(data, _Watched) and data.broken:
            client.abort()
            return _UNREADABLE
        raise
    return answer.status or 0


class _Watched:
    """Pieces of a data set; `broken` tells whether it was they that failed, and not who takes them."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces, self.broken = pieces, False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._pieces)
        except _BROKEN:
            self.broken = True
            raise


async def _pause(exchange: Exchange, seconds: float) -> None:
    """Wait before another attempt, unless the retrieval is cancelled meanwhile."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    while not exchange.cancelled and (left := end - clock()) > 0:
        await asyncio.sleep(min(left, _BETWEEN))


@dataclass(frozen=True, slots=True)
class _Body:
    """A data set in a syntax that the receiver takes, and its presentation context; or why there is none."""

    data: bytes | AsyncIterator[bytes] = b""
    syntax: str = ""
    context: int = 0
    error: str = ""


async def _ahead(
    archive: Archive, locations: Sequence[Location], accepted: Mapping[str, Mapping[str, int]]
) -> AsyncGenerator[tuple[Location, _Body], None]:
    """Each instance with its data set; those to come are read while one is sent."""
    waiting: deque[tuple[Location, asyncio.Task[_Body]]] = deque()
    rest = iter(locations)
    try:
        while True:
            while len(waiting) < _AHEAD and (one := next(rest, None)) is not None:
                work = _body(archive, one, accepted.get(one.sop_class, {}))
                waiting.append((one, asyncio.ensure_future(work)))
            if not waiting:
                return
            location, task = waiting[0]
            body = await task
            waiting.popleft()
            yield location, body
    finally:
        for _, task in waiting:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _body(archive: Archive, location: Location, contexts: Mapping[str, int]) -> _Body:
    if not contexts:
        return _Body(error="the receiver does not take this SOP class")
    try:
        if location.transfer_syntax in contexts:
            own = location.transfer_syntax
            if location.size > _HELD:
                return _Body(archive.stream_object(location, location.offset), own, contexts[own])
            data = archive.read_at_once(location, location.offset)
            if data is None:
                data = await archive.read(location, location.offset)
            return _Body(data, own, contexts[own])
        syntax, pieces = await transcoding.in_syntax(archive, location, tuple(contexts))
        return _Body(pieces, syntax, contexts[syntax])
    except (ChiasmError, KeyError, OSError) as error:
        return _Body(error=str(error) or type(error).__name__)


async def _pending(exchange: Exchange, tally: Tally, told: float) -> float:
    """Tell how far it is, not more often than is of use; when that was told last."""
    now = asyncio.get_running_loop().time()
    if not tally.remaining or now - told < _BETWEEN:
        return told
    await exchange.respond(status=PENDING, **tally.fields())
    return now


def _proposals(locations: Sequence[Location] | deque[Location]) -> list[Proposal]:
    """A context for each SOP class in each syntax that is stored, and one in the native ones."""
    pairs = dict.fromkeys((one.sop_class, one.transfer_syntax) for one in locations)
    found = [Proposal(sop_class, (syntax,)) for sop_class, syntax in pairs]
    return found + [Proposal(sop_class, NATIVE) for sop_class in dict.fromkeys(one for one, _ in pairs)]


def _batches(locations: Sequence[Location]) -> list[list[Location]]:
    """The instances in parts that need at most 128 presentation contexts each: PS3.8 §9.3.2.2.

    Where they need more, those of one SOP class are put together, so that there are few associations.
    """
    if len(_proposals(locations)) > _CONTEXTS:
        places = {one: place for place, one in enumerate(dict.fromkeys(one.sop_class for one in locations))}
        locations = sorted(locations, key=lambda one: places[one.sop_class])
    batches: list[list[Location]] = [[]] if locations else []
    pairs: set[tuple[str, str]] = set()
    for one in locations:
        wider = pairs | {(one.sop_class, one.transfer_syntax), (one.sop_class, "")}
        if len(wider) > _CONTEXTS:
            batches.append([])
            wider = {(one.sop_class, one.transfer_syntax), (one.sop_class, "")}
        pairs = wider
        batches[-1].append(one)
    return batches


def handlers(
    archive: Archive,
    ae_title: str,
    destinations: Mapping[str, Destination],
    settings: ClientSettings | None = None,
) -> dict[str, Move | Get]:
    """C-MOVE and C-GET by their SOP classes."""
    found: dict[str, Move | Get] = {}
    for root in MODELS:
        found[f"{root}.2"] = Move(archive, root, f"{root}.2", ae_title, destinations, settings)
        found[f"{root}.3"] = Get(archive, root, f"{root}.3")
    return found
