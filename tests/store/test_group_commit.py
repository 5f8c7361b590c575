"""Group commit: who shares one, what fills one, who hears of its end."""

import asyncio
import threading

import pytest

from chiasm.errors import ServiceError
from chiasm.store.group_commit import GroupCommit


def untold(number):
    """For who need not be told."""


class Committed:
    """Numbers events from one, and keeps what each commit made durable."""

    def __init__(self):
        self.batches = []

    def __call__(self, batch):
        first = 1 + sum(map(len, self.batches))
        self.batches.append([one.payload for one in batch])
        return first


@pytest.mark.parametrize("quick", [True, False])
def test_many_share_a_commit_and_each_gets_its_own_number(quick):
    commit = Committed()
    group = GroupCommit(commit, lambda: quick)

    async def work(start):
        numbers = range(start, start + 25)
        return {await group.append(b"%d" % number, b"", untold): b"%d" % number for number in numbers}

    async def all_work():
        return await asyncio.gather(*(work(100 * one) for one in range(8)))

    known = {number: payload for found in asyncio.run(all_work()) for number, payload in found.items()}
    group.close()
    assert [payload for batch in commit.batches for payload in batch] == [
        known[number] for number in range(1, 201)
    ]
    assert len(commit.batches) < 100


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize(
    ("limit", "most", "sizes"), [("MOST", 4, [4, 4, 1]), ("BYTES", 1_000, [3, 3, 3]), ("BYTES", 1, [1] * 9)]
)
def test_a_commit_that_is_full_leaves_the_rest_to_the_next(monkeypatch, quick, limit, most, sizes):
    monkeypatch.setattr(f"chiasm.store.group_commit.{limit}", most)
    commit = Committed()
    group = GroupCommit(commit, lambda: quick)

    async def append():
        return await asyncio.gather(*(group.append(b"x", bytes(400), untold) for _ in range(9)))

    assert asyncio.run(append()) == list(range(1, 10))
    assert [len(batch) for batch in commit.batches] == sizes
    group.close()


def test_who_gives_up_leaves_nothing_or_is_told_once_it_is_durable():
    began, go_on = threading.Event(), threading.Event()
    committed = Committed()

    def slow(batch):
        began.set()
        assert go_on.wait(20)
        return committed(batch)

    group = GroupCommit(slow)
    told = []

    async def one(payload):
        await group.append(payload, b"", lambda number: told.append((payload, number)))

    async def run():
        first = asyncio.create_task(one(b"first"))
        assert await asyncio.to_thread(began.wait, 20)
        second = asyncio.create_task(one(b"second"))
        await asyncio.sleep(0)
        for task in (first, second):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        assert first.cancelled()
        assert second.cancelled()
        go_on.set()
        await one(b"third")

    asyncio.run(run())
    assert [one for one in told if isinstance(one[1], int)] == [(b"first", 1), (b"third", 2)]
    assert [(payload, type(why)) for payload, why in told[:1]] == [(b"second", asyncio.CancelledError)]
    assert committed.batches == [[b"first"], [b"third"]]
    group.close()


@pytest.mark.parametrize("quick", [True, False])
def test_a_commit_that_fails_is_told_to_all_of_it_and_to_none_after(quick):
    committed = Committed()
    refusals = [ServiceError("out-of-resources", "the disk is full")]

    def commit(batch):
        if refusals:
            raise refusals.pop()
        return committed(batch)

    group = GroupCommit(commit, lambda: quick)
    told = []

    async def run():
        both = (group.append(b"x", b"", told.append) for _ in range(2))
        failed = await asyncio.gather(*both, return_exceptions=True)
        return failed, await group.append(b"y", b"", told.append)

    failed, number = asyncio.run(run())
    assert [str(error) for error in failed] == ["the disk is full"] * 2
    assert ([str(one) for one in told], number) == (["the disk is full"] * 2 + ["1"], 1)
    group.close()


@pytest.mark.parametrize("quick", [True, False])
def test_who_comes_after_the_end_is_refused(quick):
    group = GroupCommit(Committed(), lambda: quick)
    group.close()
    told = []
    with pytest.raises(ServiceError, match="closed"):
        asyncio.run(group.append(b"x", b"", told.append))
    assert [str(one) for one in told] == ["the journal is closed"]


@pytest.mark.parametrize("quick", [True, False])
def test_who_does_not_wait_is_told_with_those_who_do(quick):
    committed = Committed()
    failures = [ServiceError("out-of-resources", "the disk is full")]

    def commit(batch):
        if len(committed.batches) == 1 and failures:
            raise failures.pop()
        return committed(batch)

    group = GroupCommit(commit, lambda: quick)
    told = []

    async def run():
        group.submit(b"a", b"", told.append)
        assert told == []  # not before it is durable
        assert await group.append(b"b", b"", told.append) == 2
        group.submit(b"c", b"", told.append)
        with pytest.raises(ServiceError, match="full"):
            await group.append(b"d", b"", told.append)

    asyncio.run(run())
    assert [str(one) for one in told] == ["1", "2", "the disk is full", "the disk is full"]
    assert committed.batches == [[b"a", b"b"]]
    group.close()


def test_what_was_started_is_waited_for_and_what_cannot_be_is_committed():
    committed, started = Committed(), []

    def start(batch, ended):
        if len(started) == 2:
            return False
        started.append(([one.payload for one in batch], ended))
        return True

    group = GroupCommit(committed, lambda: True, start)
    told = []

    async def run():
        group.submit(b"a", b"", told.append)
        await asyncio.sleep(0)
        waiting = asyncio.create_task(group.append(b"b", b"", told.append))
        await asyncio.sleep(0.01)
        assert told == []  # the one that was started has not ended
        started[0][1](1)
        await asyncio.sleep(0.01)
        started[1][1](ServiceError("out-of-resources", "the disk is full"))
        with pytest.raises(ServiceError, match="full"):
            await waiting
        assert await group.append(b"c", b"", told.append) == 1

    asyncio.run(run())
    assert [payloads for payloads, _ in started] == [[b"a"], [b"b"]]
    assert [str(one) for one in told] == ["1", "the disk is full", "1"]
    assert committed.batches == [[b"c"]]
    group.close()
