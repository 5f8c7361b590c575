"""Sending what is queued: answers kept truthfully, back-off, windows, a peer that is lost on the way."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from chiasm.errors import ServiceError
from chiasm.model.holdings import Location
from chiasm.services.delivery import Courier, Delivery, Reply
from chiasm.services.routing_match import Window
from chiasm.services.routing_rules import Destination
from chiasm.store.queue import Item, NewItem, Progress, Queue, State
from chiasm.store.queue_tables import outbound, outbound_destination, outbound_position

Script = Callable[[Sequence[Item]], list[Delivery]]


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    engine = create_engine(f"sqlite:///{tmp_path}/queue.sqlite")
    outbound.metadata.create_all(engine, [outbound, outbound_destination, outbound_position])
    yield Queue(engine)
    engine.dispose()


class Peer:
    """A deliverer that answers by a script, and is lost after that where `lost` says so."""

    def __init__(self, script: Script, lost: Exception | None = None) -> None:
        self.script, self.lost, self.calls = script, lost, 0

    async def deliver(self, items: Sequence[Item]) -> AsyncIterator[Delivery]:
        self.calls += 1
        for delivery in self.script(items):
            yield delivery
        if self.lost is not None:
            raise self.lost

    async def close(self) -> None: ...


class Clock:
    """The time, as a test says."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def put(queue: Queue, count: int) -> None:
    digest = hashlib.sha256(b"x").digest()
    queue.put(
        [
            NewItem("A", Location(f"k{number}", 10, 1, digest, "1.2", "1.3", f"1.{number}", "1.4", "1.5"))
            for number in range(count)
        ],
        1.0,
    )


class Trial:
    """A courier with its peer; `told` is what the journal would hear."""

    def __init__(self, queue: Queue, peer: Peer, **options: object) -> None:
        self.clock = Clock()
        self.told: list[tuple[str, State]] = []
        destination = Destination("A", "PEER", "h", 104, **options)  # type: ignore[arg-type]  # any field of it
        self.courier = Courier(queue, destination, peer, "me", self._report, self.clock)

    async def _report(self, _: Destination, told: Sequence[Delivery], after: Sequence[Progress]) -> None:
        pairs = zip(told, after, strict=True)
        self.told += [(one.item.location.sop_instance, progress.state) for one, progress in pairs]

    def once(self) -> float:
        return asyncio.run(self.courier.once())


def all_of(reply: Reply, **words: str) -> Script:
    return lambda items: [Delivery(item, reply, **words) for item in items]


def test_what_is_delivered_says_what_that_rests_on(queue: Queue) -> None:
    put(queue, 60)
    trial = Trial(queue, Peer(all_of(Reply.DELIVERED, confirmed_by="storage commitment", status="0000")))
    assert trial.once() == 0.0
    assert queue.counts() == {"A": {"delivered": 60}}
    assert {one.confirmed_by for one in queue.items()} == {"storage commitment"}
    assert len(trial.told) == 60
    assert trial.once() > 0


def test_a_refusal_for_good_is_a_dead_letter_with_its_words(queue: Queue) -> None:
    put(queue, 1)
    trial = Trial(queue, Peer(all_of(Reply.REFUSED, status="A900", message="not of its class")))
    trial.once()
    (item,) = queue.items()
    assert (item.state, item.status, item.message) == (State.FAILED, "A900", "not of its class")
    assert trial.told == [("1.0", State.FAILED)]


def test_back_off_doubles_with_jitter_until_attempts_are_used_up(queue: Queue) -> None:
    put(queue, 1)
    peer = Peer(all_of(Reply.LATER, status="A700", message="full"))
    trial = Trial(queue, peer, attempts=4, first_retry=10.0, last_retry=30.0)
    for whole in (10.0, 20.0, 30.0):
        trial.once()
        (item,) = queue.items()
        assert item.state is State.WAITING
        assert whole / 2 <= item.due - trial.clock.now <= whole
        calls = peer.calls
        trial.once()
        assert peer.calls == calls
        trial.clock.now = item.due
    trial.once()
    (item,) = queue.items()
    assert (item.state, item.attempts, item.message) == (State.FAILED, 4, "full")


