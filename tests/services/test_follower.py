"""The index followed in a process of its own: told in order, replaced when it falls, ended with its node."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

import pytest

from chiasm.model import Event, Location, Source
from chiasm.services.archive import Archive, Settings
from chiasm.services.follower import Follower, _durable, _plain
from chiasm.services.projection import Durable
from chiasm.store.index import open_index

EVENT = Event("note", "2026-01-01T00:00:00.000000+00:00", Source("node"), {"a": 1})


class Heard:
    """What a follower told, and a way to wait for it."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.changed = threading.Condition()

    def __call__(self, known) -> None:
        with self.changed:
            self.numbers += [one.sequence for one in known]
            self.changed.notify_all()

    def wait(self, count) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: len(self.numbers) >= count, 30)


@pytest.fixture
def database(tmp_path):
    path = str(tmp_path / "index.sqlite")
    open_index(path).close()
    return path


def position(database) -> int:
    index = open_index(database)
    try:
        return index.position("c")
    finally:
        index.close()


def test_what_is_durable_is_applied_in_order_and_told(database):
    heard = Heard()
    follower = Follower(database, "c", 0, heard)
    assert follower._process is None  # it costs nothing until something arrives
    for number in (2, 1, 3):
        follower.add(Durable(number, EVENT))
    follower.hurry()
    assert heard.wait(3)
    assert (follower.position, follower.backlog, follower.trouble) == (3, 0, "")
    follower.close()
    assert heard.numbers == [1, 2, 3]
    assert position(database) == 3


def test_more_is_waited_for_until_a_batch_is_full_or_heads_are_great(database, monkeypatch):
    monkeypatch.setattr("chiasm.services.follower.GATHER", 600.0)
    monkeypatch.setattr("chiasm.services.follower.BATCH", 3)
    monkeypatch.setattr("chiasm.services.follower.HEADS", 1_000)
    heard = Heard()
    follower = Follower(database, "c", 0, heard)
    for number in (1, 2, 3):
        follower.add(Durable(number, EVENT))
    assert heard.wait(3)
    follower.add(Durable(4, EVENT, head=bytes(300)))
    assert heard.wait(4)
    follower.add(Durable(5, EVENT))
    follower.close()
    assert position(database) == 5


def test_what_the_index_is_told_arrives_as_it_was():
    place = Location("ab/x.dcm", 9, 3, b"d" * 32, "1.2.840.10008.1.2.1", "1.2", "1.3", "1.4", "1.5")
    for durable in (Durable(7, EVENT), Durable(8, EVENT, place), Durable(9, EVENT, place, b"head")):
        came = _durable(*_plain(durable))
        assert (came.sequence, came.location, came.head) == (durable.sequence, durable.location, durable.head)
        assert (came.event.kind, came.event.at) == (EVENT.kind, EVENT.at)


def test_closing_applies_what_waits(database):
    follower = Follower(database, "c", 0, Heard())
    for number in range(1, 500):
        follower.add(Durable(number, EVENT))
    follower.close(30)
    assert position(database) == 499
    assert follower._process.returncode == 0


def test_a_process_that_falls_is_replaced_and_told_again(database):
    heard = Heard()
    follower = Follower(database, "c", 0, heard)
    for number in range(1, 601):
        follower.add(Durable(number, EVENT))
        if number % 200 == 0:
            follower.hurry()
            assert heard.wait(number - 100)
            os.kill(follower._process.pid, signal.SIGKILL)
    assert heard.wait(600)
    follower.close()
    assert heard.numbers == list(range(1, 601))
    assert position(database) == 600


def test_an_index_that_cannot_be_opened_is_told_and_tried_again(tmp_path):
    heard = Heard()
    path = tmp_path / "index.sqlite"
    path.mkdir()
    follower = Follower(str(path), "c", 0, heard)
    follower.add(Durable(1, EVENT))
    waited = threading.Event()
    for _ in range(600):
        if follower.trouble:
            break
        waited.wait(0.05)
    assert follower.trouble
    path.rmdir()
    assert heard.wait(1)
    assert follower.trouble == ""
    follower.close()
    assert position(str(path)) == 1


def test_one_that_was_never_told_anything_ends_at_once(database):
    follower = Follower(database, "c", 0, Heard())
    follower.hurry()
    follower.close()
    assert follower._process is None


def test_an_archive_finds_what_it_received_whoever_follows(tmp_path, pydicom_data):
    data = (pydicom_data / "test_files" / "CT_small.dcm").read_bytes()

    async def run():
        archive = await Archive.open(Settings(tmp_path, follows_apart=True))
        seen = []

        async def watch():
            async for batch in archive.watch():
                seen.extend(batch)

        watching = asyncio.create_task(watch())
        await asyncio.sleep(0)
        outcome = await archive.receive_file(data, Source("import"))
        again = await archive.receive_file(data, Source("import"))
        [location] = await archive.locations(studies=[outcome.study])
        await archive.close()
        async with asyncio.timeout(20):
            await watching
        return outcome, again, location, seen

    outcome, again, location, seen = asyncio.run(run())
    assert (outcome.verdict, again.verdict) == ("stored", "identical")
    assert location.sop_instance == outcome.sop_instance
    assert [one[1] for one in seen] == [location]
