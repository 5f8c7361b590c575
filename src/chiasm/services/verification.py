"""Journal, objects and index, checked against one another; the index made anew from the other two."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ChiasmError, Finding, ServiceError, Severity
from ..model import Location
from ..store.index import Arrival, Index, open_index
from ..store.journal import Record
from ..store.objects import Objects, open_objects
from ..store.objects_local import LocalObjects
from .archive import Settings
from .digest import Check
from .recovery import BATCH, arrival_of, is_shared, is_whole, location_of
from .verification_chains import Chains, ChainsInDatabase, ChainsInFiles, Tell
from .verification_names import Names

_AT_ONCE, _BATCH = 8, 1_000
"""Objects of a bucket that are read at the same time, records that are looked at together."""


@dataclass(slots=True)
class Report:
    """What was looked at, and what is not as it should be."""

    records: int = 0
    objects: int = 0
    repaired: int = 0
    removed: int = 0
    findings: list[Finding] = field(default_factory=list)

    def tell(self, severity: Severity, path: str, rule: str, message: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(severity, path, rule, message))


def verify_archive(settings: Settings, *, repair: bool = False, quick: bool = False) -> Report:
    """Check an archive; `quick` compares sizes and computes no digest of an object.

    `repair` makes the index anew and removes files that no record names; objects in a bucket are told of and
    left. Of an index in SQLite the one that was there is kept beside it. Nodes may run meanwhile, but not
    where `repair` is asked for. UsageError for that, and for a folder or a database that holds no archive;
    ServiceError where database or bucket do not answer.
    """
    with contextlib.ExitStack() as opened:
        place = settings.objects or settings.data / "objects"
        chains: Chains
        if is_shared(settings.database, place):
            chains = ChainsInDatabase(settings.database)
            opened.callback(chains.close)
        else:
            chains = ChainsInFiles(settings.data / "journal")
        store = open_objects(place, settings.data / "scratch", dict(settings.object_options))
        opened.callback(store.close)
        chains.bring_home(store)
        if repair:
            opened.enter_context(chains.hold())
        report, names = Report(), asyncio.run(Names.of(store.listed()))
        opened.callback(names.close)
        if not repair:
            _check(chains, names, store, report, _index_of(settings, report, opened), quick=quick)
            return report
        _check(chains, names, store, report, None, quick=quick)
        if settings.database:
            _fill_anew(settings.database, chains, store, report)
        else:
            _rebuild(settings.data, chains, store, report)
        if isinstance(store, LocalObjects):  # another archive may lie in the same bucket
            _clear(store, names, report)
        return report


def _merged(chains: Chains, tell: Tell) -> Iterator[Record]:
    """The records of all chains in the order of their times."""
    return heapq.merge(*chains.read(tell), key=lambda one: one.event.at)


def _check(
    chains: Chains, names: Names, store: Objects, report: Report, index: Index | None, *, quick: bool
) -> None:
    """Look at every object that a record names, and into the index where there is one, batch by batch."""
    late: list[Location] = []
    records = _merged(chains, report.tell)
    while batch := list(itertools.islice(records, _BATCH)):
        report.records += len(batch)
        locations = list(filter(None, (location_of(one.event) for one in batch)))
        report.objects += len(locations)
        names.name(locations)
        _look(locations, names, store, report, quick=quick)
        if index is not None:
            late += [one for one in locations if not _is_known(index, one)]
    for key in names.unnamed():
        text = "no record names it: it was never acknowledged, or is being received"
        report.tell(Severity.WARNING, key, "object-unreferenced", text)
    if index is not None:
        _compare(index, late, names.instances, report)


def _look(
    locations: Sequence[Location], names: Names, store: Objects, report: Report, *, quick: bool
) -> None:
    """Tell of objects that are not whole."""
    states = asyncio.run(_states(locations, names, store, quick=quick))
    for location, state in zip(locations, states, strict=True):
        if state == "missing":
            text = f"of {location.sop_instance}: no file"
            report.tell(Severity.ERROR, location.key, "object-missing", text)
        elif state == "changed":
            text = f"of {location.sop_instance}: its bytes are not those that were received"
            report.tell(Severity.ERROR, location.key, "object-changed", text)


async def _states(locations: Sequence[Location], names: Names, store: Objects, *, quick: bool) -> list[str]:
    """Of each object: empty where it is whole, else `missing` or `changed`."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def state(location: Location) -> str:
        path = store.path(location.key)
        if path is not None:
            return _state_of_file(path, location, quick=quick)
        if quick and (size := names.size(location.key)) >= 0:
            return "" if size == location.size else "changed"
        async with turns:
            return await _state_afar(store, location)

    return await asyncio.gather(*map(state, locations))


