"""Journal, objects and index, checked against one another; the index made anew from the other two."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ChiasmError, Finding, ServiceError, Severity
from ..model import Location
from ..store.index import Arrival, Index, open_index
from ..store.journal import Record
from ..store.objects import Objects, open_objects
from ..store.objects_local import LocalObjects
from .archive import Settings
from .recovery import BATCH, arrival_of, is_shared, is_whole, location_of
from .verification_chains import Chains, ChainsInDatabase, ChainsInFiles

_AT_ONCE = 8
"""Objects of a bucket that are read at the same time."""


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
        report, present = Report(), _present(store)
        records = chains.read(report.tell)
        report.records = sum(len(one) for one in records)
        named = _objects(records, present, store, report, quick=quick)
        if repair:
            if settings.database:
                _fill_anew(settings.database, records, store, report)
            else:
                _rebuild(settings.data, records, store, report)
            if isinstance(store, LocalObjects):  # another archive may lie in the same bucket
                _clear(store, named, report)
        else:
            _compare(settings, named, report)
        return report


def _present(store: Objects) -> dict[str, int]:
    async def gather() -> dict[str, int]:
        return {pair[0]: pair[1] async for pair in store.listed()}

    return asyncio.run(gather())


def _objects(
    chains: list[list[Record]], present: dict[str, int], store: Objects, report: Report, *, quick: bool
) -> dict[str, Location]:
    """The objects that records name, by key; those not whole or without a record are told."""
    named: dict[str, Location] = {}
    for record in heapq.merge(*chains, key=lambda one: one.event.at):
        location = location_of(record.event)
        if location is not None:
            named[location.key] = location
            report.objects += 1
    states = asyncio.run(_states(list(named.values()), present, store, quick=quick))
    for location, state in zip(named.values(), states, strict=True):
        if state == "missing":
            text = f"of {location.sop_instance}: no file"
            report.tell(Severity.ERROR, location.key, "object-missing", text)
        elif state == "changed":
            text = f"of {location.sop_instance}: its bytes are not those that were received"
            report.tell(Severity.ERROR, location.key, "object-changed", text)
    for key in sorted(present.keys() - named.keys()):
        text = "no record names it: it was never acknowledged, or is being received"
        report.tell(Severity.WARNING, key, "object-unreferenced", text)
    return named


async def _states(
    locations: Sequence[Location], present: dict[str, int], store: Objects, *, quick: bool
) -> list[str]:
    """Of each object: empty where it is whole, else `missing` or `changed`."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def state(location: Location) -> str:
        path = store.path(location.key)
        if path is not None:
            return _state_of_file(path, location, quick=quick)
        if quick and location.key in present:
            return "" if present[location.key] == location.size else "changed"
        async with turns:
            return await _state_afar(store, location)

    return [
        one
        for start in range(0, len(locations), 1_000)
        for one in await asyncio.gather(*(state(location) for location in locations[start : start + 1_000]))
    ]


def _state_of_file(path: Path, location: Location, *, quick: bool) -> str:
    size = path.stat().st_size if path.exists() else -1
    if size < 0:
        return "missing"
    return "" if size == location.size and (quick or is_whole(path, location)) else "changed"


async def _state_afar(store: Objects, location: Location) -> str:
    """The same of an object in a bucket, read piece by piece."""
    digest, size = hashlib.sha256(), 0
    try:
        async for piece in store.stream(location.key):
            digest.update(piece[max(0, location.offset - size) :])
            size += len(piece)
    except ServiceError as error:
        if error.failure.name == "no-such-object":
            return "missing"
        raise
    return "" if size == location.size and digest.digest() == location.sha256 else "changed"


def _compare(settings: Settings, named: dict[str, Location], report: Report) -> None:
    path = settings.database or str(settings.data / "index.sqlite")
    if not settings.database and not Path(path).exists():
        report.tell(Severity.ERROR, path, "index-missing", "there is no index; --repair makes one")
        return
    shown = "index" if settings.database else path  # a URL may hold a password
    try:
        with contextlib.closing(open_index(path)) as index:
            _compare_index(index, named, report)
    except ChiasmError as error:
        report.tell(Severity.ERROR, shown, "index-broken", f"it cannot be read: {error}")


def _compare_index(index: Index, named: dict[str, Location], report: Report) -> None:
    for location in named.values():
        # one and the same object, taken by two nodes at the same time, is one version
        if not any(
            one.key == location.key or one.sha256 == location.sha256
            for one in index.versions(location.sop_instance)
        ):
            text = f"the index does not know {location.sop_instance}"
            report.tell(Severity.ERROR, location.key, "index-lacks", text)
    instances = len({location.sop_instance for location in named.values()})
    held = index.statistics()["instances"]
    if held > instances:
        text = f"it tells of {held} instances, the journal of {instances}"
        report.tell(Severity.ERROR, "index", "index-surplus", text)


def _fill(index: Index, chains: list[list[Record]], store: Objects, report: Report) -> None:
    batch: list[Arrival] = []
    for record in heapq.merge(*chains, key=lambda one: one.event.at):
        batch.append(arrival_of(record, store))
        report.repaired += batch[-1].location is not None
        if len(batch) >= BATCH:
            index.apply(batch)
            batch = []
    if batch:
        index.apply(batch)


def _fill_anew(database: str, chains: list[list[Record]], store: Objects, report: Report) -> None:
    """Empty an index and fill it; where this is broken off, the next start of a node goes on with it."""
    with contextlib.closing(open_index(database)) as index:
        index.clear()
        _fill(index, chains, store, report)


def _rebuild(data: Path, chains: list[list[Record]], store: Objects, report: Report) -> None:
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


def _clear(store: LocalObjects, named: dict[str, Location], report: Report) -> None:
    """Remove the files that no record names, those made ahead by processes that fell included.

    Where the journal is not whole only empty ones go: the records that are lost may have named the others.
    """
    sound = not any(one.rule.startswith("journal-") for one in report.findings)
    for path in store.root.glob("??/*.dcm"):
        key = f"{path.parent.name}/{path.name}"
        if key not in named and (sound or not path.stat().st_size):
            path.unlink()
            report.removed += 1
