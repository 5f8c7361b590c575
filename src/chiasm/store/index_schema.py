"""The index's tables in a database: made where it is new, upgraded by Alembic where it is older.

A database says its revision in `alembic_version`; the caller looks there first, so that one which is current
costs one look, and neither Alembic nor an engine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from ..errors import ServiceError
from . import queue_tables
from .index_new import HEAD
from .tables import metadata

MIGRATIONS = Path(__file__).with_name("migrations")
TABLES = [*metadata.sorted_tables]
"""All tables, those of the outbound queue included, each after those it refers to."""

_LOCK = 0x43484153  # of PostgreSQL, so that one node makes the tables while others wait
assert queue_tables.outbound in TABLES


def prepare(url: str) -> None:
    """Make or upgrade the tables of a database given by an SQLAlchemy URL.

    ServiceError where they were made by a newer program.
    """
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
            bring_up(connection)
    finally:
        engine.dispose()


def bring_up(connection: Connection) -> None:
    """Make or upgrade the tables within the connection's transaction."""
    found = revision(connection)
    if found == HEAD:
        return
    if found is None:
        metadata.create_all(connection, TABLES)
        connection.exec_driver_sql(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
        )
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
        return
    upgrade(connection)


def sqlite_text() -> str:
    """The statements that make all tables in SQLite, as `index_new` keeps them."""
    dialect = sqlite.dialect()
    made = []
    for table in TABLES:
        made.append(str(CreateTable(table).compile(dialect=dialect)).strip())
        indexes = sorted(table.indexes, key=lambda one: str(one.name))
        made += [str(CreateIndex(one).compile(dialect=dialect)).strip() for one in indexes]
    lines = [line.rstrip() for line in ";\n\n".join(made).splitlines()]
    return "\n".join(line.replace("\t", "    ") for line in lines) + ";\n"


def revision(connection: Connection) -> str | None:
    """The revision that a database is at; None where it has no tables yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def upgrade(connection: Connection, target: str = HEAD) -> None:
    """Run the migrations from the database's revision, or from nothing, to the target."""
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from alembic.util.exc import CommandError

    scripts = ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS)])

    def steps(current: Any, _: Any) -> Any:
        try:
            return scripts._upgrade_revs(target, current)  # noqa: SLF001  (what Alembic's own command calls)
        except CommandError as error:
            raise ServiceError("fault", f"the index was made by a newer program: {error}") from None

    context = MigrationContext.configure(connection, opts={"fn": steps, "target_metadata": metadata})
    with Operations.context(context):
        context.run_migrations()
