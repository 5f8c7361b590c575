"""Routing: what arrives is queued for the destinations of its rules, and sent until each has confirmed it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..errors import ChiasmError, ServiceError, UsageError
from ..model.holdings import Event, Source
from ..model.query import Equals, Level, Query
from ..store.queue import DestinationState, Item, NewItem, Progress, Queue, State
from .delivery import Courier, Deliverer, Delivery
from .routing_match import title_matches
from .routing_rules import Destination, Priors, Rule, Rules

if TYPE_CHECKING:
    from ..dicom import Package
    from .archive import Archive

_LOG = logging.getLogger(__name__)
_ARRIVALS = frozenset({"stored", "version"})
_AT_ONCE = 200
_POLL = 5.0
_REMEMBERED = 4096
_STUDY_DATE, _PATIENT_ID, _ISSUER, _MODALITY, _STUDY = (
    0x00080020,
    0x00100020,
    0x00100021,
    0x00080060,
    0x0020000D,
)


@dataclass(frozen=True, slots=True)
class DestinationStatus:
    """A destination as people see it: where it is, how much is queued in which state, and what ails it.

    `retry_at` is in seconds since 1970 where the peer could not be reached, else 0.
    """

    name: str
    target: str
    held: bool
    sending: bool
    retry_at: float
    message: str
    counts: Mapping[str, int]


class Router:
    """The routes of a node at work. Console and administration use it to look, hold, retry and drop.

    Several nodes on one database share the work: the queue leases items, and each event is queued once.
    """

    def __init__(
        self,
        archive: Archive,
        queue: Queue,
        rules: Rules,
        deliverer: Callable[[Destination], Deliverer],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._archive, self._queue, self._rules, self._clock = archive, queue, rules, clock
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{id(self):x}"
        self._deliverers = {name: deliverer(one) for name, one in rules.destinations.items()}
        self._couriers = {
            name: [
                Courier(queue, one, self._deliverers[name], f"{self._owner}:{turn}", self._told, clock)
                for turn in range(one.associations)
            ]
            for name, one in rules.destinations.items()
        }
        self._needs_header = any(rule.when or rule.unless or rule.priors for rule in rules.routes)
        self._tasks: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self._priors_done: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def start(self) -> None:
        """Begin to follow the journal and to send; without routes only what people queue is sent."""
        if self._rules.routes:
            await asyncio.to_thread(self._begin)
            self._tasks.append(asyncio.create_task(self._follow(), name="routes"))
            self._tasks.append(asyncio.create_task(self._watch(), name="arrivals to route"))
        else:
            await asyncio.to_thread(self._queue.forget_positions)
        for name, couriers in self._couriers.items():
            self._tasks += [asyncio.create_task(one.run(), name=f"to {name}") for one in couriers]

    async def close(self) -> None:
        """Stop; what is being sent is given back to the queue."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for deliverer in self._deliverers.values():
            await deliverer.close()

    # What people see and do

    @property
    def destinations(self) -> Mapping[str, Destination]:
        """The destinations that are configured, by name."""
        return self._rules.destinations

    async def status(self) -> list[DestinationStatus]:
        """All destinations, those that are queued for but no longer configured included."""
        counts = await asyncio.to_thread(self._queue.counts)
        return [
            await self._status_of(name, counts.get(name, {}))
            for name in [*self._rules.destinations, *(counts.keys() - self._rules.destinations.keys())]
        ]

    async def _status_of(self, name: str, counts: Mapping[str, int]) -> DestinationStatus:
        state = await asyncio.to_thread(self._queue.destination, name)
        one = self._rules.destinations.get(name)
        target = "" if one is None else one.url or f"{one.ae}@{one.host}:{one.port}"
        message = state.message if one is not None else "it is no longer configured"
        sending = any(courier.is_sending for courier in self._couriers.get(name, ()))
        return DestinationStatus(name, target, state.held, sending, state.due, message, counts)

    async def items(
        self, *, destination: str = "", state: str = "", study: str = "", limit: int = 100, offset: int = 0
    ) -> list[Item]:
        """Queued items, the latest change first, narrowed by what is given; `failed` are dead letters."""
        return await asyncio.to_thread(
            lambda: self._queue.items(
                destination=destination, state=state, study=study, limit=limit, offset=offset
            )
        )

    async def item(self, number: int) -> Item | None:
        """One queued item by its number."""
        found = await asyncio.to_thread(lambda: self._queue.items(ids=[number], limit=1))
        return found[0] if found else None

    async def counts(self) -> dict[str, dict[str, int]]:
        """The number of items by destination and state."""
        return await asyncio.to_thread(self._queue.counts)

    async def hold(self, ids: Sequence[int]) -> int:
        """Keep waiting items back; the number of those that were."""
        return await asyncio.to_thread(self._queue.hold, ids, self._clock())

    async def release(self, ids: Sequence[int]) -> int:
        """Let held items go."""
        return self._woken(await asyncio.to_thread(self._queue.release, ids, self._clock()))

    async def retry(self, ids: Sequence[int] = (), *, destination: str = "") -> int:
        """Send anew: the dead letters and waiting items named, or all dead letters of a destination."""
        if destination and not ids:
            ids = await asyncio.to_thread(
                lambda: self._queue.ids(destination=destination, state=State.FAILED)
            )
        return self._woken(await asyncio.to_thread(self._queue.retry, ids, self._clock()))

    async def drop(self, ids: Sequence[int]) -> int:
        """Give items up; the journal keeps that they were."""
        items = await asyncio.to_thread(lambda: self._queue.items(ids=ids, limit=len(ids))) if ids else []
        dropped = await asyncio.to_thread(self._queue.drop, ids)
        for destination in sorted({item.destination for item in items}):
            uids = [item.location.sop_instance for item in items if item.destination == destination]
            await self._note("delivery-dropped", {"destination": destination, "instances": uids})
        return dropped

    async def hold_destination(self, name: str) -> None:
        """Send nothing to a destination until it is released."""
        self._known(name)
        state = await asyncio.to_thread(self._queue.destination, name)
        await asyncio.to_thread(self._queue.set_destination, replace(state, held=True))

    async def release_destination(self, name: str) -> None:
        """Send to a destination again, at once, even where it could not be reached before."""
        self._known(name)
        await asyncio.to_thread(self._queue.set_destination, DestinationState(name))
        self._woken(1)

    async def send(
        self,
        destination: str,
        *,
        studies: Sequence[str] = (),
        series: Sequence[str] = (),
        instances: Sequence[str] = (),
        by: str = "",
    ) -> int:
        """Queue stored objects for a destination because a person wants it; the number newly queued.

        ServiceError where nothing of what is named is held.
        """
        self._known(destination)
        locations = await self._archive.locations(studies=studies, series=series, instances=instances)
        if not locations:
            raise ServiceError("no-such-object", "nothing of this name is held")
        items = [NewItem(destination, location, by or "by hand", 1) for location in locations]
        return self._woken(await asyncio.to_thread(self._queue.put, items, self._clock()))

    def _known(self, name: str) -> Destination:
        if name not in self._rules.destinations:
            raise UsageError(f"there is no destination {name!r}", hint="see chiasm.toml")
        return self._rules.destinations[name]

    def _woken(self, count: int) -> int:
        if count:
            for couriers in self._couriers.values():
                for courier in couriers:
                    courier.wake()
        return count

    # What arrives

    def _begin(self) -> None:
        """The first time that there are routes, they begin with what arrives from now on."""
        if not self._queue.positions():
            self._queue.begin_at(self._archive.positions() or {"": 0})

    async def _watch(self) -> None:
        async for _ in self._archive.watch():
            self._wake.set()

    async def _follow(self) -> None:
        faults = 0
        while True:
            try:
                moved = await self._advance()
                faults = 0
            except Exception:  # the loop must outlive any fault; nothing is lost, as its place is kept
                faults += 1
                _LOG.exception("what arrived could not be routed; it is tried again")
                moved = False
            if not moved:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(60.0, _POLL * 2.0 ** min(faults, 6))):
                        await self._wake.wait()
                self._wake.clear()

    async def _advance(self) -> bool:
        """Route the next events of each chain; whether there were any."""
        done = await asyncio.to_thread(self._queue.positions)
        moved = False
        for chain in await asyncio.to_thread(self._archive.chains):
            after = done.get(chain, 0)
            records = await asyncio.to_thread(self._archive.records, chain, after, _AT_ONCE)
            if not records:
                continue
            items: list[NewItem] = []
            for record in records:
                items += await self._route(record.event)
            upto, now = records[-1].sequence, self._clock()
            moved = True
            if await asyncio.to_thread(self._queue.project, chain, after, upto, items, now):
                self._woken(len(items))
        return moved

    async def _route(self, event: Event) -> list[NewItem]:
        """The items that one event gives."""
        if event.kind not in _ARRIVALS:
            return []
        location = self._archive.location_of(event)
        if location is None:
            return []
        header: Package | None = None
        if self._needs_header:
            try:
                header = await self._archive.header(location)
            except (ChiasmError, OSError) as error:
                _LOG.warning("%s cannot be read for its routes: %s", location.sop_instance, error)
        items: list[NewItem] = []
        for rule in self._rules.routes:
            if not _applies(rule, event, header):
                continue
            items += [
                NewItem(name, location, rule.name) for name in rule.to if not self._is_from(name, event)
            ]
            if rule.priors is not None and header is not None:
                items += await self._priors(rule, rule.priors, header)
        return items

    def _is_from(self, name: str, event: Event) -> bool:
        """Whether an object came from the very destination; it is not sent back."""
        return event.source.kind == "dimse" and self._rules.destinations[name].ae == event.source.name

    async def _priors(self, rule: Rule, priors: Priors, header: Package) -> list[NewItem]:
        """The objects of the patient's earlier studies that go along, looked for once for each study."""
        study, patient = _text(header, _STUDY), _text(header, _PATIENT_ID)
        if (rule.name, study) in self._priors_done or not patient:
            return []
        self._priors_done[rule.name, study] = None
        while len(self._priors_done) > _REMEMBERED:
            self._priors_done.popitem(last=False)
        conditions = [Equals((_PATIENT_ID,), (patient,))]
        if issuer := _text(header, _ISSUER):
            conditions.append(Equals((_ISSUER,), (issuer,)))
        found = await self._archive.find(Query(Level.STUDY, tuple(conditions)))
        others = [(one.study, json.loads("{" + one.members + "}")) for one in found if one.study != study]
        chosen = choose_priors(others, priors, _text(header, _STUDY_DATE), _text(header, _MODALITY))
        locations = await self._archive.locations(studies=chosen) if chosen else []
        return [
            NewItem(name, location, f"{rule.name}, prior", -1) for name in rule.to for location in locations
        ]

    # What was sent

    async def _told(
        self, destination: Destination, told: Sequence[Delivery], progress: Sequence[Progress]
    ) -> None:
        """Keep final answers in the journal: one event for each study, outcome and wording."""
        grouped: dict[tuple[State, str, str, str, str], list[str]] = {}
        for one, after in zip(told, progress, strict=True):
            if after.state in {State.DELIVERED, State.FAILED}:
                key = (after.state, one.item.location.study, one.confirmed_by, one.status, one.message)
                grouped.setdefault(key, []).append(one.item.location.sop_instance)
        for (state, study, confirmed_by, status, message), instances in grouped.items():
            kind = "sent" if state is State.DELIVERED else "delivery-failed"
            detail = {
                "destination": destination.name, "study": study, "instances": instances,
                "confirmed_by": confirmed_by, "status": status, "message": message,
            }  # fmt: skip
            await self._note(kind, {key: value for key, value in detail.items() if value})

    async def _note(self, kind: str, detail: dict[str, object]) -> None:
        at = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="microseconds")
        try:
            await self._archive.note(Event(kind, at, Source("node", "routing"), detail))
        except (ChiasmError, OSError) as error:
            _LOG.warning("the journal did not take %s %s: %s", kind, detail, error)


