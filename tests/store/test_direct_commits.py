"""What is written to the log ahead of its commit: whole when it is told, and never in another's way."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from chiasm.store import landing
from chiasm.store.direct_commits import DirectCommits
from chiasm.store.journal import START, chained
from chiasm.store.landing import Landing, landed
from chiasm.store.pages import pages

from .test_landing import record

SIZE = 600_000


class Kernel:
    """Stands where `DirectWrites` would; a write is done and ends when the test says so."""

    def __init__(self) -> None:
        self.event = os.eventfd(0, os.EFD_NONBLOCK)
        self.begun: list[tuple[int, list[memoryview], int, object]] = []
        self.over: list[tuple[object, OSError | None]] = []
        self.refuses = 0

    def write(self, file, parts, position, owner):
        if self.refuses:
            self.refuses -= 1
            raise OSError(11, "Resource temporarily unavailable")
        self.begun.append((file, list(parts), position, owner))

    def end(self, index=0, error=None):
        file, parts, position, owner = self.begun.pop(index)
        if error is None:
            os.pwritev(file, parts, position)
        self.over.append((owner, error))
        os.eventfd_write(self.event, 1)

    def ended(self):
        os.eventfd_read(self.event)
        over, self.over = self.over, []
        return over

    def finish(self):
        pass

    def close(self):
        os.close(self.event)


class Log:
    """A log with one entry, and what commits to it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kernel = folder, Kernel()
        self.landing = Landing(folder, lambda upto: None)
        self.commits = DirectCommits(self.landing, self.kernel)
        self.sequence, self.hash = 0, START
        self.told: list[OSError | None] = []
        self.contents: list[bytes] = []
        self.landing.write(1, START, [self._entry(b"first")])
        self._durable(b"first")

    def _entry(self, content):
        return record(b"event %d" % (self.sequence + 1), self.hash), content

    def _durable(self, content):
        self.hash = chained(self.hash, b"event %d" % (self.sequence + 1))
        self.sequence += 1
        self.contents.append(bytes(content))

    def commit(self, content, ahead=None):
        def ended(error):
            self.told.append(error)
            if error is None:
                self._durable(content)

        lay = lambda lent: self.landing.lay(self.sequence + 1, self.hash, [self._entry(content)], lent)  # noqa: E731
        self.commits.begin(lay, ahead, ended)

    async def end(self, index=0, error=None):
        self.kernel.end(index, error)
        await asyncio.sleep(0.001)

    async def end_all(self):
        while self.kernel.begun:
            await self.end()

    def found(self):
        return [one.content for one in landed(self.folder)]


@pytest.fixture(autouse=True)
def prewritten(monkeypatch):
    monkeypatch.setattr(landing, "FIRST", 8 << 20)


def an_object(seed=1, size=SIZE):
    content = pages(1 << 20)[:size]
    content[:] = random.Random(seed).randbytes(size)
    return content


def with_log(tmp_path, work):
    async def run():
        log = Log(tmp_path)
        try:
            await work(log)
            held = log.found()  # all, unless a strip was settled
            assert held
            assert held == log.contents[-len(held) :]
        finally:
            log.commits.close()
            await asyncio.sleep(0)

    asyncio.run(run())


