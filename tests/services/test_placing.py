"""A thread that places objects: in order, so many at once, and what fails is told."""

from __future__ import annotations

import threading

from chiasm.services.placing import Placing


def test_what_is_taken_is_placed_in_order_and_apart_by_the_time_it_is_closed() -> None:
    placed: list[tuple[int, str]] = []
    placing: Placing[int] = Placing(
        lambda one: placed.append((one, threading.current_thread().name)), lambda one: None, 1000
    )
    assert all(placing.add(one) for one in range(500))
    placing.close()
    assert placed == [(one, "placing") for one in range(500)]


def test_no_more_is_taken_than_may_wait() -> None:
    going_on = threading.Event()
    begun = threading.Event()
    placed: list[int] = []

    def place(one: int) -> None:
        begun.set()
        assert going_on.wait(30)
        placed.append(one)

    placing: Placing[int] = Placing(place, lambda one: None, 2)
    assert placing.add(0)
    assert begun.wait(30)
    assert [placing.add(one) for one in (1, 2, 3)] == [True, True, False]
    going_on.set()
    placing.close()
    assert placed == [0, 1, 2]


def test_what_fails_is_told_and_the_next_is_placed() -> None:
    placed: list[int] = []
    failed: list[int] = []

    def place(one: int) -> None:
        if one == 1:
            raise OSError(28, "No space left on device")
        placed.append(one)

    placing: Placing[int] = Placing(place, failed.append, 10)
    for one in range(3):
        placing.add(one)
    placing.close()
    assert (placed, failed) == ([0, 2], [1])


def test_it_is_closed_at_once_where_nothing_came_and_can_be_used_again() -> None:
    placed: list[tuple[int, threading.Thread]] = []
    placing: Placing[int] = Placing(
        lambda one: placed.append((one, threading.current_thread())), lambda one: None, 10
    )
    placing.close()
    for one in range(2):
        placing.add(one)
        placing.close()
    assert [one for one, _ in placed] == [0, 1]
    assert not any(thread.is_alive() for _, thread in placed)
