"""Part 10 files received: the meta group is kept, the preamble cleared. PS3.10 §7.1, §7.5."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from typing import Protocol

from .. import dicom
from ..errors import ChiasmError, ServiceError
from ..model import Outcome, Source, Verdict

_META = 1 << 16
_BEGINNING = 4 << 10
"""The largest meta group that is taken, and what mostly says what a file is, in bytes."""


class Incoming(Protocol):
    """A reception as this module sees it."""

    def write(self, data: bytes | memoryview) -> None:
        """Take a part of the data set."""

    def abandon(self) -> None:
        """Forget the object."""

    async def complete(self) -> Outcome:
        """The outcome."""


class Receiver(Protocol):
    """The archive as this module sees it."""

    def receive(
        self, *, sop_class: str, sop_instance: str, transfer_syntax: str, source: Source, header: bytes = b""
    ) -> Incoming:
        """Begin to receive a data set."""


async def receive_file(archive: Receiver, chunks: AsyncIterator[bytes] | bytes, source: Source) -> Outcome:
    """Receive a Part 10 file, or a bare data set that says what it is; the truthful outcome."""
    if isinstance(chunks, bytes):
        head, pieces = chunks, _nothing()
    else:
        head, pieces = b"", chunks
        async for piece in pieces:
            head += piece
            if len(head) >= _META:
                break
    try:
        header, start, about = _about(head)
    except ChiasmError as error:
        failure = error.failure.name if isinstance(error, ServiceError) else "not-understood"
        return Outcome(Verdict.REFUSED, "", "", "", failure, str(error))
    sop_class, sop_instance, syntax = about
    try:
        reception = archive.receive(
            sop_class=sop_class,
            sop_instance=sop_instance,
            transfer_syntax=syntax,
            source=source,
            header=header,
        )
    except ServiceError as error:
        return Outcome(Verdict.REFUSED, sop_class, sop_instance, "", error.failure.name, error.message)
    try:
        reception.write(memoryview(head)[start:])
        async for piece in pieces:
            reception.write(piece)
    except BaseException:
        reception.abandon()
        raise
    return await reception.complete()


async def _nothing() -> AsyncIterator[bytes]:
    no_more: tuple[bytes, ...] = ()
    for piece in no_more:
        yield piece


def _about(head: bytes) -> tuple[bytes, int, tuple[str, str, str]]:
    """The header to keep, where the data set begins, and SOP class, instance and transfer syntax."""
    package = dicom.parse(head[:_BEGINNING])
    if not package.get("SOPInstanceUID"):
        package = dicom.parse(head[:_META])
    syntax = package.transfer_syntax.uid if package.transfer_syntax is not None else ""
    found = (str(package.get("SOPClassUID") or ""), str(package.get("SOPInstanceUID") or ""), syntax)
    for name, value in zip(("SOP Class UID", "SOP Instance UID", "transfer syntax"), found, strict=True):
        if not value:
            raise ServiceError("mismatch", f"it has no {name}", rule="PS3.10 §7.1")
    if head[128:132] != b"DICM":
        return b"", 0, found
    start = data_set_start(head)
    if not start or package.header.get(0x00020010) != syntax:
        raise ServiceError("not-understood", "its meta group is not one", rule="PS3.10 §7.1")
    return bytes(128) + head[128:start], start, found


def data_set_start(head: bytes) -> int:
    """Where the data set begins in a file, by the length of its meta group; 0 where that is not so."""
    if head[132:140] != b"\2\0\0\0UL\4\0" or len(head) < 144:
        return 0
    start: int = 144 + struct.unpack_from("<I", head, 140)[0]
    return start if start <= len(head) else 0
