"""Retrieving from a peer: C-GET into a folder, C-MOVE to elsewhere. PS3.4 §C.4.2, §C.4.3."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import ServiceError
from ..protocols.association import Context
from ..protocols.commands import Command
from .dimse_client import Client, ClientSettings, Incoming, Proposal, connect
from .dimse_folder import Folder, Kept, Writing
from .dimse_identifier import read, text_of, write
from .dimse_listing import FIND, GET, MOVE, NATIVE, Listed, Selection, listed, proposals
from .dimse_transfer import Peer

_PENDING = frozenset({0xFF00, 0xFF01})
_FAILED_LIST = 0x00080058
_AT_ONCE = 500
"""Instances named in one identifier, so that the value stays within its 64 kB."""
_ATTEMPTS = 3
_PAUSE = 0.2
_WORDS = {
    0x0000: "done", 0x0122: "the peer does not offer it", 0x0124: "not authorized",
    0x0211: "the peer does not offer it", 0xA701: "the peer cannot tell what matches",
    0xA702: "the peer cannot carry it out", 0xA801: "the peer does not know the destination",
    0xA900: "the peer finds the identifier wrong", 0xB000: "the peer could not give everything",
    0xFE00: "it was cancelled",
}  # fmt: skip


def words(status: int) -> str:
    """A status of C-GET or C-MOVE in words: PS3.4 §C.4.2.1.5, §C.4.3.1.4."""
    return _WORDS.get(status) or f"the peer failed with status {status:04X}"


@dataclass(slots=True)
class _Unit:
    """One retrieval: what is asked for, and what is to come of it, where the peer has told."""

    selection: Selection
    expected: set[str] | None = None
    got: set[str] = field(default_factory=set)

    def left(self) -> _Unit | None:
        """What has not come yet; None where all has."""
        if self.expected is None:
            return self
        missing = sorted(self.expected - self.got)
        if not missing:
            return None
        if not self.selection.series:
            return _Unit(self.selection, set(missing))
        return _Unit(replace(self.selection, instances=tuple(missing)), set(missing))


@dataclass(slots=True)
class Plan:
    """What will be asked for, and how many objects are to come; None where the peer does not tell."""

    units: list[tuple[Selection, frozenset[str] | None]]
    classes: tuple[str, ...]
    total: int | None
    here: tuple[str, ...] = ()


async def plan(
    peer: Peer,
    selections: Sequence[Selection],
    folder: Path | None = None,
    settings: ClientSettings | None = None,
) -> Plan:
    """Ask the peer what it holds; what lies in the folder already, where one is given, is left out.

    A peer that answers no queries is asked for everything. ServiceError where it cannot be reached.
    """
    contexts = [Proposal(FIND, NATIVE)]
    rows: list[tuple[Selection, list[Listed]]] = []
    async with await connect(
        peer.host, peer.port, calling=peer.calling, called=peer.called, contexts=contexts, settings=settings
    ) as client:
        try:
            for selection in selections:
                instances = await listed(client, selection)
                rows.append((selection, instances))
        except ServiceError:
            if client.stream.lost.is_set():
                raise
            return Plan([(one, None) for one in selections], (), None)
    units: list[tuple[Selection, frozenset[str] | None]] = []
    here: list[str] = []
    classes: dict[str, None] = {}
    total = 0
    for selection, instances in rows:
        place = Folder(folder, selection.study) if folder is not None else None
        by_series: dict[str, list[Listed]] = {}
        for one in instances:
            by_series.setdefault(one.series, []).append(one)
        if not instances:
            units.append((selection, frozenset()))
        for series, members in by_series.items():
            left = [one for one in members if place is None or not place.holds(one.instance)]
            here += [one.instance for one in members if place is not None and place.holds(one.instance)]
            total += len(members)
            classes |= dict.fromkeys(one.sop_class for one in left)
            whole = len(left) == len(members) and not selection.instances
            units += _parts(Selection(selection.study, series), [one.instance for one in left], whole=whole)
    return Plan(units, tuple(classes), total, tuple(here))


def _parts(
    series: Selection, instances: list[str], *, whole: bool
) -> list[tuple[Selection, frozenset[str] | None]]:
    if whole:
        return [(series, frozenset(instances))]
    parts = [instances[at : at + _AT_ONCE] for at in range(0, len(instances), _AT_ONCE)]
    return [(replace(series, instances=tuple(part)), frozenset(part)) for part in parts]


async def fetch(
    peer: Peer,
    planned: Plan,
    folder: Path,
    *,
    associations: int = 1,
    settings: ClientSettings | None = None,
) -> AsyncIterator[Kept]:
    """Retrieve by C-GET what was planned, each object told of when it lies in its file, or why it does not.

    A lost association is opened again, and what had not come is asked for anew. ServiceError where the peer
    cannot be reached.
    """
    told: asyncio.Queue[Kept | None] = asyncio.Queue()
    for uid in planned.here:
        yield Kept(uid, "here")
    for selection, expected in planned.units:
        if expected is not None and not expected:
            yield Kept(str(selection), "failed", None, "the peer holds nothing of it")
    units = deque(
        _Unit(selection, None if expected is None else set(expected))
        for selection, expected in planned.units
        if expected is None or expected
    )
    if not units:
        return
    contexts = proposals(planned.classes)

    async def work() -> None:
        await _Fetching(peer, settings, contexts, folder, told).run(units)

    tasks = [asyncio.create_task(work()) for _ in range(max(1, min(associations, len(units))))]
    ended = asyncio.ensure_future(asyncio.gather(*tasks, return_exceptions=True))
    ended.add_done_callback(lambda _: told.put_nowait(None))
    try:
        while (one := await told.get()) is not None:
            yield one
    finally:
        for task in tasks:
            task.cancel()
        failures = [one for one in await ended if isinstance(one, Exception)]
    for failure in failures:
        if len(failures) == len(tasks) or not isinstance(failure, ServiceError):
            raise failure


class _Fetching:
    """One association's worth of work, over as many associations as that takes."""

    def __init__(
        self,
        peer: Peer,
        settings: ClientSettings | None,
        contexts: Sequence[Proposal],
        folder: Path,
        told: asyncio.Queue[Kept | None],
    ) -> None:
        self._peer, self._settings, self._contexts = peer, settings, contexts
        self._folder, self._told = folder, told

    async def run(self, units: deque[_Unit]) -> None:
        """Retrieve until nothing is left; what three associations in a row do not bring is told as failed."""
        lost, unit, reached = 0, None, False
        while units or unit is not None:
            before = 0
            try:
                async with await self._connected() as client:
                    self._may_get(client)
                    reached = True
                    while unit is not None or units:
                        unit = unit or units.popleft()
                        before = len(unit.got)
                        await self._one(client, unit)
                        unit, lost = None, 0
            except ServiceError as error:
                if not reached:
                    raise
                lost = 1 if unit is not None and len(unit.got) > before else lost + 1
                unit = unit.left() if unit is not None else None
                if lost >= _ATTEMPTS:
                    self._give_up(unit, units, str(error))
                    return
                await asyncio.sleep(_PAUSE * 2**lost)

    def _give_up(self, unit: _Unit | None, units: deque[_Unit], why: str) -> None:
        rest = [one for one in (unit, *units) if one is not None]
        units.clear()
        for one in rest:
            for name in sorted(one.expected - one.got) if one.expected else [str(one.selection)]:
                self._told.put_nowait(Kept(name, "failed", None, why))

    async def _connected(self) -> Client:
        peer = self._peer
        return await connect(
            peer.host, peer.port, calling=peer.calling, called=peer.called, contexts=self._contexts,
            settings=self._settings,
        )  # fmt: skip

    @staticmethod
    def _may_get(client: Client) -> Context:
        context = client.context_for(GET)
        if context is None:
            raise ServiceError(
                "unknown-sop-class", "the peer does not offer C-GET; try C-MOVE", source=client.called
            )
        return context

    async def _one(self, client: Client, unit: _Unit) -> None:
        context = self._may_get(client)
        folder = Folder(self._folder, unit.selection.study)
        failed: set[str] = set()

        async def on_store(incoming: Incoming) -> None:
            sink = incoming.sink
            if not isinstance(sink, Writing):
                await incoming.respond(status=0x0211)
                return
            kept = await asyncio.to_thread(sink.settle)
            self._told.put_nowait(kept)
            (failed if kept.state == "failed" else unit.got).add(kept.sop_instance)
            with contextlib.suppress(ServiceError):  # that the association is lost is told elsewhere
                await incoming.respond(status=kept.status)

        final: tuple[Command, bytes] | None = None
        identifier = write(unit.selection.identifier(), context.transfer_syntax)
        async for answer in client.get(GET, identifier, on_store, folder.begin):
            final = answer
        assert final is not None
        self._tell(unit, failed, final[0], _failed_list(final, context.transfer_syntax))

    def _tell(self, unit: _Unit, failed: set[str], command: Command, refused: set[str]) -> None:
        """Tell of what the peer did not give; what this side could not write was told before."""
        status = command.status or 0
        why = words(status) if status else "the peer said that all was done, and did not give it"
        why = f"{why}: {command.error_comment}" if command.error_comment else why
        missing = (unit.expected or refused) - unit.got - failed
        for name in sorted(missing):
            self._told.put_nowait(Kept(name, "failed", None, why))
        unseen = (command.failed or 0) - len(failed) - len(missing)
        if not missing and not failed and (unseen > 0 or (status and status != 0xB000)):
            self._told.put_nowait(Kept(str(unit.selection), "failed", None, why))


