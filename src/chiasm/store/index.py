"""The index: what is held, found by what people know of it. A projection of the journal.

Synchronous, and safe to call from several threads: callers run it beside their event loop.
"""

from __future__ import annotations

import datetime
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from ..model.holdings import Found, Location
from ..model.query import Level, Query
from .arrivals import Applied, Arrival
from .conflicts import Conflict, of_row
from .extract import SEPARATOR
from .index_driver import Driver, Row, Statement, open_driver
from .recent import Recent

if TYPE_CHECKING:
    import asyncio

    from sqlalchemy import Engine

    from .index_apply import Applier
    from .index_pipeline import Pipeline
    from .index_statements import Statements
    from .query_sql import Planner

T = TypeVar("T")
__all__ = ["Applied", "Arrival", "Conflict", "Index", "open_index"]


def open_index(url: str) -> Index:
    """The index in a database: an SQLite file's path or `sqlite:///path`, or `postgresql://host/name`.

    Its tables are made where it is new and upgraded where it is older. ServiceError where the database does
    not answer or belongs to a newer program, UsageError for a URL of another kind.
    """
    return Index(open_driver(url))


class Index:
    """Patients, studies, series and instances in one database; ServiceError where that fails.

    What makes the statements is loaded with the first of them, or by `warm`: a node listens before that.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._engine: Engine | None = None
        self._recent = Recent()

    @cached_property
    def _planner(self) -> Planner:
        from .query_sql import Planner

        return Planner(self._driver)

    @cached_property
    def _statements(self) -> Statements:
        from .index_statements import Statements

        return Statements(self._driver)

    @cached_property
    def _applier(self) -> Applier:
        from .index_apply import Applier

        return Applier(self._driver, self._statements)

    def warm(self) -> None:
        """Load what makes statements, so that the first question does not wait for it."""
        self._planner.plan(Query(Level.STUDY))
        _ = self._statements.instance

    def apply(self, arrivals: Sequence[Arrival]) -> list[Applied]:
        """Take a batch into the index in one transaction; what was applied before is passed over."""
        applied = self._applier.apply(arrivals)
        self._driver.grew(len(applied))
        return applied

    def position(self, chain: str) -> int:
        """The sequence number up to which a chain of the journal was applied; 0 for none."""
        return self._driver.position(chain)

    def clear(self) -> None:
        """Forget all, so that the journal can be applied anew from its beginning; in one transaction.

        What is queued for others stays, and what people have resolved is open again.
        """
        statements = self._statements.clearing
        self._driver.write(lambda connection: [connection.execute(one.text) for one in statements])

    def find(self, query: Query) -> list[Found]:
        """The entities that meet a query."""
        statement, given = self._planner.plan(query)
        rows = self._driver.rows(statement, given)
        return _READERS[query.level](rows)

    def find_soon(self, query: Query) -> Awaitable[list[Found]] | None:
        """The same for an event loop, which is not blocked; None where there is no such way now."""
        if self._pipeline is None:
            return None
        return _soon(self._pipeline, *self._planner.plan(query), _READERS[query.level])

    def locations_soon(
        self,
        *,
        patient: int | str | None = None,
        studies: Sequence[str] = (),
        series: Sequence[str] = (),
        instances: Sequence[str] = (),
        limit: int,
        version: int | None = None,
    ) -> Awaitable[list[Location]] | None:
        """Locations for an event loop, as `find_soon`.

        `version` is one that the index has caught up with: while it stays the same, so does the answer.
        """
        if self._pipeline is None or (patient is None and not (studies or series or instances)):
            return None
        asked = (type(patient), patient, tuple(studies), tuple(series), tuple(instances), limit)
        known = None if version is None else self._recent.get(version, asked)
        if known is not None:
            return _at_once(list(known))

        def read(rows: list[Row]) -> list[Location]:
            found = _locations_of(rows)
            if version is not None:
                self._recent.put(version, asked, found)
            return list(found)

        return _soon(self._pipeline, *self._located(patient, studies, series, instances, limit), read)

    @cached_property
    def _pipeline(self) -> Pipeline | None:
        from .index_pipeline import Pipeline

        return Pipeline(self._driver.pipeline_url) if self._driver.pipeline_url else None

    def stream(self, query: Query, chunk: int = 500) -> Iterator[list[Found]]:
        """The same, some at a time: what is held at the start, whatever arrives meanwhile."""
        statement, given = self._planner.plan(query)
        read = _READERS[query.level]
        with self._driver.cursor(statement, given) as cursor:
            while rows := cursor.fetchmany(chunk):
                yield read(rows)

    def count(self, query: Query) -> int:
        """How many entities meet a query, its limit and offset aside."""
        statement, given = self._planner.plan(query, counting=True)
        return int(self._driver.rows(statement, given)[0][0])

    def locations(
        self,
        *,
        patient: int | str | None = None,
        studies: Sequence[str] = (),
        series: Sequence[str] = (),
        instances: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[Location]:
        """Where the current versions of instances lie that meet all that is given, in the order of series.

        `patient` is the index's number of a patient, or a Patient ID of any issuer; the rest are UIDs. Within
        a series they are in the order of instance numbers. `limit` is the most that are told; nothing given
        is nothing found.
        """
        if patient is None and not (studies or series or instances):
            return []
        asked = (type(patient), patient, tuple(studies), tuple(series), tuple(instances), limit)
        version = self._driver.version()
        if version is None:
            return self._locations(patient, studies, series, instances, limit)
        found = self._recent.get(version, asked)
        if found is None:
            found = self._locations(patient, studies, series, instances, limit)
            self._recent.put(version, asked, found)
        return list(found)

    def _locations(self, *asked: Any) -> list[Location]:
        return _locations_of(self._driver.rows(*self._located(*asked)))

    def _located(
        self,
        patient: int | str | None,
        studies: Sequence[str],
        series: Sequence[str],
        instances: Sequence[str],
        limit: int | None,
    ) -> tuple[Statement, dict[str, Any]]:
        array = self._driver.array
        given = {
            "patient": patient, "studies": array(studies), "series": array(series),
            "instances": array(instances), "limit": (1 << 62) if limit is None else limit,
        }  # fmt: skip
        shape = (type(patient), bool(studies), bool(series), bool(instances))
        return self._statements.locations(shape), given

    def instance(self, sop_instance: str) -> Location | None:
        """Where the current version of an instance lies; None where it is not held."""
        rows = self._driver.rows(self._statements.instance, {"uid": sop_instance})
        return _location(rows[0]) if rows else None

    def holds(self, sop_instance: str) -> bool:
        """Whether any version of an instance is held."""
        return bool(self._driver.rows(self._statements.held, {"uid": sop_instance}))

    def held_soon(self, sop_instance: str) -> asyncio.Future[list[Row]] | None:
        """The same for an event loop, as `find_soon`: a row, or none."""
        if self._pipeline is None:
            return None
        statement = self._statements.held
        return self._pipeline.rows(statement, statement.values({"uid": sop_instance}))

    def held_of(self, study: str, limit: int) -> list[Row]:
        """The UIDs of all instances of a study that any version is held of, so many rows at most."""
        return self._driver.rows(self._statements.held_of, {"uid": study, "limit": limit})

    def held_of_soon(self, study: str, limit: int) -> asyncio.Future[list[Row]] | None:
        """The same for an event loop, as `find_soon`."""
        if self._pipeline is None:
            return None
        statement = self._statements.held_of
        return self._pipeline.rows(statement, statement.values({"uid": study, "limit": limit}))

    def instance_soon(self, sop_instance: str) -> Awaitable[list[Location]] | None:
        """`instance` for an event loop, as `find_soon`: the one Location, or none."""
        if self._pipeline is None:
            return None
        return _soon(self._pipeline, self._statements.instance, {"uid": sop_instance}, _locations_of)

    def versions(self, sop_instance: str) -> list[Location]:
        """All versions of an instance, the first one first."""
        return [_location(row) for row in self._driver.rows(self._statements.versions, {"uid": sop_instance})]

    def conflicts(self, open_only: bool = True) -> list[Conflict]:
        """The disagreements found, latest first; `open_only` leaves out those that were resolved."""
        statement = self._statements.open_conflicts if open_only else self._statements.conflicts
        return [of_row(row) for row in self._driver.rows(statement, {})]

    def resolve(self, conflict: int) -> None:
        """Mark a conflict as resolved, now."""
        now = datetime.datetime.now(datetime.UTC).isoformat()
        statement = self._statements.resolve
        given = {"number": conflict, "now": now}
        self._driver.write(lambda connection: connection.execute(statement.text, statement.values(given)))

    def statistics(self) -> dict[str, int]:
        """How many patients, studies, series, instances, versions, bytes and open conflicts there are."""
        row = self._driver.rows(self._statements.statistics, {})[0]
        names = ("patients", "studies", "series", "instances", "versions", "bytes", "conflicts")
        return {name: int(value or 0) for name, value in zip(names, row, strict=True)}

    @property
    def engine(self) -> Engine:
        """An SQLAlchemy engine on the same database, for the tables of the outbound queue."""
        if self._engine is None:
            from sqlalchemy import create_engine

            self._engine = create_engine(self._driver.engine_url)
        return self._engine

    def close(self) -> None:
        """Close all connections; in an event loop where it was asked in one."""
        if self._pipeline is not None:
            self._pipeline.close()
        self._driver.close()
        if self._engine is not None:
            self._engine.dispose()


def _soon(
    pipeline: Pipeline, statement: Statement, given: dict[str, Any], read: Callable[[list[Row]], T]
) -> Awaitable[T] | None:
    """What is read of the rows of a statement once they come; None where they must be got another way."""
    rows = pipeline.rows(statement, statement.values(given))
    return None if rows is None else _of_rows(read, rows)


async def _at_once(found: T) -> T:
    return found


async def _of_rows(read: Callable[[list[Row]], T], rows: Awaitable[list[Row]]) -> T:
    return read(await rows)


def _locations_of(rows: list[Row]) -> list[Location]:
    return [_location(row) for row in rows]


def _location(row: Row) -> Location:
    return Location(row[0], row[1], row[2], bytes(row[3]), *row[4:])


def _patients(rows: Sequence[Row]) -> list[Found]:
    found = []
    for number, own, studies, series, instances in rows:
        counts = (("00201200", studies), ("00201202", series), ("00201204", instances))
        added = [f'"{tag}":{{"vr":"IS","Value":[{count}]}}' for tag, count in counts]
        found.append(Found(Level.PATIENT, number, "", "", "", merged(own, *added)))
    return found


def _studies(rows: Sequence[Row]) -> list[Found]:
    level = Level.STUDY
    return [Found(level, number, uid, "", "", members) for number, uid, members in rows]


def _series(rows: Sequence[Row]) -> list[Found]:
    return [
        Found(Level.SERIES, number, study, uid, "", merged(members, own, _counted(count)))
        for number, study, members, uid, own, count in rows
    ]


def _instances(rows: Sequence[Row]) -> list[Found]:
    found = []
    above: dict[tuple[int, str, str], str] = {}
    for number, study, members, series, own, count, uid, mine in rows:
        place = (number, study, series)
        if place not in above:
            above[place] = merged(members, own, _counted(count))
        found.append(Found(Level.INSTANCE, number, study, series, uid, merged(above[place], mine)))
    return found


def _counted(count: int) -> str:
    return f'"00201209":{{"vr":"IS","Value":[{count}]}}'


def merged(*parts: str) -> str:
    """Members of several levels as one text in ascending order of tags."""
    return SEPARATOR.join(sorted([one for part in parts if part for one in part.split(SEPARATOR)]))


_READERS: dict[Level, Callable[[Sequence[Row]], list[Found]]] = {
    Level.PATIENT: _patients,
    Level.STUDY: _studies,
    Level.SERIES: _series,
    Level.INSTANCE: _instances,
}
