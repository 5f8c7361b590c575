"""Sending what is queued: a loop for each destination that leases, delivers, and keeps what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from ..errors import ChiasmError
from ..store.queue import DestinationState, Item, Progress, Queue, State
from .routing_rules import Destination

_LEASE = 120.0
_BATCH = 100
_POLL = 15.0
_FLUSH = 25

_LOG = logging.getLogger(__name__)


class Reply(enum.Enum):
    """What a peer said of an object: ACCEPTED is success that is yet to be confirmed."""

    DELIVERED = enum.auto()
    ACCEPTED = enum.auto()
    LATER = enum.auto()
    REFUSED = enum.auto()


@dataclass(frozen=True, slots=True)
class Delivery:
    """The peer's answer on one item: `status` in its code, `message` in words; REFUSED is for good.

    `confirmed_by` says in the peer's terms what a delivery rests on, as "storage commitment".
    """

    item: Item
    reply: Reply
    confirmed_by: str = ""
    status: str = ""
    message: str = ""


class Deliverer(Protocol):
    """One way to a destination."""

    def deliver(self, items: Sequence[Item]) -> AsyncIterator[Delivery]:
        """Send items and tell of each as soon as its answer is known; those it does not tell of stay queued.

        ServiceError where the peer is not reached, or is lost on the way.
        """
        ...

    async def close(self) -> None:
        """Let go of what is open."""
        ...


T = TypeVar("T")
Report = Callable[[Destination, Sequence[Delivery], Sequence[Progress]], Awaitable[None]]


async def unbroken(work: Coroutine[object, object, T]) -> T:
    """The end of some work, reached even where who waits is cancelled; then the cancellation goes on."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


class Courier:
    """The sending to one destination, as long as it runs. `report` hears of all that is final."""

    def __init__(
        self,
        queue: Queue,
        destination: Destination,
        deliverer: Deliverer,
        owner: str,
        report: Report,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._queue, self._destination, self._deliverer = queue, destination, deliverer
        self._owner, self._report, self._clock = owner, report, clock
        self._wake = asyncio.Event()
        self.is_sending = False

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled; a fault of the database or of this program is told and slept on."""
        faults = 0
        while True:
            try:
                wait = await self.once()
                faults = 0
            except Exception:  # the loop must outlive any fault; it is told, and tried again
                faults += 1
                wait = min(60.0, 2.0**faults)
                _LOG.exception("sending to %s failed; next try in %.0f s", self._destination.name, wait)
            if wait > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._wake.wait()
                self._wake.clear()

    async def once(self) -> float:
        """Send one batch where one is due; the seconds until the next look."""
        now = self._clock()
        closed = self._seconds_closed(now)
        if closed > 0:
            return min(closed, _POLL)
        name = self._destination.name
        batch = await self._leased(now)
        if not batch:
            due = await asyncio.to_thread(self._queue.next_due, name)
            return _POLL if due is None else max(0.05, min(_POLL, due - self._clock()))
        self.is_sending = True
        keeper = asyncio.create_task(self._keep([item.id for item in batch]))
        try:
            await self._send(batch)
        finally:
            self.is_sending = False
            keeper.cancel()
        return 0.0

    async def _leased(self, now: float) -> list[Item]:
        """A batch to send. A thread cannot be cancelled: what it leases for nobody is given back."""
        taken = asyncio.ensure_future(
            asyncio.to_thread(
                self._queue.lease, self._destination.name, self._owner, now, now + _LEASE, _BATCH
            )
        )
        try:
            return await asyncio.shield(taken)
        except asyncio.CancelledError:
            await unbroken(self._finish([], await taken, ""))
            raise

    def _seconds_closed(self, now: float) -> float:
        window = self._destination.window
        if window is None:
            return 0.0
        local = datetime.fromtimestamp(now)
        return (window.opens(local) - local).total_seconds()

    async def _keep(self, ids: Sequence[int]) -> None:
        while True:
            await asyncio.sleep(_LEASE / 4)
            with contextlib.suppress(Exception):  # the lease may run out; the send is told in any case
                await asyncio.to_thread(self._queue.renew, self._owner, ids, self._clock() + _LEASE)

    async def _send(self, batch: Sequence[Item]) -> None:
        untold = {item.id: item for item in batch}
        told: list[Delivery] = []
        lost = "the peer gave no answer"
        try:
            async for delivery in self._deliverer.deliver(batch):
                told.append(delivery)
                untold.pop(delivery.item.id, None)
                if len(told) >= _FLUSH:
                    part, told = told, []
                    await unbroken(self._settle(part))
        except asyncio.CancelledError:
            lost = ""
            raise
        except ChiasmError as error:
            lost = str(error)
        except Exception as error:  # told truthfully as a fault of this node; the items stay queued
            _LOG.exception("a fault while sending to %s", self._destination.name)
            lost = f"a fault of this node: {error!r}"
        finally:
            await unbroken(self._finish(told, list(untold.values()), lost))

    async def _finish(self, told: Sequence[Delivery], untold: Sequence[Item], lost: str) -> None:
        """Keep the last answers, and give back what was not sent: that was no attempt of these items."""
        await self._settle(told)
        if not untold:
            await self._reached()
            return
        now = self._clock()
        back = [
            Progress(item.id, State.WAITING, now, item.accepted, "", item.status, lost or item.message, False)
            for item in untold
        ]
        await asyncio.to_thread(self._queue.report, self._owner, back, now)
        if lost:
            await self._lost(lost, now)

    async def _reached(self) -> None:
        state = await asyncio.to_thread(self._queue.destination, self._destination.name)
        if state.failures:
            await asyncio.to_thread(
                self._queue.set_destination, replace(state, due=0.0, failures=0, message="")
            )

    async def _lost(self, message: str, now: float) -> None:
        """Leave the destination alone for a while, longer each time."""
        name = self._destination.name
        state = await asyncio.to_thread(self._queue.destination, name)
        failures = state.failures + 1
        due = now + self._delay(failures)
        _LOG.warning("%s is not reached: %s; next try in %.0f s", name, message, due - now)
        left = DestinationState(name, state.held, due, failures, message)
        await asyncio.to_thread(self._queue.set_destination, left)

    async def _settle(self, told: Sequence[Delivery]) -> None:
        if not told:
            return
        progress = [self._progress(one) for one in told]
        await asyncio.to_thread(self._queue.report, self._owner, progress, self._clock())
        await self._report(self._destination, told, progress)

    def _progress(self, one: Delivery) -> Progress:
        """The next state of an item by the peer's answer."""
        item, now = one.item, self._clock()
        due, accepted, state = now, one.reply in {Reply.DELIVERED, Reply.ACCEPTED}, State.DELIVERED
        if one.reply is Reply.REFUSED:
            state = State.FAILED
        elif one.reply is not Reply.DELIVERED:
            state = State.FAILED if item.attempts >= self._destination.attempts else State.WAITING
            due = now + self._delay(item.attempts)
        return Progress(item.id, state, due, accepted, one.confirmed_by, one.status, one.message)

    def _delay(self, attempts: int) -> float:
        """Exponential, at most `last_retry`, and spread over its upper half so that not all come at once."""
        whole = min(
            self._destination.last_retry, self._destination.first_retry * 2.0 ** min(attempts - 1, 40)
        )
        return whole * (0.5 + random.random() / 2)