@pytest.mark.parametrize("order", [(0, 0, 0, 0), (3, 2, 1, 0), (2, 0, 1, 0)])
def test_an_object_that_goes_ahead_is_told_once_all_of_it_is_written(tmp_path, order):
    async def work(log):
        content = an_object()
        ahead = log.commits.lend()
        for upto in (262_144, 500_000):
            assert ahead.write(content[:upto])
        log.commit(content, ahead)
        assert [sum(map(len, parts)) for _, parts, _, _ in log.kernel.begun] == [
            262_144,
            499_712 - 262_144,  # whole blocks alone
            4096,  # its record
            -(-(SIZE - 499_712) // 4096) * 4096,
        ]
        for index in order:
            assert log.told == []
            await log.end(index)
        assert log.told == [None]
        assert log.found() == [b"first", bytes(content)]
        log.commit(b"behind it")
        await log.end_all()

    with_log(tmp_path, work)


def test_one_that_is_ahead_of_nothing_more_is_its_record_alone(tmp_path):
    async def work(log):
        content = an_object(size=524_288)
        ahead = log.commits.lend()
        assert ahead.write(content)
        assert ahead.write(content)  # nothing is left to write
        log.commit(content, ahead)
        assert [len(parts) for _, parts, _, _ in log.kernel.begun] == [1, 1]
        await log.end_all()
        assert log.told == [None]

    with_log(tmp_path, work)


def test_who_commits_first_has_the_place_and_waits_for_what_is_written_there(tmp_path):
    async def work(log):
        content = an_object()
        ahead = log.commits.lend()
        assert ahead.write(content[:300_000])
        log.commit(b"another")
        assert len(log.kernel.begun) == 1  # it would be overwritten
        assert not ahead.write(content[:400_000])
        await log.end()
        await log.end_all()
        assert log.told == [None]
        assert log.found() == [b"first", b"another"]
        log.commit(content, ahead)
        await log.end_all()
        assert log.found() == log.contents

    with_log(tmp_path, work)


def test_a_place_is_lent_to_one_and_not_while_others_commit(tmp_path):
    async def work(log):
        ahead = log.commits.lend()
        assert log.commits.lend() is None
        ahead.release()
        ahead.release()
        assert log.commits.lend() is not None
        log.commit(b"another")
        assert log.commits.lend() is None
        for _ in range(64):  # who was in the way is so again for a while
            assert log.commits.lend() is None
            await log.end_all()
            log.commit(b"more")
        await log.end_all()
        assert log.commits.lend() is not None

    with_log(tmp_path, work)


def test_what_was_released_while_it_was_written_is_waited_for(tmp_path):
    async def work(log):
        ahead = log.commits.lend()
        assert ahead.write(an_object())
        ahead.release()
        assert log.commits.lend() is None
        log.commit(b"another")
        await log.end()
        assert log.commits.lend() is None  # the other commits now
        await log.end_all()

    with_log(tmp_path, work)


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_could_not_be_written_ahead_is_told_or_written_again(tmp_path, when):
    async def work(log):
        content, error = an_object(), OSError(5, "Input/output error")
        ahead = log.commits.lend()
        assert ahead.write(content[:300_000])
        if when == "before":
            await log.end(error=error)
            assert not ahead.write(content[:400_000])
        log.commit(content, ahead)
        if when == "after":
            await log.end(error=error)
        await log.end_all()
        assert log.told == [None if when == "before" else error]
        log.commit(b"another")
        await log.end_all()

    with_log(tmp_path, work)


def test_what_cannot_be_begun_is_told_once_the_rest_of_it_has_ended(tmp_path):
    async def work(log):
        content = an_object()
        ahead = log.commits.lend()
        assert ahead.write(content[:300_000])
        log.kernel.refuses = 1
        assert not ahead.write(content[:400_000])
        log.commit(content, ahead)  # as any other, then
        assert log.told == []
        await log.end()
        log.kernel.refuses = 1
        await log.end_all()
        log.commit(b"another")
        assert log.told[0] is None
        assert log.told[1].errno == 11
        log.commit(b"once more")
        await log.end_all()

    with_log(tmp_path, work)


def test_one_that_no_longer_fits_goes_into_the_other_strip_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(landing, "FIRST", 2 << 20)

    async def work(log):
        for seed in range(8):
            content = an_object(seed)
            ahead = log.commits.lend()
            if ahead is not None:
                assert ahead.write(content[:300_000])
            log.commit(content, ahead)
            await log.end_all()
        assert log.told == [None] * 8

    with_log(tmp_path, work)