def test_a_peer_that_is_not_reached_costs_no_attempt_and_is_left_alone(queue: Queue) -> None:
    put(queue, 3)
    peer = Peer(lambda _: [], ServiceError("unavailable", "connection refused"))
    trial = Trial(queue, peer, attempts=1, first_retry=10.0)
    for failures in (1, 2, 3):
        trial.once()
        state = queue.destination("A")
        assert (state.failures, state.message) == (failures, "connection refused")
        assert state.due > trial.clock.now
        trial.clock.now = state.due
    assert {(one.state, one.attempts) for one in queue.items()} == {(State.WAITING, 0)}
    peer.script, peer.lost = all_of(Reply.DELIVERED), None
    trial.once()
    assert queue.counts() == {"A": {"delivered": 3}}
    assert queue.destination("A").failures == 0


def test_a_peer_that_is_lost_on_the_way_keeps_what_it_confirmed(queue: Queue) -> None:
    put(queue, 3)
    peer = Peer(lambda items: [Delivery(items[0], Reply.DELIVERED)], ConnectionResetError("reset"))
    trial = Trial(queue, peer)
    trial.once()
    assert queue.counts() == {"A": {"delivered": 1, "waiting": 2}}
    assert "reset" in queue.destination("A").message


def test_a_peer_that_says_nothing_is_not_asked_again_at_once(queue: Queue) -> None:
    put(queue, 1)
    peer = Peer(lambda _: [])
    trial = Trial(queue, peer)
    trial.once()
    trial.once()
    assert peer.calls == 1


def test_success_that_is_never_confirmed_ends_as_a_dead_letter(queue: Queue) -> None:
    put(queue, 1)
    trial = Trial(queue, Peer(all_of(Reply.ACCEPTED, message="no report yet")), attempts=2)
    trial.once()
    (item,) = queue.items()
    assert (item.state, item.accepted) == (State.WAITING, True)
    trial.clock.now = item.due
    trial.once()
    (item,) = queue.items()
    assert (item.state, item.accepted, item.confirmed_by) == (State.FAILED, True, "")


def test_outside_its_window_nothing_is_sent(queue: Queue) -> None:
    put(queue, 1)
    peer = Peer(all_of(Reply.DELIVERED))
    trial = Trial(queue, peer, window=Window(540, 1020))
    trial.clock.now = datetime.fromisoformat("2026-11-23T08:00").timestamp()
    assert trial.once() > 0
    assert peer.calls == 0
    trial.clock.now += 3600
    trial.once()
    assert peer.calls == 1


def test_cancelled_in_the_middle_it_gives_back_what_was_not_sent(queue: Queue) -> None:
    put(queue, 2)

    class Slow(Peer):
        async def deliver(self, items: Sequence[Item]) -> AsyncIterator[Delivery]:
            yield Delivery(items[0], Reply.DELIVERED)
            await asyncio.sleep(3600)

    trial = Trial(queue, Slow(lambda _: []))

    async def cut() -> None:
        task = asyncio.create_task(trial.courier.run())
        while not trial.courier.is_sending:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cut())
    assert queue.counts() == {"A": {"delivered": 1, "waiting": 1}}
    assert queue.destination("A").failures == 0


def test_what_is_leased_while_the_courier_is_stopped_goes_back_to_the_queue(queue: Queue) -> None:
    put(queue, 2)
    trial = Trial(queue, Peer(all_of(Reply.DELIVERED)))
    begun, leave, lease = threading.Event(), threading.Event(), queue.lease

    def slow(*arguments: Any) -> list[Item]:
        begun.set()
        leave.wait(10)
        return lease(*arguments)

    async def stopped() -> None:
        queue.lease = slow  # type: ignore[method-assign]  # a lease that takes its time
        task = asyncio.create_task(trial.courier.run())
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        await asyncio.sleep(0)
        leave.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stopped())
    assert queue.counts() == {"A": {"waiting": 2}}
    assert [item.attempts for item in queue.items()] == [0, 0]
