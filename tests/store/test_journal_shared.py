"""The shared journal keeps what the one in files keeps, over nodes that fall and connections that break."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import psycopg
import pytest

from chiasm.errors import ParseError, ServiceError
from chiasm.model import Event, Source
from chiasm.store.index import Arrival, Index, open_index
from chiasm.store.journal import Chain
from chiasm.store.journal_shared import SharedJournal, archive_of

Opened = Callable[[], SharedJournal]


def event(number: int) -> Event:
    return Event("note", "now", Source("node"), {"number": number})


def numbers(journal: SharedJournal, chain: str = "") -> list[int]:
    return [record.event.detail["number"] for record in journal.records(chain or journal.name)]


@pytest.fixture
def index(postgres_database: str) -> Iterator[Index]:
    index = open_index(postgres_database)
    yield index
    index.close()


@pytest.fixture
def opened(postgres_database: str, index: Index) -> Iterator[Opened]:
    """Opens journals of several nodes on one database."""
    journals = []

    def recover(chain: Chain) -> None:
        found = [
            Arrival(chain.name, one.sequence, one.event) for one in chain.read(index.position(chain.name))
        ]
        index.apply(found)

    def one() -> SharedJournal:
        journals.append(SharedJournal(postgres_database, recover))
        return journals[-1]

    yield one
    for journal in journals:
        journal.close()


def cut(url: str) -> None:
    """End the sessions that hold chains, as when the network fails."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'chiasm journal'"
        )


def followed(index: Index, journal: SharedJournal, count: int) -> None:
    chain, number = journal.place(count)
    index.apply([Arrival(chain, number, event(0))])


def test_events_are_numbered_from_one_and_read_back(opened: Opened) -> None:
    journal = opened()

    async def append() -> list[int]:
        return [await journal.append(event(number)) for number in range(3)]

    assert asyncio.run(append()) == [1, 2, 3]
    assert [record.event.detail["number"] for record in journal.read(after=1)] == [1, 2]
    assert (journal.sequence, journal.place(2)) == (3, (journal.name, 2))
    assert journal.chains() == [journal.name]
    assert journal.positions() == {journal.name: 3}


def test_many_share_commits_and_lose_nothing(opened: Opened, postgres_database: str) -> None:
    journal = opened()

    async def append() -> list[int]:
        return await asyncio.gather(*[journal.append(event(number)) for number in range(2_500)])

    given = asyncio.run(append())
    read = {record.sequence: record.event.detail["number"] for record in journal.read()}
    assert read == dict(zip(given, range(2_500), strict=True))
    with psycopg.connect(postgres_database) as connection:
        transactions = connection.execute("SELECT count(DISTINCT xmin::text) FROM journal").fetchone()
    assert transactions is not None
    assert transactions[0] <= 5


def test_a_chain_is_held_by_one_process_and_taken_up_by_the_next(opened: Opened) -> None:
    first, other = opened(), opened()
    assert first.name != other.name
    asyncio.run(first.append(event(1)))
    first.close()
    again = opened()
    assert again.name == first.name
    assert asyncio.run(again.append(event(2))) == 2
    assert numbers(other, first.name) == [1, 2]
    assert sorted(other.chains()) == sorted([first.name, other.name])


def test_what_a_process_that_fell_has_left_is_brought_into_the_index(opened: Opened, index: Index) -> None:
    first, other = opened(), opened()
    asyncio.run(first.append(event(1)))
    assert index.position(first.name) == 0
    first.close()
    asyncio.run(other.others_settled())  # by one that runs, as soon as someone asks
    assert index.position(first.name) == 1
    again = opened()
    asyncio.run(again.append(event(2)))
    again.close()
    opened().close()  # by one that starts, before it answers
    assert index.position(first.name) == 2


