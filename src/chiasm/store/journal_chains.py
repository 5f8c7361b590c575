"""The chains of a journal that lies in PostgreSQL: read by every node, each appended to by one that holds it.

A chain is held by an advisory lock of the very session that appends to it. So PostgreSQL lets go of it when
the process, its machine or its network dies, and nothing is appended by whom the lock was taken from.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import ParseError, ServiceError
from . import journal
from .index_driver import PostgresDriver
from .journal import START, Record, chained

_HELD, _ADOPTED = 0x43484A48, 0x43484A41  # classes of advisory locks; the second number is the chain's
_FIRST = 0x43484A46
_PAGE = 500

_NAMES = "SELECT chain FROM journal_chain ORDER BY chain"
_BEGIN = "INSERT INTO journal_chain (chain) SELECT %s WHERE NOT EXISTS (SELECT FROM journal_chain)"
_OLDEST = "SELECT chain FROM journal_chain ORDER BY number LIMIT 1"
_ENDS = """SELECT c.chain, e.sequence, e.hash FROM journal_chain c CROSS JOIN LATERAL (
    SELECT sequence, hash FROM journal j WHERE j.chain = c.chain ORDER BY sequence DESC LIMIT 1) e"""
_LAGGING = f"""SELECT e.chain, e.sequence, coalesce(p.sequence, 0) FROM ({_ENDS}) e
    LEFT JOIN position p ON p.chain = e.chain WHERE e.sequence > coalesce(p.sequence, 0)"""
_HOLDERS = """SELECT c.chain FROM journal_chain c JOIN pg_locks l ON l.objid::bigint = c.number
    WHERE l.locktype = 'advisory' AND l.classid::bigint = %s AND l.objsubid = 2 AND l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
_RECORDS = """SELECT sequence, hash, payload FROM journal WHERE chain = %s AND sequence >= %s
    ORDER BY sequence LIMIT %s"""
_FOLLOWING = "SELECT min(sequence) FROM journal WHERE chain = %s AND sequence > %s"
_APPEND = """INSERT INTO journal (chain, sequence, hash, payload)
    SELECT %s, %s + n, hash, payload
    FROM unnest(%b::bytea[], %b::bytea[]) WITH ORDINALITY AS new(hash, payload, n)"""
_TRY = "SELECT pg_try_advisory_lock(%s, number) FROM journal_chain WHERE chain = %s"
_UNLOCK = "SELECT pg_advisory_unlock(%s, number) FROM journal_chain WHERE chain = %s"
_SESSION = """SELECT set_config('application_name', 'chiasm journal', false),
    set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '5', false),
    set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '20000', false),
    set_config('synchronous_commit', CASE current_setting('synchronous_commit')
        WHEN 'off' THEN 'on' WHEN 'local' THEN 'on' ELSE current_setting('synchronous_commit') END, false)"""
