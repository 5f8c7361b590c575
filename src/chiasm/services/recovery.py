"""What a process that fell has left: its records are brought into the index before any is added."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .. import dicom
from ..errors import ChiasmError
from ..model import Event, Location
from ..store.extract import extract
from ..store.index import Arrival, Index
from ..store.journal import Record
from ..store.journal_files import Chain, free_chains, new_chain
from ..store.objects import Objects

BATCH = 200


def take_chain(folder: Path, index: Index, objects: Objects) -> Chain:
    """A chain to append to: one that no living process holds, or a new one.

    Every chain whose process fell is first brought into the index.
    """
    free = list(free_chains(folder))
    for chain in free:
        recover(chain, index, objects)
    if not free:
        return new_chain(folder)
    for chain in free[1:]:
        chain.release()
    return free[0]


def recover(chain: Chain, index: Index, objects: Objects) -> int:
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
    """What the index is told of a record; of one whose object is not whole, that there is none."""
    location = location_of(record.event)
    path = None if location is None else objects.path(location.key)
    bare = Arrival(record.chain, record.sequence, record.event)
    if location is None or path is None or not is_whole(path, location):
        return bare
    try:
        known = extract(dicom.read_file(path))
    except ChiasmError:
        return bare
    return Arrival(record.chain, record.sequence, record.event, location, known)


def location_of(event: Event) -> Location | None:
    """Where the object of an event lies; None for events of other kinds."""
    if event.kind != "stored":
        return None
    detail = event.detail
    return Location(
        str(detail["key"]),
        int(detail["size"]),
        int(detail["offset"]),
        bytes.fromhex(str(detail["sha256"])),
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
            digest = hashlib.file_digest(file, "sha256").digest()
            return file.tell() == location.size and digest == location.sha256
    except OSError:
        return False
