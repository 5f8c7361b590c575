"""What a process that fell has left: its records are brought into the index before any is added."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from ..errors import ChiasmError, ServiceError, UsageError
from ..model import Event, Location
from ..store import journal, landing
from ..store.durable import sync_file_system
from ..store.index import Arrival, Index
from ..store.journal import Journal, Record
from ..store.journal_files import Chain, FileJournal, free_chains, new_chain
from ..store.objects import Objects
from ..store.objects_remote import RemoteObjects
from ..store.segments import Tail
from .digest import is_of, is_of_file, read_digest
from .extraction import known_of

BATCH = 200
_LOG = logging.getLogger(__name__)


def open_journal(folder: Path, database: str, place: str | Path, index: Index, objects: Objects) -> Journal:
    """The journal, and in it a chain to append to: in files of `folder`, or where all nodes see it.

    That is the database, where it is PostgreSQL and the objects lie in a bucket: then nothing that counts is
    left on the node's own disk. What processes that fell have left is brought into the index first.
    UsageError for a folder whose journal lies in files, which several nodes cannot share, and for a bucket
    that is not that of the database.
    """
    if not is_shared(database, place):
        beside = None if "://" in str(place) else Path(place)
        return FileJournal(take_chain(folder, index, objects), beside)
    if folder.is_dir() and any(folder.glob("*/*.log")):
        hint = "begin with a new data folder and import the objects"
        raise UsageError("its journal lies in files, which nodes cannot share", source=str(folder), hint=hint)
    from ..store.journal_shared import SharedJournal, archive_of

    assert isinstance(objects, RemoteObjects)
    see_bucket(objects, *archive_of(database))
    return SharedJournal(database, lambda chain: recover(chain, index, objects))


def see_bucket(objects: RemoteObjects, archive: str, empty: bool) -> None:
    """See that a bucket is an archive's own: objects that were looked for in another would count as lost.

    That of an empty archive is marked. UsageError where the bucket is another's, or has lost its mark.
    """
    try:
        mark = asyncio.run(objects.mark(archive if empty else ""))
    except ServiceError as error:
        if empty:
            raise
        _LOG.warning("the bucket cannot be looked at, and it is begun without it: %s", error)
        return
    if mark != archive:
        raise UsageError(
            "it is not the bucket that the journal in the database speaks of",
            hint=f"name the right one; in a copy of it, the object chiasm-archive contains {archive}",
        )


def is_shared(database: str, place: str | Path) -> bool:
    """Whether the journal lies in the database: that is PostgreSQL, and the objects lie in a bucket."""
    return database.startswith("postgres") and "://" in str(place)


def take_chain(folder: Path, index: Index, objects: Objects) -> Chain:
    """A chain to append to: one that no living process holds, or a new one.

    Every chain whose process fell is first brought into the index.
    """
    free = list(free_chains(folder))
    for chain in free:
        bring_home(chain, objects)
        recover(chain, index, objects)
    if not free:
        return new_chain(folder)
    for chain in free[1:]:
        chain.release()
    return free[0]


def bring_home(chain: Chain, objects: Objects) -> None:
    """Write what landed and may not have reached its place: the records of the journal, the objects' files.

    The log ends before the first object that is not whole, neither in it nor in its place: that one and those
    behind it were never acknowledged. UsageError where there is no room.
    """
    tail: Tail | None = None
    placed: set[Path] = set()
    for one in landing.landed(chain.folder):
        location = location_of(journal.decode(one.payload)) if one.content else None
        path = None if location is None else objects.path(location.key)
        if location is not None and path is not None and not is_whole(path, location):
            if not _agrees(one.content, location):
                break
            _place(path, one.content)
            placed.add(path.parent)
        tail = tail or Tail(chain.folder, aside=False)
        if one.sequence == tail.sequence + 1:
            tail.append([one.payload])
    if tail is None:
        return
    tail.close()
    for folder in (chain.folder, *sorted(placed)[:1]):
        sync_file_system(folder)
    landing.forget(chain.folder)


def _place(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        told = f"what was received cannot be put into its place: {error.strerror}"
        raise UsageError(told, source=str(path)) from None


def _agrees(content: bytes, location: Location) -> bool:
    return len(content) == location.size and is_of(location.digest, memoryview(content)[location.offset :])


def recover(chain: journal.Chain, index: Index, objects: Objects) -> int:
    """Apply the records that the index does not know; how many objects that were.

    A record whose object is not there, or is not what its digest says, is passed over, and `verify` tells of
    it: an object is made durable before its record.
    """
    arrivals: list[Arrival] = []
    count = 0
    for record in chain.read(index.position(chain.name)):
        arrival = arrival_of(record, objects)
        arrivals.append(arrival)
        count += arrival.location is not None
        if len(arrivals) >= BATCH:
            index.apply(arrivals)
            arrivals = []
    if arrivals:
        index.apply(arrivals)
    return count


def arrival_of(record: Record, objects: Objects) -> Arrival:
    """What the index is told of a record; of one whose object is not whole, that there is none.

    ServiceError `unavailable` where the object store does not answer. Not for the event loop.
    """
    location = location_of(record.event)
    bare = Arrival(record.chain, record.sequence, record.event)
    if location is None:
        return bare
    path = objects.path(location.key)
    place: Path | bytes | None = path if path is not None and is_whole(path, location) else None
    try:
        if path is None:
            place = _fetched(location, objects)
        known = None if place is None else known_of(location, place)
    except ServiceError:
        raise
    except ChiasmError:
        return bare
    return bare if known is None else Arrival(record.chain, record.sequence, record.event, location, known)


def _fetched(location: Location, objects: Objects) -> bytes | None:
    """An object that lies far away; None where it is not there or not whole."""
    try:
        content = asyncio.run(objects.read(location.key))
    except ServiceError as error:
        if error.failure.name == "no-such-object":
            return None
        raise
    return content if is_of(location.digest, memoryview(content)[location.offset :]) else None


def location_of(event: Event) -> Location | None:
    """Where the object of an event lies; None for events of other kinds."""
    if event.kind != "stored":
        return None
    detail = event.detail
    return Location(
        str(detail["key"]),
        int(detail["size"]),
        int(detail["offset"]),
        read_digest(detail),
        str(detail["syntax"]),
        str(detail["class"]),
        str(detail["instance"]),
        str(detail["series"]),
        str(detail["study"]),
    )


def is_whole(path: Path, location: Location) -> bool:
    """Whether a file has the size and the digest that its record tells."""
    try:
        with path.open("rb") as file:
            file.seek(location.offset)
            return is_of_file(location.digest, file) and file.tell() == location.size
    except OSError:
        return False