def _applies(rule: Rule, event: Event, header: Package | None) -> bool:
    """Whether a rule holds for an arrival; one with conditions does not hold for what cannot be read."""
    if not title_matches(rule.sources, event.source.name) or not title_matches(
        rule.called, event.source.called
    ):
        return False
    if rule.window is not None and not rule.window.holds(datetime.fromisoformat(event.at).astimezone()):
        return False
    if header is None:
        return not rule.when and not rule.unless
    return all(one.holds(header) for one in rule.when) and not any(one.holds(header) for one in rule.unless)


def choose_priors(
    studies: Iterable[tuple[str, Mapping[str, object]]], priors: Priors, date: str, modality: str
) -> list[str]:
    """The UIDs of the earlier studies to send, newest first; `studies` with their DICOM JSON members.

    Earlier is by study date, that of the same day included; a study without a date counts as the oldest and
    is left out where `months` are given.
    """
    oldest = _months_before(date, priors.months) if priors.months and date else ""
    dated: list[tuple[str, str]] = []
    for uid, members in studies:
        on = _first(members, "00080020")
        if (date and on > date) or (oldest and on < oldest):
            continue
        if priors.same_modality and modality not in _all(members, "00080061"):
            continue
        dated.append((on, uid))
    return [uid for _, uid in sorted(dated, reverse=True)[: priors.count]]


def _months_before(date: str, months: int) -> str:
    total = int(date[:4]) * 12 + int(date[4:6]) - 1 - months
    return f"{total // 12:04d}{total % 12 + 1:02d}{date[6:8]}" if total >= 0 else ""


def _all(members: Mapping[str, object], key: str) -> list[str]:
    element = members.get(key)
    values = element.get("Value", []) if isinstance(element, dict) else []
    return [str(one) for one in values]


def _first(members: Mapping[str, object], key: str) -> str:
    return next(iter(_all(members, key)), "")


def _text(header: Package, tag: int) -> str:
    try:
        value = header.get(tag)
    except ChiasmError:
        return ""
    return value if isinstance(value, str) else ""