_ALIVE = {"connect_timeout": 10, "keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 3}
"""A machine that went away without a word is noticed by both ends in 20 seconds, not in two hours."""


class SharedChain:
    """One chain, to read."""

    def __init__(self, chains: SharedChains, name: str) -> None:
        self.name = name
        self._chains = chains

    def read(self, after: int = 0) -> Iterator[Record]:
        """The records behind a number, checked; ParseError where the chain is broken."""
        return self._chains.read(self.name, after)


class SharedChains:
    """All chains of the journal in one database. ServiceError `unavailable` where that does not answer."""

    def __init__(self, driver: PostgresDriver) -> None:
        self._driver = driver

    def _rows(self, statement: str, *given: Any) -> list[Any]:
        with self._driver.connection() as connection:
            rows: list[Any] = connection.execute(statement, given).fetchall()
            return rows

    def names(self) -> list[str]:
        """The names of the chains, one for each process that ever wrote beside others."""
        return [name for (name,) in self._rows(_NAMES)]

    def archive(self) -> tuple[str, bool]:
        """What the archive is called for good, its first chain made where it lacks; whether it is empty."""
        with self._driver.connection() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_FIRST])
            connection.execute(_BEGIN, [uuid.uuid4().hex])
            [(name,)] = connection.execute(_OLDEST).fetchall()
            empty = connection.execute("SELECT 1 FROM journal LIMIT 1").fetchone() is None
        return name, empty

    def positions(self) -> dict[str, int]:
        """The number of the last record of each chain; 0 where it has none."""
        ends = {chain: int(sequence) for chain, sequence, _ in self._rows(_ENDS)}
        return {name: ends.get(name, 0) for name in self.names()}

    def lagging(self) -> dict[str, tuple[int, int]]:
        """The chains that the index has not followed to their end: their last number, and the index's."""
        return {chain: (int(last), int(known)) for chain, last, known in self._rows(_LAGGING)}

    def known(self) -> dict[str, int]:
        """How far the index has followed each chain."""
        return {chain: int(sequence) for chain, sequence in self._rows("SELECT * FROM position")}

    def following(self, chain: str, after: int) -> int | None:
        """The number of the next record behind one that is there, None where there is none."""
        [(found,)] = self._rows(_FOLLOWING, chain, after)
        return None if found is None else int(found)

    def held(self) -> set[str]:
        """The chains that a living process holds."""
        return {name for (name,) in self._rows(_HOLDERS, _HELD)}

    def read(self, chain: str, after: int = 0) -> Iterator[Record]:
        """The records of a chain behind a number, each checked against the one before it.

        ParseError where one lacks, or is not what its hash says.
        """
        last, previous = after, START
        while True:
            # the one before the page is read too, as its hash is what the page hangs on
            rows = self._rows(_RECORDS, chain, max(1, last), _PAGE + 1)
            if last and (not rows or rows[0][0] != last):
                if after == last and not rows:
                    return
                raise _broken(chain, last, "it is not there any more")
            if last:
                previous, rows = bytes(rows[0][1]), rows[1:]
            for sequence, digest, payload in rows:
                if sequence != last + 1:
                    raise _broken(chain, last + 1, "it is not there")
                if chained(previous, bytes(payload)) != bytes(digest):
                    raise _broken(chain, sequence, "it is not what its hash says")
                last, previous = sequence, bytes(digest)
                yield Record(chain, sequence, journal.decode(bytes(payload)), previous)
            if len(rows) < _PAGE:
                return

    def chain(self, name: str) -> SharedChain:
        """One of them, to read."""
        return SharedChain(self, name)

    def adopt(self, name: str, recover: journal.Recover) -> bool:
        """Bring what the index lacks of a chain into it; False where another process is about it."""
        with self._driver.connection() as connection:
            found = connection.execute(_TRY, [_ADOPTED, name]).fetchone()
            if found is None or not found[0]:
                return False
            recover(self.chain(name))
            connection.execute(_UNLOCK, [_ADOPTED, name])
            return True

    def hold(self, name: str = "") -> Hold | None:
        """Hold a chain, a new one where none is named; None where another process holds it.

        ServiceError `unavailable` where the database does not answer.
        """
        connection = None
        try:
            connection = self._driver.psycopg.connect(self._driver.url, autocommit=True, **_ALIVE)
            connection.execute(_SESSION)
            if not name:
                name = uuid.uuid4().hex
                connection.execute("INSERT INTO journal_chain (chain) VALUES (%s)", [name])
            found = connection.execute(_TRY, [_HELD, name]).fetchone()
            if found is None or not found[0]:
                connection.close()
                return None
            end = connection.execute(f"{_ENDS} WHERE c.chain = %s", [name]).fetchone()
        except self._driver.errors as error:
            if connection is not None:
                connection.close()
            raise ServiceError("unavailable", f"the journal does not answer: {error}") from error
        return Hold(self._driver, connection, name, *((0, START) if end is None else (end[1], bytes(end[2]))))


class Hold:
    """The end of a chain that this process holds, and the session that it is held by."""

    def __init__(
        self, driver: PostgresDriver, connection: Any, name: str, sequence: int, digest: bytes
    ) -> None:
        self._driver, self._connection = driver, connection
        self.name, self.sequence, self.hash = name, int(sequence), digest

    def append(self, payloads: Sequence[bytes]) -> None:
        """Append records in one transaction; they are durable when this returns.

        ServiceError where that fails, and where it cannot be known whether it did: then let go of the chain,
        and see what it holds when it is held again.
        """
        digests, last = [], self.hash
        for payload in payloads:
            last = chained(last, payload)
            digests.append(last)
        try:
            self._connection.execute(
                _APPEND, [self.name, self.sequence, digests, list(payloads)], prepare=True
            )
        except self._driver.errors as error:
            full = str(getattr(error, "sqlstate", "") or "").startswith("53")
            name = "out-of-resources" if full else "unavailable"
            raise ServiceError(name, f"the journal cannot be written: {error}") from error
        self.sequence += len(digests)
        self.hash = last

    def is_alive(self) -> bool:
        """Whether the session still is there."""
        try:
            self._connection.execute("SELECT 1")
        except self._driver.errors:
            return False
        return True

    def close(self) -> None:
        """Let another process have the chain."""
        self._connection.close()


def _broken(chain: str, sequence: int, text: str) -> ParseError:
    return ParseError(f"record {sequence}: {text}", source=f"chain {chain}", place=f"record {sequence}")
