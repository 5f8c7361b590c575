"""One chain a process: locks, group commit, progress that others see."""

import asyncio
import os

import pytest

from chiasm.errors import ServiceError
from chiasm.model import Event, Source
from chiasm.store.journal_files import (
    FileJournal,
    free_chains,
    last_of,
    new_chain,
    others_settled,
    read_chain,
)
from chiasm.store.landing import landed
from chiasm.store.pages import pages


def now(journal, event):
    return asyncio.run(journal.append(event))


def event(number):
    return Event("note", "now", Source("node"), {"number": number})


def test_events_are_numbered_from_one_and_read_back(tmp_path):
    journal = FileJournal(new_chain(tmp_path))

    async def append():
        return [await journal.append(event(number)) for number in range(3)]

    assert asyncio.run(append()) == [1, 2, 3]
    assert [record.event.detail["number"] for record in journal.read(after=1)] == [1, 2]
    name = journal.name
    journal.close()
    assert [(record.chain, record.sequence) for record in read_chain(tmp_path / name)] == [
        (name, 1),
        (name, 2),
        (name, 3),
    ]


@pytest.mark.parametrize("quick", [1.0, -1.0])
def test_many_share_commits_and_lose_nothing(tmp_path, monkeypatch, quick):
    monkeypatch.setattr("chiasm.store.journal_files._QUICK", quick)
    journal = FileJournal(new_chain(tmp_path))

    async def work(start):
        return [(await journal.append(event(number)), number) for number in range(start, start + 25)]

    async def all_work():
        return await asyncio.gather(*(work(100 * one) for one in range(8)))

    numbers = [pair for found in asyncio.run(all_work()) for pair in found]
    read = {record.sequence: record.event.detail["number"] for record in journal.read()}
    journal.close()
    assert read == dict(numbers)
    assert sorted(read) == list(range(1, 201))


def test_a_chain_is_held_by_one_process_and_taken_up_by_the_next(tmp_path):
    first = FileJournal(new_chain(tmp_path))
    now(first, event(1))
    assert list(free_chains(tmp_path)) == []
    first.close()
    [chain] = free_chains(tmp_path)
    again = FileJournal(chain)
    assert now(again, event(2)) == 2
    again.close()


def test_others_see_how_far_the_index_has_followed(tmp_path):
    one, other = FileJournal(new_chain(tmp_path)), FileJournal(new_chain(tmp_path))
    assert others_settled(tmp_path, other.name)
    before = one.version(), other.version()
    assert (one.others(), other.others()) == (0, 0)
    now(one, event(1))
    assert (one.version(), other.version()) == (before[0] + 1, before[1] + 1)
    assert (one.others(), other.others()) == (0, None)
    assert last_of(tmp_path / one.name) == 1
    assert not others_settled(tmp_path, other.name)
    assert others_settled(tmp_path, one.name)
    one.projected(1)
    assert others_settled(tmp_path, other.name)
    assert (one.others(), other.others()) == (0, 1)
    one.close()
    other.close()


@pytest.mark.parametrize("goes_ahead", [False, True])
def test_a_journal_without_room_refuses_at_once_and_goes_on_when_there_is_some(
    tmp_path, monkeypatch, goes_ahead
):
    content = pages(600_000)
    content[:] = os.urandom(600_000)

    async def run(journal):
        loop = asyncio.get_running_loop()

        async def kept(number, text=""):
            told = loop.create_future()
            ahead = journal.lend() if goes_ahead else None
            if ahead is not None:
                assert ahead.write(content[:300_000])
            what = Event("note", "now", Source("node"), {"number": number, "text": text})
            journal.submit(what, content, told.set_result, ahead)
            outcome = await told
            if isinstance(outcome, int):
                journal.home(outcome)
            return outcome

        assert await kept(1) == 1
        with monkeypatch.context() as patch:
            patch.setattr("os.pwrite", _full)
            refused = await kept(2, text="x" * (2 << 20))  # more than what is prewritten takes
        assert refused.failure.name == "out-of-resources"
        assert [await kept(3), await kept(4)] == [2, 3]

    journal = FileJournal(new_chain(tmp_path))
    asyncio.run(run(journal))
    log = list(landed(tmp_path / journal.name))
    assert [(one.sequence, one.content == content) for one in log] == [(1, True), (2, True), (3, True)]
    assert [record.event.detail["number"] for record in journal.read()] == [1, 3, 4]
    journal.close()


def test_a_full_disk_is_told_to_all_who_wait_and_passes(tmp_path, monkeypatch):
    journal = FileJournal(new_chain(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr("os.pwrite", _full)
        patch.setattr("os.pwritev", _full)
        with pytest.raises(ServiceError) as caught:
            now(journal, event(1))
    assert caught.value.failure.name == "out-of-resources"
    number = now(journal, event(2))
    assert [record.event.detail["number"] for record in journal.read()] == [2]
    assert number == 1
    journal.close()
    with pytest.raises(ServiceError):
        now(journal, event(3))


def _full(*_):
    raise OSError(28, "No space left on device")


def test_what_is_not_in_its_place_keeps_its_log(tmp_path, monkeypatch):
    monkeypatch.setattr("chiasm.store.journal_files._PATIENCE", 0.01)
    for home in (False, True):
        journal = FileJournal(new_chain(tmp_path))
        number = asyncio.run(journal.append(event(1), b"content"))
        if home:
            journal.home(number)
        journal.close()
        found = [one.content for one in landed(tmp_path / journal.name)]
        assert found == ([] if home else [b"content"])


class Kernel:
    """Stands where `DirectWrites` would: `results` are what its writes come to, None for one that goes well."""

    def __init__(self, results) -> None:
        self.event, self.results, self.owners = os.eventfd(0, os.EFD_NONBLOCK), results, []

    def write(self, file, parts, position, owner):
        result = self.results[0]
        if isinstance(result, OSError) and result.filename == "begin":
            raise self.results.pop(0)
        if result is None:
            os.pwritev(file, parts, position)
        self.owners.append(owner)
        os.eventfd_write(self.event, 1)

    def ended(self):
        os.eventfd_read(self.event)
        owners, self.owners = self.owners, []
        return [(owner, self.results.pop(0)) for owner in owners]

    def finish(self):
        pass

    def close(self):
        os.close(self.event)


@pytest.mark.parametrize("begun", [True, False])
def test_what_the_kernel_could_not_write_is_told_and_passes(tmp_path, monkeypatch, begun):
    kernel = Kernel([OSError(28, "No space left on device", "" if begun else "begin"), None])
    monkeypatch.setattr("chiasm.store.journal_files.open_direct", lambda: kernel)
    journal = FileJournal(new_chain(tmp_path))

    async def run():
        with pytest.raises(ServiceError, match="No space"):
            await journal.append(event(1), bytes(9000))
        return await journal.append(event(2))

    assert asyncio.run(run()) == 1
    assert [record.event.detail["number"] for record in journal.read()] == [2]
    journal.close()


def test_a_journal_serves_one_loop_after_the_other_and_closes_within_one(tmp_path):
    chain = new_chain(tmp_path)
    for first in (1, 3):
        journal = FileJournal(chain if first == 1 else next(free_chains(tmp_path)))
        assert [now(journal, event(number)) for number in (first, first + 1)] == [first, first + 1]

        async def closed(journal=journal, number=first):
            await asyncio.to_thread(journal.close)
            await asyncio.sleep(0)

        asyncio.run(closed())
