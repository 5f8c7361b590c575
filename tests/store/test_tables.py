"""The tables say the same to both databases."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from chiasm.store import tables


def test_texts_that_are_compared_are_compared_byte_by_byte() -> None:
    made = str(CreateTable(tables.study_key).compile(dialect=postgresql.dialect()))
    assert made.count('COLLATE "C"') == 3
    assert "WITHOUT ROWID" in str(CreateTable(tables.study_key).compile(dialect=sqlite.dialect()))
