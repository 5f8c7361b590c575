"""The journal: an append-only, hash-chained account of what the node accepted and did.

Two rules hold here. An event is durable before `append` returns, so that "success" may be said. And each
record's hash covers the record before it, so that none can be changed or taken out unseen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from json.encoder import encode_basestring
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


class Chain(Protocol):
    """One chain, to read."""

    @property
    def name(self) -> str:
        """Its name."""

    def read(self, after: int = 0) -> Iterator[Record]:
        """The records behind a number, checked; ParseError where the chain is broken."""


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

Content = bytes | memoryview
"""An object's whole file; empty for an event that brought none."""

Told = Callable[["int | BaseException"], None]
"""Told once what became of an event: its count, or why it is not durable."""

Recover = Callable[[Chain], object]
"""Brings what the index lacks of a chain into it."""


class Ahead(Protocol):
    """Where a journal lets what an event will bring be written while it comes."""

    def write(self, content: memoryview) -> bool:
        """Begin to write the whole blocks of what is held so far; False where it may no more."""

    def release(self) -> None:
        """Nothing more comes, or it is not to be kept so."""


class Journal(Protocol):
    """One chain that this process appends to, and those of the others beside it.

    Events are counted by the process that appends them: `place` says where in which chain one lies.
    """

    @property
    def name(self) -> str:
        """The name of the chain."""

    @property
    def sequence(self) -> int:
        """The count of the last durable event."""

    async def append(self, event: Event, content: Content = b"", told: Told = lambda number: None) -> int:
        """The count of the event, once it is durable with the content it brought; ServiceError else.

        Once a commit has begun `told` is called, even where who waits was cancelled meanwhile.
        """

    def submit(self, event: Event, content: Content, told: Told, ahead: Ahead | None = None) -> None:
        """The same for one who does not wait: `told` is called with the count, or with the ServiceError.

        `ahead` is what has written of the content already.
        """

    def home(self, count: int) -> None:
        """The content that an event brought is written in its place, and need not be kept here."""

    def place(self, count: int) -> tuple[str, int]:
        """The chain that an event lies in, and its number there."""

    def projected(self, count: int) -> None:
        """The index has followed so far."""

    def version(self) -> int | None:
        """A number that changes with all that any process appends; None where that is not seen at once."""

    def others(self) -> int | None:
        """A number that changes with what others append; None where the index may lack some of that."""

    def seem_settled(self) -> bool:
        """Whether the index knows what the others have acknowledged, as far as that is seen at once."""

    async def others_settled(self) -> None:
        """Return once the index knows what the other processes have acknowledged by now.

        ServiceError `unavailable` where that cannot be.
        """

    def read(self, after: int = 0) -> Iterator[Record]:
        """The records of the chain behind a number, checked; ParseError where the chain is broken."""

    def chains(self) -> list[str]:
        """The names of all chains, one for each process that wrote."""

    def records(self, chain: str, after: int = 0) -> Iterator[Record]:
        """The records of any chain behind a number, checked; ParseError where it is broken."""

    def positions(self) -> dict[str, int]:
        """The number of the last record of each chain."""

    def close(self) -> None:
        """Make durable what was appended, and let go of the chain."""


def encode(event: Event) -> bytes:
    """The bytes of an event: compact JSON in UTF-8, keys in a fixed order."""
    source = event.source
    head = [event.kind, event.at, source.kind, source.name, source.address, source.called]
    kind, at, *origin = [encode_basestring(one) for one in head]
    detail = [f"{encode_basestring(name)}:{_json(value)}" for name, value in event.detail.items()]
    return f"[{kind},{at},[{','.join(origin)}],{{{','.join(detail)}}}]".encode()


def _json(value: object) -> str:
    """The JSON of a value; most are texts and numbers, which take no encoder."""
    if type(value) is str:
        return encode_basestring(value)
    if type(value) is int:
        return str(value)
    return _ENCODER.encode(value)


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
