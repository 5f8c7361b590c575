"""Chains in PostgreSQL: held by one session, read and checked by all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import psycopg
import pytest

from chiasm.errors import ParseError, ServiceError
from chiasm.model import Event, Source
from chiasm.store import journal
from chiasm.store.index_driver import PostgresDriver
from chiasm.store.journal_chains import SharedChains


def payload(number: int) -> bytes:
    return journal.encode(Event("note", "now", Source("node"), {"number": number}))


@pytest.fixture
def driver(postgres_database: str) -> Iterator[PostgresDriver]:
    driver = PostgresDriver(postgres_database)
    yield driver
    driver.close()


@pytest.fixture
def chains(driver: PostgresDriver) -> SharedChains:
    return SharedChains(driver)


def change(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def numbers(chains: SharedChains, name: str, after: int = 0) -> list[int]:
    return [record.event.detail["number"] for record in chains.read(name, after)]


def test_records_come_back_page_by_page_with_their_hashes(chains: SharedChains) -> None:
    hold = chains.hold()
    assert hold is not None
    hold.append([payload(number) for number in range(1, 1201)])
    hold.append([payload(1201)])
    records = list(chains.read(hold.name))
    assert [record.sequence for record in records] == list(range(1, 1202))
    digest = bytes(32)
    for record in records:
        digest = hashlib.sha256(digest + payload(record.sequence)).digest()
        assert record.hash == digest
    for after in (0, 1, 499, 500, 501, 1000, 1200, 1201, 1300):
        assert numbers(chains, hold.name, after) == list(range(after + 1, 1202))
    assert (chains.names(), chains.positions()) == ([hold.name], {hold.name: 1201})
    hold.close()


def test_one_holds_a_chain_until_its_session_ends(chains: SharedChains) -> None:
    first = chains.hold()
    assert first is not None
    first.append([payload(1)])
    assert chains.held() == {first.name}
    assert chains.hold(first.name) is None
    first.close()
    again = chains.hold(first.name)
    assert again is not None
    assert (again.sequence, again.hash) == (first.sequence, first.hash)
    again.append([payload(2)])
    assert numbers(chains, first.name) == [1, 2]
    again.close()


def test_a_session_that_was_ended_appends_nothing_any_more(
    chains: SharedChains, postgres_database: str
) -> None:
    hold = chains.hold()
    assert hold is not None
    hold.append([payload(1)])
    change(
        postgres_database,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'chiasm journal'",
    )
    other = chains.hold(hold.name)
    assert other is not None
    other.append([payload(2)])
    assert not hold.is_alive()
    with pytest.raises(ServiceError, match="cannot be written") as caught:
        hold.append([payload(3)])
    assert caught.value.failure.name == "unavailable"
    assert numbers(chains, hold.name) == [1, 2]
    hold.close()
    other.close()


@pytest.mark.parametrize(
    ("statement", "after", "place"),
    [
        ("UPDATE journal SET payload = 'x' WHERE sequence = 3", 0, "record 3"),
        ("UPDATE journal SET payload = convert_to(replace(convert_from(payload, 'UTF8'), ':3', ':4'), 'UTF8')"
         " WHERE sequence = 3", 2, "record 3"),
        ("UPDATE journal SET hash = sha256(payload) WHERE sequence = 3", 0, "record 3"),
        ("UPDATE journal SET hash = sha256(payload) WHERE sequence = 3", 3, "record 4"),
        ("DELETE FROM journal WHERE sequence = 3", 0, "record 3"),
        ("DELETE FROM journal WHERE sequence = 3", 3, "record 3"),
        ("DELETE FROM journal WHERE sequence = 1", 0, "record 1"),
    ],
)  # fmt: skip
def test_a_record_that_was_changed_or_taken_away_is_seen(
    chains: SharedChains, postgres_database: str, statement: str, after: int, place: str
) -> None:
    hold = chains.hold()
    assert hold is not None
    hold.append([payload(number) for number in range(1, 6)])
    change(postgres_database, statement)
    with pytest.raises(ParseError) as caught:
        list(chains.read(hold.name, after))
    assert caught.value.place == place
    hold.close()


def test_what_the_index_lacks_is_told_by_chain(chains: SharedChains, postgres_database: str) -> None:
    one, other, none = chains.hold(), chains.hold(), chains.hold()
    assert one is not None
    assert other is not None
    assert none is not None
    one.append([payload(number) for number in range(1, 4)])
    other.append([payload(1)])
    change(postgres_database, f"INSERT INTO position VALUES ('{one.name}', 2), ('{other.name}', 1)")
    assert chains.lagging() == {one.name: (3, 2)}
    assert chains.positions() == {one.name: 3, other.name: 1, none.name: 0}
    for hold in (one, other, none):
        hold.close()


def test_a_chain_is_adopted_by_one_at_a_time(chains: SharedChains) -> None:
    hold = chains.hold()
    assert hold is not None
    hold.append([payload(1)])
    seen: list[object] = []

    def recover(chain: journal.Chain) -> None:
        seen.append([record.sequence for record in chain.read()])
        seen.append(chains.adopt(chain.name, recover))

    assert chains.adopt(hold.name, recover)
    assert seen == [[1], False]
    assert chains.adopt(hold.name, lambda chain: None)
    hold.close()


def test_a_setting_that_acknowledges_early_is_raised(chains: SharedChains, postgres_database: str) -> None:
    change(
        postgres_database,
        f"ALTER DATABASE {postgres_database.rsplit('/', maxsplit=1)[-1]} SET synchronous_commit = off",
    )
    hold = chains.hold()
    assert hold is not None
    shown = hold._connection.execute("SHOW synchronous_commit").fetchone()
    assert shown == ("on",)
    hold.close()


def test_an_archive_is_called_by_its_first_chain_whoever_asks(chains: SharedChains) -> None:
    name, empty = chains.archive()
    assert empty
    other = chains.hold()
    assert other is not None
    other.append([payload(1)])
    assert chains.archive() == (name, False)
    assert sorted(chains.names()) == sorted([name, other.name])
    other.close()


def test_a_database_that_does_not_answer_is_told(driver: PostgresDriver) -> None:
    driver.url = "postgresql://chiasm@127.0.0.1:9/none"
    with pytest.raises(ServiceError, match="does not answer"):
        SharedChains(driver).hold()
