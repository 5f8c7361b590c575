"""The tables of the outbound queue keep what their columns promise."""

from __future__ import annotations

import pytest
from sqlalchemy import exc, insert

from chiasm.store.index import Index
from chiasm.store.queue_tables import outbound, outbound_destination, outbound_position


def test_the_database_itself_refuses_the_same_bytes_twice(index: Index) -> None:
    row: dict[str, object] = {}
    for column in outbound.columns:
        if column.name != "id":
            row[column.name] = b"d" * 32 if column.name == "digest" else 1
            if column.type.python_type is str:
                row[column.name] = "x"
    with index.engine.begin() as connection:
        connection.execute(insert(outbound), row)
    with pytest.raises(exc.IntegrityError), index.engine.begin() as connection:
        connection.execute(insert(outbound), row)


def test_one_row_for_each_destination_and_chain() -> None:
    assert [column.name for column in outbound_destination.primary_key] == ["name"]
    assert [column.name for column in outbound_position.primary_key] == ["chain"]