def _state_of_file(path: Path, location: Location, *, quick: bool) -> str:
    size = path.stat().st_size if path.exists() else -1
    if size < 0:
        return "missing"
    return "" if size == location.size and (quick or is_whole(path, location)) else "changed"


async def _state_afar(store: Objects, location: Location) -> str:
    """The same of an object in a bucket, read piece by piece."""
    check, size = Check(location.digest), 0
    try:
        async for piece in store.stream(location.key):
            check.update(piece[max(0, location.offset - size) :])
            size += len(piece)
    except ServiceError as error:
        if error.failure.name == "no-such-object":
            return "missing"
        raise
    return "" if size == location.size and check.holds else "changed"


def _index_of(settings: Settings, report: Report, opened: contextlib.ExitStack) -> Index | None:
    """The index to compare with; where it cannot be read that is told."""
    path = settings.database or str(settings.data / "index.sqlite")
    if not settings.database and not Path(path).exists():
        report.tell(Severity.ERROR, path, "index-missing", "there is no index; --repair makes one")
        return None
    try:
        index = open_index(path)
        opened.callback(index.close)
        index.statistics()
    except ChiasmError as error:
        shown = "index" if settings.database else path  # a URL may hold a password
        report.tell(Severity.ERROR, shown, "index-broken", f"it cannot be read: {error}")
        return None
    return index


def _is_known(index: Index, location: Location) -> bool:
    # one and the same object, taken by two nodes at the same time, is one version
    return any(
        one.key == location.key or one.digest == location.digest
        for one in index.versions(location.sop_instance)
    )


def _compare(index: Index, late: Sequence[Location], instances: int, report: Report) -> None:
    """Tell what the index lacks, where it has not followed meanwhile, and what it has too many of."""
    for location in late:
        if not _is_known(index, location):
            text = f"the index does not know {location.sop_instance}"
            report.tell(Severity.ERROR, location.key, "index-lacks", text)
    held = index.statistics()["instances"]
    if held > instances:
        text = f"it tells of {held} instances, the journal of {instances}"
        report.tell(Severity.ERROR, "index", "index-surplus", text)


def _fill(index: Index, chains: Chains, store: Objects, report: Report) -> None:
    batch: list[Arrival] = []
    for record in _merged(chains, _told_already):
        batch.append(arrival_of(record, store))
        report.repaired += batch[-1].location is not None
        if len(batch) >= BATCH:
            index.apply(batch)
            batch = []
    if batch:
        index.apply(batch)


def _told_already(severity: Severity, path: str, rule: str, message: str) -> None:
    """What is broken was told when the chains were checked."""


def _fill_anew(database: str, chains: Chains, store: Objects, report: Report) -> None:
    """Empty an index and fill it; where this is broken off, the next start of a node goes on with it."""
    with contextlib.closing(open_index(database)) as index:
        index.clear()
        _fill(index, chains, store, report)


def _rebuild(data: Path, chains: Chains, store: Objects, report: Report) -> None:
    new, old = data / "index.sqlite.new", data / "index.sqlite"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{new}{suffix}").unlink(missing_ok=True)
    with contextlib.closing(open_index(str(new))) as index:
        _fill(index, chains, store, report)
    if Path(f"{new}-wal").exists():
        raise ServiceError("fault", "the new index was not closed", source=str(new))
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{old}{suffix}").replace(f"{data / 'index.before-repair.sqlite'}{suffix}")
    new.replace(old)


def _clear(store: LocalObjects, names: Names, report: Report) -> None:
    """Remove the files that no record names, those made ahead by processes that fell included.

    Where the journal is not whole only empty ones go: the records that are lost may have named the others.
    """
    sound = not any(one.rule.startswith("journal-") for one in report.findings)
    for path in store.root.glob("??/*.dcm"):
        key = f"{path.parent.name}/{path.name}"
        if not names.is_named(key) and (sound or not path.stat().st_size):
            path.unlink()
            report.removed += 1
