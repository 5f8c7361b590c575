"""Broken chains, in files and in PostgreSQL: every break is told, and what lies behind it is read on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from chiasm.errors import UsageError
from chiasm.model import Event, Source
from chiasm.services.verification_chains import ChainsInDatabase, ChainsInFiles
from chiasm.store import journal
from chiasm.store.index_driver import PostgresDriver
from chiasm.store.journal_chains import Hold, SharedChains


def payload(number: int) -> bytes:
    return journal.encode(Event("note", "now", Source("node"), {"number": number}))


@pytest.fixture
def hold(postgres_database: str) -> Iterator[Hold]:
    """A chain of five records, held."""
    driver = PostgresDriver(postgres_database)
    hold = SharedChains(driver).hold()
    assert hold is not None
    hold.append([payload(number) for number in range(1, 6)])
    yield hold
    hold.close()
    driver.close()


def change(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def read(url: str) -> tuple[list[int], list[str]]:
    told: list[str] = []
    chains = ChainsInDatabase(url)
    [chain] = chains.read(lambda severity, path, rule, message: told.append(rule))
    records = list(chain)
    chains.close()
    return [record.sequence for record in records], told


@pytest.mark.parametrize(
    ("statement", "left", "told"),
    [
        ("SELECT 1", [1, 2, 3, 4, 5], []),
        ("UPDATE journal SET payload = 'x' WHERE sequence = 3", [1, 2, 4, 5], ["journal-chain"]),
        ("DELETE FROM journal WHERE sequence = 2", [1, 4, 5], ["journal-chain"]),
        ("DELETE FROM journal WHERE sequence IN (1, 4)", [3], ["journal-chain", "journal-chain"]),
        ("DELETE FROM journal WHERE sequence = 5", [1, 2, 3, 4], []),
        ("INSERT INTO position SELECT chain, 6 FROM journal_chain", [1, 2, 3, 4, 5], ["journal-gap"]),
        ("UPDATE journal SET hash = sha256('') WHERE sequence = 5", [1, 2, 3, 4], ["journal-chain"]),
    ],
)
def test_every_break_in_the_database_is_told(
    hold: Hold, postgres_database: str, statement: str, left: list[int], told: list[str]
) -> None:
    change(postgres_database, statement)
    assert read(postgres_database) == (left, told)


def test_chains_are_held_when_no_node_does(hold: Hold, postgres_database: str) -> None:
    chains = ChainsInDatabase(postgres_database)
    with pytest.raises(UsageError, match="a node runs"):
        chains.hold()
    hold.close()
    with chains.hold(), pytest.raises(UsageError, match="a node runs"):
        chains.hold()
    chains.hold().close()
    chains.close()


def test_what_holds_no_journal_is_told(postgres_database: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no journal"):
        ChainsInDatabase(postgres_database)
    with pytest.raises(UsageError, match="no journal"):
        ChainsInFiles(tmp_path / "journal")