def test_a_node_that_runs_looks_for_those_that_fell(
    opened: Opened, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chiasm.store.journal_shared._EVERY", 0.05)
    first, _ = opened(), opened()
    asyncio.run(first.append(event(1)))
    first.close()

    async def until() -> None:
        async with asyncio.timeout(30):
            while index.position(first.name) < 1:
                await asyncio.sleep(0.01)

    asyncio.run(until())


def test_others_are_waited_for_while_they_live(opened: Opened, index: Index) -> None:
    one, other = opened(), opened()
    asyncio.run(one.append(event(1)))

    async def ask() -> int:
        waiting = asyncio.create_task(other.others_settled())
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await asyncio.to_thread(followed, index, one, 1)
        async with asyncio.timeout(30):
            await waiting
        return index.position(one.name)

    assert asyncio.run(ask()) == 1
    asyncio.run(one.others_settled())


def test_one_that_lives_and_does_not_move_is_helped(
    opened: Opened, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chiasm.store.journal_shared._PATIENCE", 0.05)
    one, other = opened(), opened()
    asyncio.run(one.append(event(1)))
    asyncio.run(other.others_settled())
    assert index.position(one.name) == 1


def test_a_lost_connection_is_told_and_the_chain_goes_on(
    opened: Opened, index: Index, postgres_database: str
) -> None:
    journal = opened()

    async def run() -> None:
        assert await journal.append(event(1)) == 1
        cut(postgres_database)
        with pytest.raises(ServiceError) as caught:
            await journal.append(event(2))
        assert caught.value.failure.name == "unavailable"
        assert await journal.append(event(3)) == 2

    name = journal.name
    asyncio.run(run())
    assert journal.name == name
    assert numbers(journal) == [1, 3]
    assert (journal.place(1), journal.place(2)) == ((name, 1), (name, 2))
    assert index.position(name) == 1  # it was brought there before anything was added


def test_an_event_that_was_told_to_have_failed_and_did_not_is_indexed(
    opened: Opened, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened()
    assert journal._hold is not None
    append = type(journal._hold).append

    def answer_lost(hold, payloads):  # type: ignore[no-untyped-def]  # it stands in for a method
        append(hold, payloads)
        raise ServiceError("unavailable", "the connection was lost during COMMIT")

    async def run() -> int:
        await journal.append(event(1))
        with monkeypatch.context() as patch:
            patch.setattr("chiasm.store.journal_chains.Hold.append", answer_lost)
            with pytest.raises(ServiceError):
                await journal.append(event(2))
        return await journal.append(event(3))

    assert asyncio.run(run()) == 2  # of those that were acknowledged
    assert numbers(journal) == [1, 2, 3]
    assert journal.place(2) == (journal.name, 3)
    assert index.position(journal.name) == 2


def test_a_chain_that_another_holds_meanwhile_is_left_for_a_new_one(
    opened: Opened, postgres_database: str
) -> None:
    journal = opened()
    first = journal.name

    async def run() -> int:
        await journal.append(event(1))
        cut(postgres_database)
        other = opened()
        assert other.name == first
        with pytest.raises(ServiceError):
            await journal.append(event(2))
        await other.append(event(10))
        count = await journal.append(event(3))
        assert await journal.append(event(4)) == count + 1
        assert numbers(other, first) == [1, 10]
        return count

    assert asyncio.run(run()) == 2
    assert journal.name != first
    assert [journal.place(count) for count in (1, 2, 3)] == [(first, 1), (journal.name, 1), (journal.name, 2)]
    assert numbers(journal) == [3, 4]


def test_an_idle_chain_is_taken_up_before_someone_waits_for_it(
    opened: Opened, postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chiasm.store.journal_shared._EVERY", 0.05)
    journal = opened()

    async def run() -> None:
        before = journal._hold
        assert before is not None
        cut(postgres_database)
        async with asyncio.timeout(30):
            while journal._hold in (before, None):
                await asyncio.sleep(0.01)
        assert await journal.append(event(1)) == 1

    asyncio.run(run())


def test_a_chain_that_was_changed_is_left_as_it_is(
    opened: Opened, index: Index, postgres_database: str
) -> None:
    first, other = opened(), opened()

    async def fill() -> None:
        for number in range(3):
            await first.append(event(number))

    asyncio.run(fill())
    first.close()
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("UPDATE journal SET payload = 'x' WHERE sequence = 2")
    asyncio.run(other.others_settled())  # and it answers nonetheless
    with pytest.raises(ParseError):
        list(other.records(first.name))
    again = opened()
    assert again.name not in (first.name, other.name)
    assert index.position(first.name) == 0


def test_a_cancelled_append_leaves_no_gap(opened: Opened) -> None:
    journal = opened()

    async def run() -> list[int]:
        begun = asyncio.create_task(journal.append(event(1)))
        for _ in range(3):
            await asyncio.sleep(0)
        waiting = asyncio.create_task(journal.append(event(2)))
        await asyncio.sleep(0)
        begun.cancel()
        waiting.cancel()
        await asyncio.gather(begun, waiting, return_exceptions=True)
        return [await journal.append(event(3))]

    [count] = asyncio.run(run())
    assert numbers(journal)[-1] == 3
    assert count == len(numbers(journal)) == journal.sequence


def test_an_archive_keeps_its_name(opened: Opened, postgres_database: str) -> None:
    name, empty = archive_of(postgres_database)
    journal = opened()
    assert (journal.name, empty) == (name, True)
    asyncio.run(journal.append(event(1)))
    assert archive_of(postgres_database) == (name, False)


def test_a_closed_journal_takes_nothing(opened: Opened) -> None:
    journal = opened()
    journal.close()
    with pytest.raises(ServiceError, match="closed"):
        asyncio.run(journal.append(event(1)))
