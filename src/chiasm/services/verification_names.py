"""Which objects a store lists and which of them the journal names, kept on disk: an archive has any size."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Self

from ..model import Location

_BATCH = 10_000
_TABLES = """
CREATE TABLE present (key TEXT PRIMARY KEY, size INTEGER) WITHOUT ROWID;
CREATE TABLE named (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE instance (uid TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class Names:
    """Kept in a temporary file of SQLite, which goes when it is closed."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES}")

    @classmethod
    async def of(cls, listed: AsyncIterator[tuple[str, int]]) -> Self:
        """What a store lists: keys and sizes."""
        self, batch = cls(), list[tuple[str, int]]()
        async for pair in listed:
            batch.append(pair)
            if len(batch) >= _BATCH:
                self._add(batch)
                batch = []
        self._add(batch)
        return self

    def _add(self, pairs: Iterable[tuple[str, int]]) -> None:
        self._connection.executemany("INSERT OR REPLACE INTO present VALUES (?, ?)", pairs)

    def size(self, key: str) -> int:
        """The size that was listed; -1 where the object was not there."""
        found = self._connection.execute("SELECT size FROM present WHERE key = ?", (key,)).fetchone()
        return -1 if found is None else int(found[0])

    def name(self, locations: Iterable[Location]) -> None:
        """Take it that records name these objects."""
        rows = [(one.key, one.sop_instance) for one in locations]
        self._connection.executemany("INSERT OR IGNORE INTO named VALUES (?)", [row[:1] for row in rows])
        self._connection.executemany("INSERT OR IGNORE INTO instance VALUES (?)", [row[1:] for row in rows])

    def is_named(self, key: str) -> bool:
        """Whether a record names the object."""
        return self._connection.execute("SELECT 1 FROM named WHERE key = ?", (key,)).fetchone() is not None

    @property
    def instances(self) -> int:
        """How many SOP instances the objects that are named belong to."""
        return int(self._connection.execute("SELECT count(*) FROM instance").fetchone()[0])

    def unnamed(self) -> Iterator[str]:
        """The objects that are listed and no record names, in order."""
        query = "SELECT key FROM present WHERE key NOT IN (SELECT key FROM named) ORDER BY key"
        for (key,) in self._connection.execute(query):
            yield key

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()
