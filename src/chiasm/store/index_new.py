"""A new index in SQLite, made from the statements that its tables were written as before.

What writes them, SQLAlchemy, takes longer to load than the rest of a node to start; a test holds the text
against the tables.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

HEAD = "0003"
"""The revision that this program works with."""

PREPARED = Path(__file__).with_name("migrations") / "current.sqlite.sql"


def create(connection: Any) -> bool:
    """Make all tables where there are none, in one transaction; whether that was so."""
    if connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall():
        return False
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in PREPARED.read_text("utf-8").split(";\n"):
            if statement.strip():
                connection.execute(statement)
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", [HEAD])
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return True
