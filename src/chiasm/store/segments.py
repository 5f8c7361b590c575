"""The files of one chain: prewritten segments that records are appended to, and what is read back.

A segment begins with `CHIASMJ1`, the number of its first record and the hash before it. A record is its
payload's length and CRC-32 (little endian, 4 bytes each), its hash (32 bytes) and the payload. Zeros end
a segment: it is written full of them ahead of time, so that appending changes no file's length, and one
fdatasync makes a record durable.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import ParseError
from .durable import sync_folder, write_all
from .journal import START, chained

MAGIC = b"CHIASMJ1"
HEAD = struct.Struct("<8sQ32s")
RECORD = struct.Struct("<II32s")
SEGMENT = 64 << 20
AHEAD = 1 << 20
"""Sizes in bytes: where a segment is full, and how much is prewritten at a time."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One record as found: its number, payload, hash, and the byte of the segment behind it."""

    sequence: int
    payload: bytes
    hash: bytes
    end: int


def segments(folder: Path) -> list[Path]:
    """The segments of a chain, oldest first."""
    return sorted(folder.glob("*.log"))


def read_segment(path: Path) -> Iterator[Stored]:
    """The records of one segment up to its zeros or its torn end.

    ParseError where the head is not one, or where a whole record does not follow from the one before it.
    """
    data = path.read_bytes()
    if len(data) < HEAD.size or data[:8] != MAGIC:
        raise ParseError("it is no segment of a journal", source=str(path), place="byte 0")
    _, sequence, previous = HEAD.unpack_from(data)
    position = HEAD.size
    while position + RECORD.size <= len(data):
        length, crc, digest = RECORD.unpack_from(data, position)
        start = position + RECORD.size
        payload = data[start : start + length]
        if not length or len(payload) < length or zlib.crc32(payload) != crc:
            return
        if chained(previous, payload) != digest:
            raise ParseError(
                "the record does not follow from the one before it",
                source=str(path),
                place=f"byte {position}",
            )
        position = start + length
        yield Stored(sequence, payload, digest, position)
        sequence, previous = sequence + 1, digest


class Tail:
    """The end of a chain, open for appending. Not for several threads at once.

    `aside`: whether what follows the last whole record, and is none, is put aside for `verify` to judge.
    """

    def __init__(self, folder: Path, *, aside: bool = True) -> None:
        self._folder = folder
        self.sequence, self.hash = 0, START
        self._file = -1
        found = segments(folder)
        if found:
            self._resume(found[-1], aside)
        else:
            self._begin()

    def _resume(self, path: Path, aside: bool) -> None:
        _, first, self.hash = HEAD.unpack_from(path.read_bytes()[: HEAD.size])
        self.sequence, self._end = first - 1, HEAD.size
        for record in read_segment(path):
            self.sequence, self.hash, self._end = record.sequence, record.hash, record.end
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._written = os.fstat(self._file).st_size
        torn = os.pread(self._file, self._written - self._end, self._end).rstrip(b"\0")
        if torn:
            if aside:  # never acknowledged, unless the disk decayed
                keep_torn(path, self.sequence, torn)
            write_all(self._file, bytes(len(torn)), self._end)
            os.fdatasync(self._file)

    def _begin(self) -> None:
        if self._file >= 0:
            os.fdatasync(self._file)
            os.close(self._file)
        path = self._folder / f"{self.sequence + 1:016d}.log"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        head = HEAD.pack(MAGIC, self.sequence + 1, self.hash)
        write_all(self._file, head, 0)
        os.fsync(self._file)
        sync_folder(self._folder)
        self._end = self._written = HEAD.size
        self._prewrite(AHEAD)

    def _prewrite(self, size: int) -> None:
        write_all(self._file, bytes(size), self._written)
        self._written += size

    def prepare(self, payloads: list[bytes]) -> list[bytes]:
        """The records that the payloads become, with room made for them. OSError where there is none."""
        previous, records, size = self.hash, [], 0
        for payload in payloads:
            previous = chained(previous, payload)
            records.append(RECORD.pack(len(payload), zlib.crc32(payload), previous) + payload)
            size += RECORD.size + len(payload)
        if self._end + size > SEGMENT and self._end > HEAD.size:
            self._begin()
        while self._end + size + RECORD.size > self._written:
            self._prewrite(max(AHEAD, size))
        return records

    def write(self, records: list[bytes]) -> list[int]:
        """Write prepared records, which are not durable by that; their numbers. OSError."""
        whole = b"".join(records)
        write_all(self._file, whole, self._end)
        first = self.sequence + 1
        self._end += len(whole)
        self.sequence += len(records)
        self.hash = records[-1][8 : RECORD.size]
        return list(range(first, self.sequence + 1))

    def append(self, payloads: list[bytes]) -> list[int]:
        """Write the payloads as one and make them durable; their numbers. OSError where the disk refuses."""
        numbers = self.write(self.prepare(payloads))
        os.fdatasync(self._file)
        return numbers

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def keep_torn(path: Path, sequence: int, torn: bytes) -> None:
    """Put what follows the last whole record of a segment aside, durable, before it is blanked."""
    for number in range(1_000_000):
        aside = path.with_name(f"{sequence + 1:016d}.{number}.torn")
        if not aside.exists():
            break
    with aside.open("xb") as file:
        file.write(torn)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def drop_unbegun(folder: Path) -> None:
    """Remove a last segment whose head was never written: its process fell while it made it."""
    found = segments(folder)
    if found:
        with found[-1].open("rb") as file:
            head = file.read(HEAD.size)
        if len(head) < HEAD.size or not any(head):
            found[-1].unlink()
            sync_folder(folder)
