"""The chains of a journal as `verify` reads them: as far as they can be read, every break told and passed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from ..errors import ParseError, Severity, UsageError
from ..store import journal
from ..store.index_driver import PostgresDriver
from ..store.journal import Record
from ..store.journal_chains import SharedChains
from ..store.journal_files import Chain, free_chains
from ..store.objects import Objects
from ..store.segments import HEAD, MAGIC, Stored, read_segment, segments
from .recovery import bring_home

Tell = Callable[[Severity, str, str, str], None]
_RUNS = "a node runs on it: stop it, then repair"


class Chains(Protocol):
    """All chains of a journal."""

    def bring_home(self, objects: Objects) -> None:
        """Put what processes that fell have left in their logs into its place."""

    def read(self, tell: Tell) -> list[Iterator[Record]]:
        """The records of each chain; `tell` takes severity, path, rule and message of what is broken."""

    def hold(self) -> contextlib.ExitStack:
        """Hold all chains until it is closed. UsageError where a process holds one."""


class ChainsInFiles:
    """The chains below a folder. UsageError where it is none."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise UsageError("it holds no journal", source=str(folder.parent))
        self._folder = folder

    def bring_home(self, objects: Objects) -> None:
        """Put what processes that fell have left in their logs into its place."""
        for chain in free_chains(self._folder):
            bring_home(chain, objects)
            chain.release()

    def read(self, tell: Tell) -> list[Iterator[Record]]:
        """The records of each chain, as far as they can be read."""
        return [_segments(path, tell) for path in sorted(self._folder.iterdir()) if path.is_dir()]

    def hold(self) -> contextlib.ExitStack:
        """Hold all chains. UsageError where a process holds one."""
        held: list[Chain] = list(free_chains(self._folder))
        with contextlib.ExitStack() as stack:
            for chain in held:
                stack.callback(chain.release)
            if len(held) < sum(path.is_dir() for path in self._folder.iterdir()):
                raise UsageError(_RUNS, source=str(self._folder.parent))
            return stack.pop_all()


def _segments(folder: Path, tell: Tell) -> Iterator[Record]:
    last: Stored | None = None
    found = segments(folder)
    for path in found:
        head = _read(path, 0, HEAD.size)
        if len(head) < HEAD.size or head[:8] != MAGIC:
            tell(Severity.ERROR, str(path), "journal-broken", "it is no segment of a journal")
            continue
        _, first, previous = HEAD.unpack(head)
        expected = (1, journal.START) if last is None else (last.sequence + 1, last.hash)
        if (first, previous) != expected:
            text = f"its first record is {first}, expected was {expected[0]} with the hash before it"
            tell(Severity.ERROR, str(path), "journal-gap", text)
        end = HEAD.size
        try:
            for stored in read_segment(path):
                last, end = stored, stored.end
                yield Record(folder.name, stored.sequence, journal.decode(stored.payload), stored.hash)
        except ParseError as error:
            tell(Severity.ERROR, str(path), "journal-chain", str(error))
            continue
        if _read(path, end).strip(b"\0"):
            text = f"what follows byte {end} is no record"
            severity = Severity.WARNING if path == found[-1] else Severity.ERROR
            tell(severity, str(path), "journal-broken", text)
    for aside in sorted(folder.glob("*.torn")):
        text = "a torn end was put aside; it holds acknowledged records only if the disk decayed"
        tell(Severity.WARNING, str(aside), "journal-torn", text)


def _read(path: Path, start: int, size: int = -1) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


class ChainsInDatabase:
    """The chains that several nodes share in PostgreSQL. UsageError where there are none."""

    def __init__(self, database: str) -> None:
        self._driver = PostgresDriver(database)
        self._chains = SharedChains(self._driver)
        if not self._chains.names():
            self.close()
            raise UsageError("it holds no journal", source="the database")

    def bring_home(self, objects: Objects) -> None:
        """Nothing: a shared journal keeps no log."""

    def read(self, tell: Tell) -> list[Iterator[Record]]:
        """The records of each chain, as far as they can be read."""
        known = self._chains.known()
        return [self._records(name, known.get(name) or 0, tell) for name in self._chains.names()]

    def _records(self, name: str, known: int, tell: Tell) -> Iterator[Record]:
        last = 0
        beyond: int | None = 0
        while beyond is not None:
            try:
                for record in self._chains.read(name, beyond):
                    last = beyond = record.sequence
                    yield record
                break
            except ParseError as error:
                tell(Severity.ERROR, f"chain {name}", "journal-chain", str(error))
                beyond = self._chains.following(name, beyond)
        if last < known:
            text = f"it ends with record {last}, the index has followed it to {known}"
            tell(Severity.ERROR, f"chain {name}", "journal-gap", text)

    def hold(self) -> contextlib.ExitStack:
        """Hold all chains. UsageError where a process holds one."""
        with contextlib.ExitStack() as stack:
            for name in self._chains.names():
                hold = self._chains.hold(name)
                if hold is None:
                    raise UsageError(_RUNS, source="the database")
                stack.callback(hold.close)
            return stack.pop_all()

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()
