"""One chain a process: locks, group commit, progress that others see."""

import asyncio
import threading

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


def test_many_threads_share_commits_and_lose_nothing(tmp_path):
    journal = FileJournal(new_chain(tmp_path))
    numbers, lock = [], threading.Lock()

    def work(start):
        for number in range(start, start + 25):
            given = journal.append_now(event(number))
            with lock:
                numbers.append((given, number))

    threads = [threading.Thread(target=work, args=(100 * one,)) for one in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    read = {record.sequence: record.event.detail["number"] for record in journal.read()}
    journal.close()
    assert read == dict(numbers)
    assert sorted(read) == list(range(1, 201))


def test_a_chain_is_held_by_one_process_and_taken_up_by_the_next(tmp_path):
    first = FileJournal(new_chain(tmp_path))
    first.append_now(event(1))
    assert list(free_chains(tmp_path)) == []
    first.close()
    [chain] = free_chains(tmp_path)
    again = FileJournal(chain)
    assert again.append_now(event(2)) == 2
    again.close()


def test_others_see_how_far_the_index_has_followed(tmp_path):
    one, other = FileJournal(new_chain(tmp_path)), FileJournal(new_chain(tmp_path))
    assert others_settled(tmp_path, other.name)
    one.append_now(event(1))
    assert last_of(tmp_path / one.name) == 1
    assert not others_settled(tmp_path, other.name)
    assert others_settled(tmp_path, one.name)
    one.projected(1)
    assert others_settled(tmp_path, other.name)
    one.close()
    other.close()


def test_a_full_disk_is_told_to_all_who_wait_and_passes(tmp_path, monkeypatch):
    journal = FileJournal(new_chain(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr("os.fdatasync", _full)
        with pytest.raises(ServiceError) as caught:
            journal.append_now(event(1))
    assert caught.value.failure.name == "out-of-resources"
    number = journal.append_now(event(2))
    assert [record.event.detail["number"] for record in journal.read()] == [2]
    assert number == 1
    journal.close()
    with pytest.raises(ServiceError):
        journal.append_now(event(3))


def _full(handle):
    raise OSError(28, "No space left on device")
