"""Transactions are undone where they fail, and failures are told as the catalogue has them."""

from __future__ import annotations

from typing import Any

import pytest

from chiasm.errors import ServiceError
from chiasm.store.index_driver import open_driver
from chiasm.store.index_statements import Statements


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