def _failed_list(answer: tuple[Command, bytes], syntax: str) -> set[str]:
    command, data = answer
    if not command.has_data or not data:
        return set()
    text = text_of(read(data, syntax).element(_FAILED_LIST))
    return {one.strip() for one in text.split("\\") if one.strip()}


@dataclass(frozen=True, slots=True)
class Moved:
    """How far a C-MOVE is: its counts; `status` is None until its end, `failures` are instances then."""

    selection: Selection
    remaining: int = 0
    completed: int = 0
    failed: int = 0
    warning: int = 0
    status: int | None = None
    message: str = ""
    failures: tuple[str, ...] = ()


async def move(
    peer: Peer,
    selections: Sequence[Selection],
    destination: str,
    settings: ClientSettings | None = None,
) -> AsyncIterator[Moved]:
    """Have the peer send to a destination that it knows: its counts as they come, each selection in turn.

    ServiceError where the peer cannot be reached, does not offer C-MOVE or is lost.
    """
    async with await connect(
        peer.host, peer.port, calling=peer.calling, called=peer.called, contexts=[Proposal(MOVE, NATIVE)],
        settings=settings,
    ) as client:  # fmt: skip
        context = client.context_for(MOVE)
        if context is None:
            raise ServiceError("unknown-sop-class", "the peer does not offer C-MOVE", source=client.called)
        for selection in selections:
            identifier = write(selection.identifier(), context.transfer_syntax)
            async for command, data in client.move(MOVE, identifier, destination):
                yield _moved(selection, command, data, context.transfer_syntax)


def _moved(selection: Selection, command: Command, data: bytes, syntax: str) -> Moved:
    counts = (command.remaining or 0, command.completed or 0, command.failed or 0, command.warning or 0)
    if command.status in _PENDING:
        return Moved(selection, *counts)
    status = command.status or 0
    why = words(status) + (f": {command.error_comment}" if command.error_comment else "")
    failures = tuple(sorted(_failed_list((command, data), syntax)))
    return Moved(selection, *counts, status=status, message=why, failures=failures)
