"""The index follows the journal in its order, in batches, and through trouble."""

import threading

from chiasm.errors import ServiceError
from chiasm.model import Event, Source
from chiasm.services.projection import Durable, Projection

EVENT = Event("note", "2026-01-01T00:00:00.000000+00:00", Source("node"), {})


def in_one_chain(number):
    return "c", number


class Index:
    """Keeps what it is told; fails as often as it is told to."""

    def __init__(self, failures=0):
        self.failures = failures
        self.applied = []
        self.reached = threading.Condition()

    def apply(self, arrivals):
        with self.reached:
            if self.failures:
                self.failures -= 1
                raise ServiceError("unavailable", "the database is away")
            self.applied += [one.sequence for one in arrivals]
            self.reached.notify_all()
        return []

    def wait(self, count):
        with self.reached:
            return self.reached.wait_for(lambda: len(self.applied) >= count, 20)


def test_the_order_is_that_of_the_chain_whatever_came_first():
    index = Index()
    projection = Projection(index, in_one_chain, 0, lambda known: None)
    for number in (3, 2, 5):
        projection.add(Durable(number, EVENT))
    assert index.applied == []  # nothing before number 1 is there
    for number in (1, 4):
        projection.add(Durable(number, EVENT))
    assert index.wait(5)
    projection.close()
    assert index.applied == [1, 2, 3, 4, 5]
    assert projection.position == 5


def test_it_goes_on_behind_what_was_known():
    index = Index()
    projection = Projection(index, in_one_chain, 41, lambda known: None)
    projection.add(Durable(42, EVENT))
    projection.hurry()
    assert index.wait(1)
    projection.close()
    assert projection.position == 42


def test_trouble_is_told_and_overcome():
    index = Index(failures=3)
    heard = []
    projection = Projection(index, in_one_chain, 0, lambda known: heard.append(len(known)))
    projection.add(Durable(1, EVENT))
    assert index.wait(1)
    projection.close()
    assert (index.applied, projection.trouble, heard) == ([1], "", [0, 0, 0, 1])


def test_what_cannot_be_applied_is_left_to_the_next_start():
    index = Index(failures=10**6)
    projection = Projection(index, in_one_chain, 0, lambda known: None)
    projection.add(Durable(1, EVENT))
    projection.close(0.3)
    assert (index.applied, projection.position) == ([], 0)
    assert projection.trouble


def test_what_is_told_twice_is_applied_once():
    index = Index()
    projection = Projection(index, in_one_chain, 0, lambda known: None)
    for number in (2, 2, 1, 1, 2, 3):
        projection.add(Durable(number, EVENT))
    assert index.wait(3)
    projection.close()
    assert index.applied == [1, 2, 3]


def test_a_process_that_went_on_in_another_chain_applies_to_both():
    index, heard = Index(), []
    projection = Projection(
        index,
        lambda number: ("a", number) if number <= 2 else ("b", number - 2),
        0,
        lambda known: heard.extend(one.sequence for one in known),
    )
    for number in (1, 2, 3):
        projection.add(Durable(number, EVENT))
    assert index.wait(3)
    projection.close()
    assert (heard, index.applied) == ([1, 2, 3], [1, 2, 1])
    assert projection.position == 3


def test_it_is_full_of_many_events_or_of_a_few_with_great_heads(monkeypatch):
    monkeypatch.setattr("chiasm.services.projection.BACKLOG", 4)
    monkeypatch.setattr("chiasm.services.projection.HEADS", 1_000)
    index = Index()
    for head, most in ((b"", 4), (bytes(400), 2)):
        projection = Projection(index, in_one_chain, 0, lambda known: None)
        for number in range(2, 2 + most):
            projection.add(Durable(number, EVENT, head=head))
            assert not projection.is_full
        projection.add(Durable(2 + most, EVENT, head=head))
        assert projection.is_full
        index.applied.clear()
        projection.add(Durable(1, EVENT))
        assert index.wait(2 + most)
        projection.close()
        assert not projection.is_full


def test_more_is_waited_for_until_someone_asks_or_a_batch_is_full(monkeypatch):
    monkeypatch.setattr("chiasm.services.projection.BATCH", 3)
    index = Index()
    projection = Projection(index, in_one_chain, 0, lambda known: None, gather=600.0)
    projection.add(Durable(1, EVENT))
    assert index.wait(1)
    projection.add(Durable(2, EVENT))
    projection.hurry()
    assert index.wait(2)
    projection.add(*[Durable(number, EVENT) for number in (3, 4, 5)])
    assert index.wait(5)
    projection.add(Durable(6, EVENT))
    projection.close()
    assert index.applied == [1, 2, 3, 4, 5, 6]


def test_great_heads_do_not_wait_for_more(monkeypatch):
    monkeypatch.setattr("chiasm.services.projection.HEADS", 1_000)
    index = Index()
    projection = Projection(index, in_one_chain, 0, lambda known: None, gather=600.0)
    projection.add(Durable(1, EVENT))
    assert index.wait(1)
    projection.add(Durable(2, EVENT, head=bytes(300)))
    assert index.wait(2)
    projection.close()
