"""Connections to the two databases, as bare as their drivers give them, and statements compiled for each.

Statements are written with SQLAlchemy Core once and run as text on the driver: what an engine adds to each
call is more than an indexed look-up costs.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ServiceError, UsageError
from .index_new import HEAD, create

if TYPE_CHECKING:
    from sqlalchemy import ClauseElement
    from sqlalchemy.engine.interfaces import Dialect

Row = tuple[Any, ...]
Result = TypeVar("Result")

_ATTEMPTS = 12
_WAIT = 30.0
_YOUNG, _GROWN = 64, 100_000
_COUNTED = ("patient", "study", "series", "instance", "patient_key", "study_key", "series_key")


class Statement:
    """The text of a statement and the names of its parameters in their order."""

    __slots__ = ("fixed", "names", "text")

    def __init__(self, text: str, names: Sequence[str], fixed: Mapping[str, Any]) -> None:
        self.text = text
        self.names = tuple(names)
        self.fixed = dict(fixed)

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """The parameters in order; those that were not given are as the statement was written."""
        fixed = self.fixed
        return [given[name] if name in given else fixed[name] for name in self.names]


class Driver:
    """One database: connections from a pool, transactions that are tried again, compiled statements."""

    name = ""
    mark = "?"
    pipeline_url = ""
    engine_url = ""
    errors: tuple[type[Exception], ...] = ()

    def __init__(self) -> None:
        self._idle: list[Any] = []
        self._lock = threading.Lock()
        self._closed = False

    @cached_property
    def dialect(self) -> Dialect:
        """How SQLAlchemy writes statements for it, loaded when the first one is written."""
        raise NotImplementedError

    def compile(self, statement: ClauseElement) -> Statement:
        """The statement as text for the driver."""
        compiled = statement.compile(dialect=self.dialect, compile_kwargs={"render_postcompile": True})
        names = getattr(compiled, "positiontup", None) or []
        return Statement(str(compiled), names, compiled.params)

    def array(self, values: Sequence[Any]) -> Any:
        """A list as one parameter."""
        raise NotImplementedError

    def document(self, value: object) -> Any:
        """A JSON document as one parameter."""
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def connect(self) -> Any:
        """A new connection, outside any transaction."""
        raise NotImplementedError

    def is_passing(self, error: Exception) -> bool:
        """Whether an error may be gone when the transaction is tried again."""
        raise NotImplementedError

    def begin(self, connection: Any) -> None:
        """Start a transaction that writes."""
        connection.execute("BEGIN")

    @contextlib.contextmanager
    def connection(self) -> Iterator[Any]:
        """A connection of the pool; one that failed is closed. ServiceError where the database fails."""
        connection = self._taken_out()
        try:
            if connection is None:
                connection = self.connect()
            yield connection
        except self.errors as error:
            if connection is not None:
                connection.close()
            connection = None
            raise ServiceError("unavailable", f"the index does not answer: {error}") from error
        except BaseException:
            if connection is not None:
                connection.close()
            connection = None
            raise
        finally:
            if connection is not None:
                self._put_back(connection)

    def _taken_out(self) -> Any:
        """A connection that is idle; None where there is none."""
        with self._lock:
            if self._closed:
                raise ServiceError("unavailable", "the index is closed")
            return self._idle.pop() if self._idle else None

    def _put_back(self, connection: Any) -> None:
        with self._lock:
            keep = not self._closed
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()

    def rows(self, statement: Statement, given: Mapping[str, Any]) -> list[Row]:
        """All rows of a statement that reads. ServiceError where the database fails."""
        connection = self._taken_out()
        try:
            if connection is None:
                connection = self.connect()
            rows: list[Row] = connection.execute(statement.text, statement.values(given)).fetchall()
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, self.errors):
                raise ServiceError("unavailable", f"the index does not answer: {error}") from error
            raise
        self._put_back(connection)
        return rows

    def grew(self, count: int) -> None:
        """So many objects were taken in: what the database must know of its size is told it."""

    def version(self) -> int | None:
        """A number that changes with everything that is committed; None where that is not told."""
        return None

    def position(self, chain: str) -> int:
        """The number up to which a chain of the journal was applied; 0 for none.

        Asked by each start, and so in plain SQL.
        """
        with self.connection() as connection:
            asked = f"SELECT sequence FROM position WHERE chain = {self.mark}"
            row = connection.execute(asked, [chain]).fetchone()
            return int(row[0]) if row else 0

    @contextlib.contextmanager
    def cursor(self, statement: Statement, given: Mapping[str, Any]) -> Iterator[Any]:
        """A cursor over the rows of a statement, read some at a time."""
        with self.connection() as connection:
            cursor = connection.execute(statement.text, statement.values(given))
            try:
                yield cursor
            finally:
                cursor.close()

    def insert(
        self, connection: Any, table: str, statement: Statement, rows: Sequence[Sequence[Any]]
    ) -> None:
        """Insert rows into a table; the parameters of the statement are `new_` and the columns' names."""
        cursor = connection.cursor()
        cursor.executemany(statement.text, rows)
        cursor.close()

    def together(self, connection: Any) -> contextlib.AbstractContextManager[Any]:
        """Within it statements are sent whose answers nobody waits for; an error comes at its end at last."""
        return contextlib.nullcontext()

    def write(self, work: Callable[[Any], Result]) -> Result:
        """Do work in one transaction; tried again where another process was in the way."""
        for attempt in range(_ATTEMPTS):
            with self.connection() as connection:
                try:
                    self.begin(connection)
                    result = work(connection)
                    connection.execute("COMMIT")
                except BaseException as error:
                    with contextlib.suppress(*self.errors):
                        connection.execute("ROLLBACK")
                    if not (isinstance(error, self.errors) and self.is_passing(error)):
                        raise
                    if attempt == _ATTEMPTS - 1:
                        raise
                    threading.Event().wait(0.005 * 2 ** min(attempt, 7))
                else:
                    return result
        raise ServiceError("unavailable", "the index is too busy")

    def close(self) -> None:
        """Close the connections; those in use are closed when they are given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


class SqliteDriver(Driver):
    """SQLite in WAL mode: readers and one writer at a time, across processes too."""

    name = "sqlite"
    errors = (sqlite3.Error,)

    def __init__(self, path: str) -> None:
        super().__init__()
        self._watcher: sqlite3.Connection | None = None
        self._watching = threading.Lock()
        self.path = path
        self.engine_url = f"sqlite:///{path}"
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with self.connection() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            current = _revision(connection, "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
        if current != HEAD:
            self._prepare()

    def _prepare(self) -> None:
        # a lock file's lock, held by the operating system: SQLite's own would not span Alembic's transactions
        import fcntl

        with Path(self.path + "-upgrade").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with self.connection() as connection:
                if create(connection):
                    return
            from .index_schema import prepare

            prepare(self.engine_url)

    @cached_property
    def dialect(self) -> Dialect:
        """How SQLAlchemy writes statements for it."""
        from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

        return SQLiteDialect_pysqlite()

    def version(self) -> int | None:
        """As SQLite tells one connection what all others have done."""
        with self._watching:
            if self._watcher is None:
                self._watcher = self.connect()
            try:
                return int(self._watcher.execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.Error:
                return None

    def close(self) -> None:
        """Close the connections; those in use are closed when they are given back."""
        super().close()
        with self._watching:
            watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.close()

    def connect(self) -> sqlite3.Connection:
        """A new connection, outside any transaction."""
        connection = sqlite3.connect(
            self.path, timeout=_WAIT, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        for pragma in (
            "synchronous=NORMAL",
            "cache_size=-16000",
            "mmap_size=1073741824",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def begin(self, connection: Any) -> None:
        """Start a transaction that writes."""
        connection.execute("BEGIN IMMEDIATE")

    def array(self, values: Sequence[Any]) -> str:
        """A list as one parameter."""
        return json.dumps(list(values), ensure_ascii=False)

    def is_passing(self, error: Exception) -> bool:
        """Whether an error may be gone when the transaction is tried again."""
        return isinstance(error, sqlite3.IntegrityError) or "locked" in str(error) or "busy" in str(error)


class PostgresDriver(Driver):
    """PostgreSQL through psycopg, statements prepared on the server."""

    name = "postgresql"
    mark = "%s"

    def __init__(self, url: str) -> None:
        super().__init__()
        import psycopg

        self.psycopg = psycopg
        self._taken, self._counted_at = 0, _YOUNG
        self.errors = (psycopg.Error,)
        self.url = self.pipeline_url = "postgresql://" + url.split("://", 1)[1]
        self.engine_url = "postgresql+psycopg://" + url.split("://", 1)[1]
        with self.connection() as connection:
            current = _revision(connection, "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL")
        if current != HEAD:
            from .index_schema import prepare

            prepare(self.engine_url)

    @cached_property
    def dialect(self) -> Dialect:
        """How SQLAlchemy writes statements for it."""
        from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

        return PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]  # untyped there

    def connect(self) -> Any:
        """A new connection, outside any transaction."""
        connection = self.psycopg.connect(self.url, autocommit=True, prepare_threshold=0)
        connection.prepared_max = 500
        connection.execute("SET jit = off")  # its compilation costs more than these queries
        return connection

    def grew(self, count: int) -> None:
        """Let a young database be counted each time that it has doubled; PostgreSQL does so a minute later.

        Until then it takes the tables for nearly empty, and reads all of them for each question.
        """
        self._taken += count
        if self._taken < self._counted_at or self._taken > _GROWN:
            return
        self._counted_at = 2 * self._taken
        with contextlib.suppress(ServiceError), self.connection() as connection:
            connection.execute(f"ANALYZE {', '.join(_COUNTED)}")

    @contextlib.contextmanager
    def cursor(self, statement: Statement, given: Mapping[str, Any]) -> Iterator[Any]:
        """A cursor of the server, so that a long answer is not held here."""
        with (
            self.connection() as connection,
            connection.transaction(),
            connection.cursor("rows") as cursor,
        ):
            cursor.execute(statement.text, statement.values(given))
            yield cursor

    def insert(
        self, connection: Any, table: str, statement: Statement, rows: Sequence[Sequence[Any]]
    ) -> None:
        """Insert rows into a table by COPY, which costs server and client less than a statement for each."""
        columns = ", ".join([f'"{name.removeprefix("new_")}"' for name in statement.names])
        with (
            connection.cursor() as cursor,
            cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def together(self, connection: Any) -> contextlib.AbstractContextManager[Any]:
        """Within it statements are sent without a wait between; an error comes at its end at last."""
        pipeline: contextlib.AbstractContextManager[Any] = connection.pipeline()
        return pipeline

    def array(self, values: Sequence[Any]) -> list[Any]:
        """A list as one parameter."""
        return list(values)

    def is_passing(self, error: Exception) -> bool:
        """Whether an error may be gone when the transaction is tried again."""
        errors = self.psycopg.errors
        return isinstance(
            error, errors.SerializationFailure | errors.DeadlockDetected | errors.UniqueViolation
        )


def _revision(connection: Any, has_table: str) -> str | None:
    if not connection.execute(has_table).fetchall():
        return None
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found[0]) if found else None


def open_driver(url: str) -> Driver:
    """The driver of a URL: `sqlite:///path`, a path, or `postgresql://…`. UsageError for any other."""
    scheme, _, rest = url.partition("://")
    if not rest:
        return SqliteDriver(url)
    if scheme.split("+")[0] == "sqlite":
        return SqliteDriver(rest.removeprefix("/") if rest.startswith("/") else rest)
    if scheme.split("+")[0] in ("postgresql", "postgres"):
        return PostgresDriver(url)
    raise UsageError(f"no index can be kept in {scheme}", hint="sqlite:///PATH or postgresql://HOST/NAME")
