"""Transactions are undone where they fail, and failures are told as the catalogue has them."""

from __future__ import annotations

from typing import Any

import pytest

from chiasm.errors import ServiceError
from chiasm.store.index_driver import open_driver
from chiasm.store.index_statements import Statements
from chiasm.store.tables import journal


def test_a_failed_transaction_leaves_nothing(database: str) -> None:
    driver = open_driver(database)
    statements = Statements(driver)

    def work(connection: Any) -> None:
        one = statements.set_position
        connection.execute(one.text, one.values({"chain": "a", "sequence": 1}))
        connection.execute("SELECT nothing FROM nowhere")

    with pytest.raises(ServiceError) as raised:
        driver.write(work)
    assert raised.value.failure.name == "unavailable"
    assert driver.rows(statements.position, {"chain": "a"}) == []
    driver.close()
    with pytest.raises(ServiceError, match="closed"):
        driver.rows(statements.position, {"chain": "a"})


def test_rows_are_inserted_as_they_are(database: str) -> None:
    driver = open_driver(database)
    statement = Statements(driver).added(journal, "chain", "sequence", "hash", "payload")
    rows = [
        ["a\tb\\n\nc", 1, bytes(range(32)), b"\\x00\t\n\0"],
        ["\\N", -(1 << 62), bytes(32), b""],
        ["王^小东", 3, bytes(32), bytes(range(256))],
    ]
    driver.write(lambda connection: driver.insert(connection, "journal", statement, rows))
    with driver.connection() as connection:
        found = connection.execute("SELECT chain, sequence, hash, payload FROM journal").fetchall()
    assert sorted([chain, number, bytes(one), bytes(two)] for chain, number, one, two in found) == sorted(
        rows
    )
    driver.close()


def test_what_fails_among_statements_sent_together_leaves_nothing(database: str) -> None:
    driver = open_driver(database)
    statements = Statements(driver)

    def work(connection: Any) -> None:
        one = statements.set_position
        with driver.together(connection):
            connection.execute(one.text, one.values({"chain": "a", "sequence": 1}))
            connection.execute("SELECT nothing FROM nowhere")
            connection.execute(one.text, one.values({"chain": "b", "sequence": 1}))

    with pytest.raises(ServiceError):
        driver.write(work)
    assert driver.position("a") == driver.position("b") == 0
    driver.close()
