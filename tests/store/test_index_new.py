"""The prepared statements make the very tables that SQLAlchemy would."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import create_engine

from chiasm.store import index_new, index_schema
from chiasm.store.index_driver import SqliteDriver


def test_the_prepared_statements_are_those_of_the_tables() -> None:
    hint = "write what index_schema.sqlite_text() gives to index_new.PREPARED"
    assert index_new.PREPARED.read_text("utf-8") == index_schema.sqlite_text(), hint


def test_a_database_made_of_them_is_like_one_that_sqlalchemy_makes(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'other.sqlite'}")
    with engine.begin() as connection:
        index_schema.bring_up(connection)
    engine.dispose()
    SqliteDriver(str(tmp_path / "own.sqlite")).close()

    def made(name: str) -> dict[str, str]:
        connection = sqlite3.connect(tmp_path / name)
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        heads = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        connection.close()
        assert heads == [(index_new.HEAD,)]
        return {key: " ".join(sql.split()) for key, sql in rows}

    assert made("own.sqlite") == made("other.sqlite")


def test_nothing_is_made_where_something_is(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "some.sqlite", isolation_level=None)
    connection.execute("CREATE TABLE something (x)")
    assert not index_new.create(connection)
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)
    connection.close()
