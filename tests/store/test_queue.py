"""The outbound queue on both databases: leases, back-off, holds, and what several processes may do at once."""

from __future__ import annotations

import hashlib
import threading

import pytest

from chiasm.model.holdings import Location
from chiasm.store.index import Index
from chiasm.store.queue import DestinationState, NewItem, Progress, Queue, State


@pytest.fixture
def queue(index: Index) -> Queue:
    return Queue(index.engine)


def location(number: int, study: str = "1.2.3") -> Location:
    digest = hashlib.sha256(str(number).encode()).digest()
    return Location(f"k{number}", 1000, 300, digest, "1.2.840.10008.1.2.1", "1.2.840.10008.5.1.4.1.1.2",
                    f"1.2.3.4.{number}", "1.2.3.4", study)  # fmt: skip


def items(*numbers: int, destination: str = "A", priority: int = 0) -> list[NewItem]:
    return [NewItem(destination, location(number), "all", priority) for number in numbers]


def test_an_item_is_leased_and_delivered(queue: Queue) -> None:
    assert queue.put(items(1, 2), 100.0) == 2
    leased = queue.lease("A", "me", 101.0, 200.0, 10)
    assert [(one.location, one.state, one.attempts, one.route) for one in leased] == [
        (location(1), State.SENDING, 1, "all"),
        (location(2), State.SENDING, 1, "all"),
    ]
    assert queue.lease("A", "other", 102.0, 200.0, 10) == []
    queue.report("me", [Progress(leased[0].id, State.DELIVERED, accepted=True, confirmed_by="x")], 103.0)
    queue.report("me", [Progress(leased[1].id, State.WAITING, 150.0, status="A700", message="full")], 103.0)
    assert queue.counts() == {"A": {"delivered": 1, "waiting": 1}}
    assert queue.next_due("A") == 150.0
    assert queue.lease("A", "me", 149.0, 300.0, 10) == []
    (again,) = queue.lease("A", "me", 150.0, 300.0, 10)
    assert (again.attempts, again.status, again.message) == (2, "A700", "full")
    (done,) = queue.items(state="delivered")
    assert (done.confirmed_by, done.accepted, done.changed_at) == ("x", True, 103.0)


def test_the_same_bytes_are_queued_once_for_a_destination(queue: Queue) -> None:
    assert queue.put(items(1), 1.0) == 1
    assert queue.put(items(1, 2), 2.0) == 1
    assert queue.put(items(1, destination="B"), 3.0) == 1
    assert queue.counts() == {"A": {"waiting": 2}, "B": {"waiting": 1}}


def test_a_lease_that_ran_out_is_free_again_but_a_late_delivery_counts(queue: Queue) -> None:
    queue.put(items(1), 1.0)
    (first,) = queue.lease("A", "dead", 2.0, 10.0, 5)
    assert queue.next_due("A") == 10.0
    (second,) = queue.lease("A", "me", 11.0, 20.0, 5)
    assert first.id == second.id
    queue.report("dead", [Progress(first.id, State.FAILED, message="late")], 12.0)
    assert queue.counts() == {"A": {"sending": 1}}
    queue.report("dead", [Progress(first.id, State.DELIVERED, confirmed_by="y")], 12.0)
    queue.report("me", [Progress(first.id, State.FAILED)], 13.0)
    assert queue.counts() == {"A": {"delivered": 1}}


def test_an_attempt_that_did_not_reach_the_peer_is_not_counted(queue: Queue) -> None:
    queue.put(items(1), 1.0)
    (one,) = queue.lease("A", "me", 2.0, 10.0, 5)
    queue.report("me", [Progress(one.id, State.WAITING, 5.0, counted=False)], 3.0)
    assert queue.items()[0].attempts == 0


def test_renewed_leases_hold(queue: Queue) -> None:
    queue.put(items(1), 1.0)
    (one,) = queue.lease("A", "me", 2.0, 10.0, 5)
    queue.renew("me", [one.id], 100.0)
    assert queue.lease("A", "other", 50.0, 60.0, 5) == []


def test_the_urgent_goes_first(queue: Queue) -> None:
    queue.put(items(1, 2), 1.0)
    queue.put(items(3, priority=1), 2.0)
    leased = queue.lease("A", "me", 3.0, 10.0, 2)
    assert [one.location.key for one in leased] == ["k3", "k1"]


def test_hold_release_retry_drop(queue: Queue) -> None:
    queue.put(items(1, 2, 3), 1.0)
    first, second, third = queue.ids(destination="A")
    assert queue.hold([first, second], 2.0) == 2
    assert [one.id for one in queue.lease("A", "me", 3.0, 10.0, 5)] == [third]
    queue.report("me", [Progress(third, State.FAILED, message="no")], 4.0)
    assert queue.counts() == {"A": {"held": 2, "failed": 1}}
    assert queue.release([first, third], 5.0) == 1
    assert queue.retry([third], 6.0) == 1
    assert [one.id for one in queue.lease("A", "me", 7.0, 10.0, 5)] == [first, third]
    assert queue.drop([first, second]) == 1  # the first is being sent
    assert queue.items(ids=[third])[0].attempts == 1


def test_a_held_destination_gives_nothing(queue: Queue) -> None:
    queue.put(items(1), 1.0)
    queue.set_destination(DestinationState("A", held=True))
    assert queue.lease("A", "me", 2.0, 10.0, 5) == []
    assert queue.next_due("A") is None
    queue.set_destination(DestinationState("A", due=50.0, failures=2, message="no route to host"))
    assert queue.lease("A", "me", 49.0, 60.0, 5) == []
    assert queue.next_due("A") == 50.0
    assert queue.destination("A") == DestinationState("A", False, 50.0, 2, "no route to host")
    assert len(queue.lease("A", "me", 50.0, 60.0, 5)) == 1


def test_events_are_projected_once(queue: Queue) -> None:
    queue.begin_at({"one": 7})
    queue.begin_at({"one": 9, "two": 3})
    assert queue.positions() == {"one": 7, "two": 3}
    assert queue.project("one", 7, 9, items(1, 2), 1.0)
    assert not queue.project("one", 7, 9, items(1, 2, 3), 1.0)
    assert queue.project("new", 0, 2, items(4), 1.0)
    assert not queue.project("new", 0, 2, items(5), 1.0)
    assert queue.positions() == {"one": 9, "two": 3, "new": 2}
    assert queue.counts() == {"A": {"waiting": 3}}
    queue.forget_positions()
    assert queue.positions() == {}


def test_four_at_once_never_take_the_same_item(queue: Queue) -> None:
    queue.put(items(*range(200)), 1.0)
    taken: list[int] = []

    def work(name: str) -> None:
        while leased := queue.lease("A", name, 2.0, 1000.0, 7):
            taken.extend(one.id for one in leased)
            queue.report(name, [Progress(one.id, State.DELIVERED) for one in leased], 3.0)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    # With rows locked by others skipped, a worker may see none left while another still has some: all are taken.
    assert sorted(taken) == sorted(queue.ids())
    assert queue.counts() == {"A": {"delivered": 200}}


def test_what_is_listed(queue: Queue) -> None:
    queue.put([NewItem("A", location(1, "1.9"), "r"), NewItem("B", location(2), "r")], 1.0)
    assert [one.location.study for one in queue.items(study="1.9")] == ["1.9"]
    assert [one.destination for one in queue.items(limit=1, offset=1)] == ["B"]
    assert queue.has("A", "1.9")
    assert not queue.has("B", "1.9")
