"""The journal in PostgreSQL, for nodes that share a database and a bucket: none lies on a node's own disk."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ..errors import ChiasmError, ParseError, ServiceError
from ..model import Event
from . import journal
from .group_commit import GroupCommit, Waiting
from .index_driver import PostgresDriver
from .journal import Ahead, Content, Record, Recover, Told
from .journal_chains import Hold, SharedChains

T = TypeVar("T")
_LOG = logging.getLogger(__name__)
_EVERY = 3.0
_PATIENCE = 2.0
_BOUND = 30.0
"""Seconds between looks for fallen processes, until one that lives and does not move is helped, and until a
question is given up."""


def archive_of(database: str) -> tuple[str, bool]:
    """What the archive of a database is called for good, and whether nothing is recorded in it yet."""
    driver = PostgresDriver(database)
    try:
        return SharedChains(driver).archive()
    finally:
        driver.close()


class SharedJournal:
    """The chain that this process appends to; one transaction serves all who wait by then (group commit).

    Where the connection is lost, those who wait are told that it failed, and the chain is taken up again, or
    another where it is not free: what then lies in it and was told to have failed is brought into the index.
    """

    def __init__(self, database: str, recover: Recover) -> None:
        self._driver = PostgresDriver(database)
        self._chains = SharedChains(self._driver)
        self._recover = recover
        self._runs: list[tuple[int, str, int]] = []
        self._count = 0
        self._closing = threading.Event()
        self._seen: dict[str, int] = {}
        self._broken: set[str] = set()
        self._group = GroupCommit(self._commit)
        self._asking = ThreadPoolExecutor(2, thread_name_prefix="journals")
        self._hold: Hold | None = self._take()
        self._count = self._hold.sequence
        self._runs = [(0, self._hold.name, 0)]
        self._watch: threading.Thread | None = None
        try:
            self._adopt_fallen()
        except BaseException:
            self._hold.close()
            self._driver.close()
            raise
        self._watch = threading.Thread(target=self._look, name="fallen nodes", daemon=True)
        self._watch.start()

    # The chain that is appended to.

    @property
    def name(self) -> str:
        """The name of the chain that was held last."""
        return self._runs[-1][1]

    @property
    def sequence(self) -> int:
        """The count of the last durable event."""
        return self._count

    def place(self, count: int) -> tuple[str, int]:
        """The chain that an event lies in, and its number there."""
        for first, chain, ahead in reversed(self._runs):
            if count > first:
                return chain, count - ahead
        return self._runs[0][1], count

    def _take(self) -> Hold:
        """Hold a chain: the one that was held before, one of a process that fell, or a new one.

        What the index lacks of it is brought there first. ServiceError.
        """
        before = self._runs[-1][1] if self._runs else ""
        names = set(self._chains.names()) - self._chains.held() - self._broken - {before}
        for name in [before, *sorted(names)] if before else sorted(names):
            hold = self._chains.hold(name)
            if hold is None:
                continue
            try:
                self._recover(self._chains.chain(name))
            except ParseError as error:
                hold.close()
                self._tell_broken(name, error)
            except BaseException:
                hold.close()
                raise
            else:
                return hold
        hold = self._chains.hold()
        if hold is None:
            raise ServiceError("fault", "a new chain is held by another process")
        return hold

    async def append(self, event: Event, content: Content = b"", told: Told = lambda number: None) -> int:
        """The count of the event, once it is durable; ServiceError where it cannot be, or may not be.

        There is no `content`: what an event brought is in the bucket before. Once a commit has begun `told`
        is called, even where who waits was cancelled meanwhile.
        """
        return await self._group.append(journal.encode(event), content, told)

    def submit(self, event: Event, content: Content, told: Told, ahead: Ahead | None = None) -> None:
        """The same for one who does not wait: `told` is called with the count, or with the ServiceError."""
        self._group.submit(journal.encode(event), content, told)

    def home(self, count: int) -> None:
        """Nothing is kept here."""

    def _commit(self, batch: list[Waiting]) -> int:
        """Make a batch durable: the count of its first event. ServiceError."""
        hold = self._held()
        try:
            hold.append([one.payload for one in batch])
        except ServiceError:
            self._drop()
            raise
        first = self._count + 1
        self._count += len(batch)
        return first

    def _held(self) -> Hold:
        """The chain, taken up again where it was let go of. ServiceError."""
        if self._hold is None:
            hold = self._take()
            self._runs.append((self._count, hold.name, self._count - hold.sequence))
            self._hold = hold
        return self._hold

    def _drop(self) -> None:
        if self._hold is not None:
            self._hold.close()
            self._hold = None

    def _keep_alive(self) -> None:
        """See that the chain is held before someone waits for it."""
        if self._hold is not None and not self._hold.is_alive():
            self._drop()
        with contextlib.suppress(ServiceError):
            self._held()

    def projected(self, count: int) -> None:
        """Nothing is to be told: the index's own table says it to all nodes."""

    # The chains of the others.

    def _look(self) -> None:
        while not self._closing.wait(_EVERY):
            try:
                self._group.between(self._keep_alive)
                self._adopt_fallen()
            except (ChiasmError, OSError, RuntimeError) as error:
                _LOG.info("fallen nodes cannot be looked for: %s", error)

    def _adopt_fallen(self) -> None:
        """Bring into the index what processes that fell have left, and those that do not move any more."""
        lagging = self._lagging()
        held = self._chains.held() if lagging else set()
        for name, (_, known) in lagging.items():
            if name not in held or self._seen.get(name) == known:
                self._adopt(name)
        self._seen = {name: known for name, (_, known) in lagging.items()}

    def _adopt(self, name: str) -> bool:
        """Whether a chain was brought into the index, and not by another. ServiceError."""
        try:
            return self._chains.adopt(name, self._recover)
        except ParseError as error:
            self._tell_broken(name, error)
            return False

    def _tell_broken(self, name: str, error: ParseError) -> None:
        self._broken.add(name)
        _LOG.error("chain %s of the journal is broken; `chiasm verify` tells more: %s", name, error)

    def _lagging(self) -> dict[str, tuple[int, int]]:
        found = self._chains.lagging()
        own = self.name if self._hold is not None else ""
        return {name: both for name, both in found.items() if name != own and name not in self._broken}

    def version(self) -> None:
        """None: only the database knows."""

    def others(self) -> None:
        """None: only the database knows."""

    def seem_settled(self) -> bool:
        """False: only the database knows."""
        return False

    async def others_settled(self) -> None:
        """Return once the index knows what the other processes have acknowledged by now.

        A process that fell is not waited for, nor long one that does not move: what it has left is brought
        into the index here. ServiceError `unavailable` where that cannot be.
        """
        wanted = {name: last for name, (last, _) in (await self._ask(self._lagging)).items()}
        begin = moved = time.monotonic()
        before: dict[str, int] = {}
        pause = 0.002
        while wanted:
            lagging = await self._ask(self._lagging)
            known = {name: lagging[name][1] for name, last in wanted.items() if name in lagging}
            wanted = {name: last for name, last in wanted.items() if known.get(name, last) < last}
            if not wanted:
                return
            now = time.monotonic()
            if now - begin > _BOUND:
                raise ServiceError("unavailable", "the index does not follow the journal of another node")
            moved = now if known != before else moved
            before = known
            held = set() if now - moved > _PATIENCE else await self._ask(self._chains.held)
            fallen = sorted(wanted.keys() - held)
            if not fallen or not await asyncio.to_thread(self._adopt, fallen[0]):
                await asyncio.sleep(pause)
                pause = min(0.05, 1.5 * pause)

    async def _ask(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._asking, work)

    # Reading.

    def read(self, after: int = 0) -> Iterator[Record]:
        """The records of the chain behind a number, checked; ParseError where the chain is broken."""
        return self._chains.read(self.name, after)

    def chains(self) -> list[str]:
        """The names of all chains, one for each process that wrote."""
        return self._chains.names()

    def records(self, chain: str, after: int = 0) -> Iterator[Record]:
        """The records of any chain behind a number, checked; ParseError where it is broken."""
        return self._chains.read(chain, after)

    def positions(self) -> dict[str, int]:
        """The number of the last record of each chain."""
        return self._chains.positions()

    def close(self) -> None:
        """Let go of the chain; everything in it is durable already."""
        self._closing.set()
        if self._watch is not None:
            self._watch.join()
        self._group.close()
        self._asking.shutdown()
        self._drop()
        self._driver.close()
