"""The outbound queue: what is to be sent to whom, durable, and shared by several processes and nodes."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from ..model.holdings import Location
from .queue_tables import outbound, outbound_destination, outbound_position


class State(enum.StrEnum):
    """Where an item stands; FAILED is the dead-letter list."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    HELD = "held"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NewItem:
    """One object for one destination; `route` names the rule or person that wanted it.

    The same bytes of the same instance are queued for a destination once.
    """

    destination: str
    location: Location
    route: str = ""
    priority: int = 0
    due: float = 0.0


@dataclass(frozen=True, slots=True)
class Item:
    """One object for one destination, and how far it has come; times are seconds since 1970, UTC.

    `accepted` says that the peer has said success, though it may not have confirmed it yet; `confirmed_by`
    what delivery rests on; `status` and `message` the last answer in the peer's code and in words.
    """

    id: int
    destination: str
    location: Location
    route: str
    state: State
    priority: int
    attempts: int
    due: float
    accepted: bool
    confirmed_by: str
    status: str
    message: str
    queued_at: float
    changed_at: float


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of a leased item: its new state, and when it is due again where that is WAITING.

    `counted` is False where the attempt was not one, as the peer was not reached.
    """

    id: int
    state: State
    due: float = 0.0
    accepted: bool = False
    confirmed_by: str = ""
    status: str = ""
    message: str = ""
    counted: bool = True


@dataclass(frozen=True, slots=True)
class DestinationState:
    """A destination as a whole: held by a person, or left alone until `due` as it could not be reached."""

    name: str
    held: bool = False
    due: float = 0.0
    failures: int = 0
    message: str = ""


_LOCATION = (
    "key", "size", "offset", "digest", "transfer_syntax", "sop_class", "sop_instance", "series", "study",
    "version",
)  # fmt: skip
_MANY = 500


class Queue:
    """The queue in the index's database; synchronous, so callers run it in threads.

    Leases let several processes share it: on PostgreSQL each takes rows that no other has locked, on
    SQLite one writes at a time.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._postgresql = engine.dialect.name == "postgresql"
        self._insert: Any = postgresql_insert if self._postgresql else sqlite_insert

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """A transaction that writes. SQLite takes its lock at once: one that read first could not wait."""
        if self._postgresql:
            with self._engine.begin() as connection:
                yield connection
            return
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("BEGIN IMMEDIATE"))
            try:
                yield connection
            except BaseException:
                connection.execute(text("ROLLBACK"))
                raise
            connection.execute(text("COMMIT"))

    # What arrives

    def positions(self) -> dict[str, int]:
        """How far the routes have followed each chain of the journal."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(outbound_position.c.chain, outbound_position.c.position))
            return {row.chain: row.position for row in rows}

    def begin_at(self, positions: dict[str, int]) -> None:
        """Follow chains from these positions on, unless they are followed already."""
        rows = [{"chain": chain, "position": position} for chain, position in positions.items()]
        if rows:
            with self._write() as connection:
                connection.execute(self._insert(outbound_position).on_conflict_do_nothing(), rows)

    def forget_positions(self) -> None:
        """Follow no chain any more, as there are no routes."""
        with self._write() as connection:
            connection.execute(delete(outbound_position))

    def project(self, chain: str, after: int, upto: int, items: Sequence[NewItem], now: float) -> bool:
        """Queue what the events of a chain from `after` (exclusive) to `upto` gave, once.

        False, and nothing is queued, where another process has been there already.
        """
        with self._write() as connection:
            moved = connection.execute(
                update(outbound_position)
                .where(outbound_position.c.chain == chain, outbound_position.c.position == after)
                .values(position=upto)
            )
            if moved.rowcount == 0:
                if after:
                    return False
                made = connection.execute(
                    self._insert(outbound_position)
                    .values(chain=chain, position=upto)
                    .on_conflict_do_nothing()
                    .returning(outbound_position.c.chain)
                )
                if made.first() is None:
                    return False
            self._put(connection, items, now)
            return True

    def put(self, items: Sequence[NewItem], now: float) -> int:
        """Queue items; those that are there already stay as they are. The number of new ones."""
        with self._write() as connection:
            return self._put(connection, items, now)

    def _put(self, connection: Connection, items: Sequence[NewItem], now: float) -> int:
        added = 0
        for start in range(0, len(items), _MANY):
            rows = [_row(item, now) for item in items[start : start + _MANY]]
            statement = self._insert(outbound).values(rows).on_conflict_do_nothing()
            # Drivers do not agree on the row count of an insertion; they do on the rows that come back.
            added += len(connection.execute(statement.returning(outbound.c.id)).all())
        return added

    # What is sent

    def lease(self, destination: str, owner: str, now: float, until: float, limit: int) -> list[Item]:
        """Take up to `limit` items that are due, or whose lease has run out, to be sent by `owner`."""
        c = outbound.c
        free = or_(
            and_(c.state == State.WAITING, c.due <= now),
            and_(c.state == State.SENDING, c.lease_until < now),
        )
        chosen = (
            select(c.id)
            .where(c.destination == destination, free)
            .order_by(c.priority.desc(), c.id)
            .limit(limit)
        )
        if self._postgresql:
            chosen = chosen.with_for_update(skip_locked=True)
        with self._write() as connection:
            state = self._destination(connection, destination)
            if state.held or state.due > now:
                return []
            ids = list(connection.execute(chosen).scalars())
            if not ids:
                return []
            taken = {"state": State.SENDING, "lease_owner": owner, "lease_until": until, "changed_at": now}
            connection.execute(update(outbound).where(c.id.in_(ids)).values(attempts=c.attempts + 1, **taken))
            rows = connection.execute(select(outbound).where(c.id.in_(ids)))
            return sorted(map(_item, rows), key=lambda item: (-item.priority, item.id))

    def renew(self, owner: str, ids: Sequence[int], until: float) -> None:
        """Keep leased items longer."""
        c = outbound.c
        with self._write() as connection:
            connection.execute(
                update(outbound)
                .where(c.id.in_(ids), c.lease_owner == owner, c.state == State.SENDING)
                .values(lease_until=until)
            )

    def report(self, owner: str, progress: Sequence[Progress], now: float) -> None:
        """Keep what became of leased items. A delivery counts even where the lease was lost meanwhile."""
        c = outbound.c
        values = {
            "state": bindparam("b_state"), "due": bindparam("b_due"), "accepted": bindparam("b_accepted"),
            "confirmed_by": bindparam("b_confirmed_by"), "status": bindparam("b_status"),
            "message": bindparam("b_message"), "attempts": c.attempts - bindparam("b_uncounted"),
            "changed_at": now, "lease_owner": "", "lease_until": 0.0,
        }  # fmt: skip
        mine = and_(c.lease_owner == owner, c.state == State.SENDING)
        final = and_(bindparam("b_final") == 1, c.state != State.DELIVERED)
        statement = update(outbound).where(c.id == bindparam("b_id"), or_(mine, final)).values(values)
        with self._write() as connection:
            if progress:
                connection.execute(statement, [_progress(one) for one in progress])

    def next_due(self, destination: str) -> float | None:
        """When the next item of a destination is due or its lease runs out; None where there is none."""
        c = outbound.c
        waiting = select(func.min(c.due)).where(c.destination == destination, c.state == State.WAITING)
        leased = select(func.min(c.lease_until)).where(c.destination == destination, c.state == State.SENDING)
        with self._engine.connect() as connection:
            state = self._destination(connection, destination)
            if state.held:
                return None
            found = [connection.execute(one).scalar() for one in (waiting, leased)]
        dues = [one for one in found if one is not None]
        return max(min(dues), state.due) if dues else None

    # What a person does

    def hold(self, ids: Sequence[int], now: float) -> int:
        """Keep items back that wait; the number of those that were changed."""
        return self._move(ids, (State.WAITING,), {"state": State.HELD}, now)

    def release(self, ids: Sequence[int], now: float) -> int:
        """Let held items go."""
        return self._move(ids, (State.HELD,), {"state": State.WAITING, "due": now}, now)

    def retry(self, ids: Sequence[int], now: float) -> int:
        """Send dead letters anew, and waiting items at once."""
        values = {"state": State.WAITING, "due": now, "attempts": 0}
        return self._move(ids, (State.FAILED, State.WAITING), values, now)

    def drop(self, ids: Sequence[int]) -> int:
        """Give items up that are not being sent; delivered ones are forgotten, so they can be sent again."""
        count = 0
        with self._write() as connection:
            for some in _parts(ids):
                chosen = delete(outbound).where(outbound.c.id.in_(some), outbound.c.state != State.SENDING)
                count += connection.execute(chosen).rowcount
        return count

    def _move(self, ids: Sequence[int], states: Sequence[State], values: dict[str, Any], now: float) -> int:
        count = 0
        with self._write() as connection:
            for some in _parts(ids):
                chosen = update(outbound).where(outbound.c.id.in_(some), outbound.c.state.in_(states))
                count += connection.execute(chosen.values(changed_at=now, **values)).rowcount
        return count

    def set_destination(self, state: DestinationState) -> None:
        """Keep whether a destination is held, and until when it is left alone."""
        values = {
            "held": int(state.held), "due": state.due, "failures": state.failures, "message": state.message
        }  # fmt: skip
        statement = self._insert(outbound_destination).values(name=state.name, **values)
        with self._write() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))

    def destination(self, name: str) -> DestinationState:
        """The state of one destination."""
        with self._engine.connect() as connection:
            return self._destination(connection, name)

    def _destination(self, connection: Connection, name: str) -> DestinationState:
        c = outbound_destination.c
        row = connection.execute(select(outbound_destination).where(c.name == name)).first()
        if row is None:
            return DestinationState(name)
        return DestinationState(row.name, bool(row.held), row.due, row.failures, row.message)

    # What people see

    def counts(self) -> dict[str, dict[str, int]]:
        """The number of items by destination and state."""
        c = outbound.c
        found: dict[str, dict[str, int]] = {}
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(c.destination, c.state, func.count().label("number")).group_by(c.destination, c.state)
            )
            for row in rows:
                found.setdefault(row.destination, {})[row.state] = row.number
        return found

    def items(
        self, *, destination: str = "", state: str = "", study: str = "", ids: Sequence[int] = (),
        limit: int = 100, offset: int = 0,
    ) -> list[Item]:  # fmt: skip
        """Items, the latest change first, narrowed by what is given."""
        statement = _narrowed(select(outbound), destination, state, study, ids)
        statement = (
            statement.order_by(outbound.c.changed_at.desc(), outbound.c.id).limit(limit).offset(offset)
        )
        with self._engine.connect() as connection:
            return [_item(row) for row in connection.execute(statement)]

    def ids(self, *, destination: str = "", state: str = "", study: str = "") -> list[int]:
        """The numbers of all items, narrowed by what is given."""
        statement = _narrowed(select(outbound.c.id), destination, state, study, ())
        with self._engine.connect() as connection:
            return list(connection.execute(statement.order_by(outbound.c.id)).scalars())

    def has(self, destination: str, study: str) -> bool:
        """Whether anything of a study was ever queued for a destination."""
        chosen = _narrowed(select(outbound.c.id), destination, "", study, ()).limit(1)
        with self._engine.connect() as connection:
            return connection.execute(chosen).first() is not None


def _narrowed(statement: Any, destination: str, state: str, study: str, ids: Sequence[int]) -> Any:
    c = outbound.c
    given: list[ColumnElement[bool]] = []
    if destination:
        given.append(c.destination == destination)
    if state:
        given.append(c.state == state)
    if study:
        given.append(c.study == study)
    if ids:
        given.append(c.id.in_(ids))
    return statement.where(*given)


def _parts(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + _MANY] for start in range(0, len(ids), _MANY))


def _row(item: NewItem, now: float) -> dict[str, Any]:
    location = {name: getattr(item.location, name) for name in _LOCATION}
    return location | {
        "destination": item.destination, "route": item.route, "priority": item.priority, "due": item.due,
        "state": State.WAITING, "attempts": 0, "accepted": 0, "confirmed_by": "", "status": "",
        "message": "", "lease_owner": "", "lease_until": 0.0, "queued_at": now, "changed_at": now,
    }  # fmt: skip


def _item(row: Row[Any]) -> Item:
    location = Location(*(getattr(row, name) for name in _LOCATION))
    return Item(
        row.id, row.destination, location, row.route, State(row.state), row.priority, row.attempts, row.due,
        bool(row.accepted), row.confirmed_by, row.status, row.message, row.queued_at, row.changed_at,
    )  # fmt: skip


def _progress(one: Progress) -> dict[str, Any]:
    return {
        "b_id": one.id, "b_state": one.state, "b_due": one.due, "b_accepted": int(one.accepted),
        "b_confirmed_by": one.confirmed_by, "b_status": one.status, "b_message": one.message,
        "b_uncounted": 0 if one.counted else 1, "b_final": int(one.state is State.DELIVERED),
    }  # fmt: skip
