"""The journal: an append-only, hash-chained account of what the node accepted and did.

Two rules hold here. An event is durable before `append` returns, so that "success" may be said. And each
record's hash covers the record before it, so that none can be changed or taken out unseen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ..errors import ParseError
from ..model import Event, Source

START = bytes(32)
"""What the first record of a chain takes for the hash of the one before it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One event in its place: the chain's name, its number from 1, and the hash up to and with it."""

    chain: str
    sequence: int
    event: Event
    hash: bytes


class Journal(Protocol):
    """One chain that this process appends to."""

    @property
    def name(self) -> str:
        """The name of the chain."""

    async def append(self, event: Event) -> int:
        """The number of the event in the chain, once it is durable; ServiceError where it cannot be."""

    def read(self, after: int = 0) -> Iterator[Record]:
        """The records behind a number, checked; ParseError where the chain is broken."""

    def close(self) -> None:
        """Make durable what was appended, and let go of the chain."""


def encode(event: Event) -> bytes:
    """The bytes of an event: compact JSON in UTF-8, keys in a fixed order."""
    source = event.source
    plain = [event.kind, event.at, [source.kind, source.name, source.address, source.called], event.detail]
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def decode(payload: bytes) -> Event:
    """The event of such bytes; ParseError for any others."""
    try:
        kind, at, source, detail = json.loads(payload)
        return Event(str(kind), str(at), Source(*map(str, source)), dict(detail))
    except (ValueError, TypeError, RecursionError) as error:
        raise ParseError(f"it is no event of the journal: {error}") from None


def chained(previous: bytes, payload: bytes) -> bytes:
    """The hash of a record: SHA-256 over the hash before it and its own bytes."""
    return hashlib.sha256(previous + payload).digest()
