"""Journal, objects and index, checked against one another; the index made anew from the other two."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ChiasmError, Finding, ParseError, ServiceError, Severity, UsageError
from ..model import Location
from ..store import journal
from ..store.index import Arrival, Index, open_index
from ..store.journal import Record
from ..store.journal_files import Chain, free_chains
from ..store.objects_local import LocalObjects
from ..store.segments import HEAD, MAGIC, Stored, read_segment, segments
from .archive import Settings
from .recovery import BATCH, arrival_of, bring_home, is_whole, location_of


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

    `repair` makes the index anew and removes objects that no record names; the index that was there is kept
    beside it. A node may run meanwhile, but not where `repair` is asked for. UsageError for that, for a
    folder that holds no archive, and for objects or an index that are not below the folder.
    """
    folder = settings.data / "journal"
    if not folder.is_dir():
        raise UsageError("it holds no journal", source=str(settings.data))
    if settings.database or "://" in settings.objects:
        raise UsageError("only an archive on local disk with its own index can be verified")
    held = _hold_all(folder) if repair else []
    store = LocalObjects(Path(settings.objects or settings.data / "objects"))
    try:
        for chain in held or free_chains(folder):
            bring_home(chain, store)
            if not repair:
                chain.release()
        report, stored = Report(), _present(store)
        records = _journal(folder, report)
        named = _objects(records, stored, store, report, quick=quick)
        if repair:
            _rebuild(settings.data, records, store, report)
            _clear(store, named, report)
        else:
            _compare(settings.data, named, report)
        return report
    finally:
        store.close()
        for chain in held:
            chain.release()


def _hold_all(folder: Path) -> list[Chain]:
    held = list(free_chains(folder))
    if len(held) < sum(path.is_dir() for path in folder.iterdir()):
        for chain in held:
            chain.release()
        raise UsageError("a node runs on it: stop it, then repair", source=str(folder.parent))
    return held


def _present(store: LocalObjects) -> dict[str, int]:
    async def gather() -> dict[str, int]:
        return {pair[0]: pair[1] async for pair in store.listed()}

    return asyncio.run(gather())


def _journal(folder: Path, report: Report) -> list[list[Record]]:
    """The records of each chain, as far as they can be read; breaks are told."""
    chains = []
    for path in sorted(one for one in folder.iterdir() if one.is_dir()):
        chains.append(list(_chain(path, report)))
        report.records += len(chains[-1])
        for aside in sorted(path.glob("*.torn")):
            text = "a torn end was put aside; it holds acknowledged records only if the disk decayed"
            report.tell(Severity.WARNING, str(aside), "journal-torn", text)
    return chains


def _chain(folder: Path, report: Report) -> Iterator[Record]:
    last: Stored | None = None
    found = segments(folder)
    for path in found:
        head = path.read_bytes()[: HEAD.size]
        if len(head) < HEAD.size or head[:8] != MAGIC:
            report.tell(Severity.ERROR, str(path), "journal-broken", "it is no segment of a journal")
            continue
        _, first, previous = HEAD.unpack(head)
        expected = (1, journal.START) if last is None else (last.sequence + 1, last.hash)
        if (first, previous) != expected:
            text = f"its first record is {first}, expected was {expected[0]} with the hash before it"
            report.tell(Severity.ERROR, str(path), "journal-gap", text)
        end = HEAD.size
        try:
            for stored in read_segment(path):
                last, end = stored, stored.end
                yield Record(folder.name, stored.sequence, journal.decode(stored.payload), stored.hash)
        except ParseError as error:
            report.tell(Severity.ERROR, str(path), "journal-chain", str(error))
            continue
        if path.read_bytes()[end:].strip(b"\0"):
            text = f"what follows byte {end} is no record"
            severity = Severity.WARNING if path == found[-1] else Severity.ERROR
            report.tell(severity, str(path), "journal-broken", text)


def _objects(
    chains: list[list[Record]], present: dict[str, int], store: LocalObjects, report: Report, *, quick: bool
) -> dict[str, Location]:
    """The objects that records name, by key; those not whole or without a record are told."""
    named: dict[str, Location] = {}
    for record in heapq.merge(*chains, key=lambda one: one.event.at):
        location = location_of(record.event)
        if location is None:
            continue
        named[location.key] = location
        report.objects += 1
        path = store.path(location.key)
        size = path.stat().st_size if path.exists() else -1
        if size < 0:
            report.tell(
                Severity.ERROR, location.key, "object-missing", f"of {location.sop_instance}: no file"
            )
        elif size != location.size or not (quick or is_whole(path, location)):
            text = f"of {location.sop_instance}: its bytes are not those that were received"
            report.tell(Severity.ERROR, location.key, "object-changed", text)
    for key in sorted(present.keys() - named.keys()):
        text = "no record names it: it was never acknowledged, or is being received"
        report.tell(Severity.WARNING, key, "object-unreferenced", text)
    return named


def _compare(data: Path, named: dict[str, Location], report: Report) -> None:
    path = data / "index.sqlite"
    if not path.exists():
        report.tell(Severity.ERROR, str(path), "index-missing", "there is no index; --repair makes one")
        return
    try:
        with contextlib.closing(open_index(str(path))) as index:
            _compare_index(index, named, report)
    except ChiasmError as error:
        report.tell(Severity.ERROR, str(path), "index-broken", f"it cannot be read: {error}")


def _compare_index(index: Index, named: dict[str, Location], report: Report) -> None:
    for location in named.values():
        if not any(one.key == location.key for one in index.versions(location.sop_instance)):
            text = f"the index does not know {location.sop_instance}"
            report.tell(Severity.ERROR, location.key, "index-lacks", text)
    instances = len({location.sop_instance for location in named.values()})
    held = index.statistics()["instances"]
    if held > instances:
        text = f"it tells of {held} instances, the journal of {instances}"
        report.tell(Severity.ERROR, "index", "index-surplus", text)


def _rebuild(data: Path, chains: list[list[Record]], store: LocalObjects, report: Report) -> None:
    new, old = data / "index.sqlite.new", data / "index.sqlite"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{new}{suffix}").unlink(missing_ok=True)
    with contextlib.closing(open_index(str(new))) as index:
        batch: list[Arrival] = []
        for record in heapq.merge(*chains, key=lambda one: one.event.at):
            batch.append(arrival_of(record, store))
            report.repaired += batch[-1].location is not None
            if len(batch) >= BATCH:
                index.apply(batch)
                batch = []
        if batch:
            index.apply(batch)
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
