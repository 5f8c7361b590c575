"""How an object is kept: durable first, then answered, then in its place and with the index."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest

from chiasm.errors import ServiceError
from chiasm.model import Event, Location, Source
from chiasm.services.keeping import Keeping

EVENT = Event("stored", "2026-01-01", Source("dimse"), {})
LOCATION = Location("ab/c", 3, 0, b"digest", "1.2.840.10008.1.2.1", "1.2", "1.3", "1.4", "1.5")


class Steps(list):
    """What happened, in order; it stands for journal, index and writer alike."""

    def __init__(self) -> None:
        super().__init__()
        self.content: memoryview | None = memoryview(b"abc")
        self.ahead = None
        self.fails: Exception | None = None
        self.is_full = False
        self.trouble = ""
        self.places = 0
        self.kept: list[Location] = []

    def submit(self, event, content, told, ahead=None):
        self.append(f"submitted {bytes(content)!r}")
        asyncio.get_running_loop().call_soon(lambda: told(self.fails or 7))

    async def durable(self, event, content=b"", told=lambda number: None):
        super().append(f"appended {bytes(content)!r}")
        told(self.fails or 7)
        return 7

    def add(self, durable):
        self.append(f"indexed {durable.sequence}")

    def home(self, number):
        self.append(f"home {number}")

    def place(self):
        self.places += 1
        if self.places == 1 and self.fails is not None:
            raise self.fails
        self.append("placed")

    def close(self):
        self.append("closed")

    def abandon(self):
        self.append("abandoned")

    def head(self, most):
        return b"head"

    async def commit(self):
        self.append("committed")


class Journal:
    def __init__(self, steps: Steps) -> None:
        self.submit, self.append, self.home = steps.submit, steps.durable, steps.home


def keeping(work, steps):
    async def run():
        kept = Keeping(Journal(steps), steps, steps.kept.append, far=False)
        await work(kept)
        for _ in range(3):
            await asyncio.sleep(0)
        return kept

    return asyncio.run(run())


def test_the_sender_is_answered_between_durable_and_placed():
    steps = Steps()

    async def work(kept):
        assert kept.keep_soon(steps, EVENT, LOCATION, lambda number: steps.append(f"answered {number}"))
        assert steps == ["submitted b'abc'"]

    kept = keeping(work, steps)
    assert steps == ["submitted b'abc'", "answered 7", "placed", "closed", "home 7", "indexed 7"]
    assert kept.recent == {"1.3": LOCATION}
    assert steps.kept == [LOCATION]


def test_what_waits_is_kept_alike():
    steps = Steps()
    keeping(lambda kept: kept.keep(steps, EVENT, LOCATION), steps)
    assert steps == ["appended b'abc'", "placed", "closed", "home 7", "indexed 7"]


def test_a_large_one_is_in_its_place_before_its_event_is_durable():
    steps = Steps()
    steps.content = None

    async def work(kept):
        assert not kept.keep_soon(steps, EVENT, LOCATION, print)
        await kept.keep(steps, EVENT, LOCATION)

    keeping(work, steps)
    assert steps == ["committed", "appended b''", "indexed 7"]


def test_nothing_is_left_of_what_is_not_durable():
    steps = Steps()
    steps.fails = ServiceError("out-of-resources", "the disk is full")
    told = []

    async def work(kept):
        assert kept.keep_soon(steps, EVENT, LOCATION, told.append)

    kept = keeping(work, steps)
    assert (told, kept.recent) == ([steps.fails], {})
    assert steps == ["submitted b'abc'", "abandoned"]


def test_a_full_index_is_waited_for_and_not_run_ahead_of():
    steps = Steps()
    steps.is_full = True

    async def work(kept):
        assert not kept.keep_soon(steps, EVENT, LOCATION, print)
        waiting = asyncio.create_task(kept.keep(steps, EVENT, LOCATION))
        await asyncio.sleep(0.02)
        assert steps == []
        steps.is_full = False
        await waiting

    keeping(work, steps)
    assert steps[0] == "appended b'abc'"


@pytest.mark.parametrize(("landed", "placed_in_a_turn"), [(4, 1), (18, 2)])
def test_few_are_placed_one_in_a_turn_and_many_are_not_let_wait(landed, placed_in_a_turn):
    steps = Steps()

    async def work(kept):
        for _ in range(landed):
            assert kept.keep_soon(steps, EVENT, LOCATION, lambda number: None)
        await asyncio.sleep(0)  # all are durable
        await asyncio.sleep(0)
        assert steps.count("placed") == placed_in_a_turn  # sixteen may wait
        kept.bring_home()
        assert steps.count("placed") == landed

    keeping(work, steps)


def test_what_has_no_room_is_told_and_tried_again(monkeypatch):
    monkeypatch.setattr("chiasm.services.keeping._AGAIN", 0.01)
    steps = Steps()

    async def work(kept):
        assert kept.keep_soon(steps, EVENT, LOCATION, lambda number: None)
        await asyncio.sleep(0)
        steps.fails = OSError(28, "No space left on device")
        for _ in range(2):
            await asyncio.sleep(0)
        assert "No space left" in kept.trouble
        assert "placed" not in steps
        async with asyncio.timeout(20):
            while kept.trouble:
                await asyncio.sleep(0.005)

    keeping(work, steps)
    assert steps == ["submitted b'abc'", "placed", "closed", "home 7", "indexed 7"]


LARGE = replace(LOCATION, size=200_000)


def test_a_large_one_that_came_with_others_is_placed_by_a_thread():
    steps, threads = Steps(), []

    async def work(kept):
        place = steps.place
        steps.place = lambda: (threads.append(threading.current_thread().name), place())
        assert kept.keep_soon(steps, EVENT, LARGE, lambda number: steps.append(f"answered {number}"))
        await asyncio.sleep(0)
        await kept.close()

    kept = keeping(work, steps)
    assert sorted(steps) == sorted(
        ["submitted b'abc'", "answered 7", "placed", "closed", "home 7", "indexed 7"]
    )
    assert (threads, kept.recent) == (["placing"], {"1.3": LARGE})


def test_a_large_one_that_came_alone_is_placed_by_the_loop():
    steps, threads = Steps(), []
    steps.ahead = object()

    async def work(kept):
        steps.place = lambda: threads.append(threading.current_thread().name)
        assert kept.keep_soon(steps, EVENT, LARGE, lambda number: None)

    keeping(work, steps)
    assert threads == ["MainThread"]


def test_what_the_thread_has_no_room_for_is_told_and_tried_again(monkeypatch):
    monkeypatch.setattr("chiasm.services.keeping._AGAIN", 0.01)
    steps = Steps()

    async def work(kept):
        assert kept.keep_soon(steps, EVENT, LARGE, lambda number: None)
        place, refused = steps.place, []

        def full():
            refused.append(threading.current_thread().name)
            if len(refused) < 4:
                raise OSError(28, "No space left on device")
            place()

        steps.place = full
        async with asyncio.timeout(20):
            while len(refused) < 2:
                await asyncio.sleep(0.001)
            assert "No space left" in kept.trouble
            while kept.trouble:
                await asyncio.sleep(0.005)
        assert refused == ["placing", *["MainThread"] * 3]

    keeping(work, steps)
    assert steps == ["submitted b'abc'", "placed", "closed", "home 7", "indexed 7"]


@pytest.mark.parametrize("fails", [None, ServiceError("unavailable", "closed")])
def test_another_act_is_noted_and_indexed_once_it_is_durable(fails):
    steps = Steps()
    steps.fails = fails
    keeping(lambda kept: kept.note(EVENT), steps)
    assert steps == ["appended b''"] + (["indexed 7"] if fails is None else [])
