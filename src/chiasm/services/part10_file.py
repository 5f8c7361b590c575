"""Part 10 files received: the meta group is kept, the preamble cleared. PS3.10 §7.1, §7.5."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from .. import dicom
from ..dicom import outset
from ..dicom.dataset import DataSet
from ..dicom.package import TRANSFER_SYNTAX, form_for
from ..dicom.reading import Reading
from ..dicom.vr import EXPLICIT_LITTLE
from ..errors import ChiasmError, ServiceError
from ..model import Outcome, Source, Verdict
from ..standards import uids

_META = 1 << 16
_BEGINNING = 4 << 10
"""The largest meta group that is taken, and what mostly says what a file is, in bytes."""

About = tuple[str, str, str]
"""SOP class, SOP instance and transfer syntax."""

Then = Callable[[Outcome], None]


class Incoming(Protocol):
    """A reception as this module sees it."""

    def write(self, data: bytes | memoryview) -> None:
        """Take a part of the data set."""

    def abandon(self) -> None:
        """Forget the object."""

    def complete_soon(self, then: Then) -> bool:
        """Whether `then` will be told the outcome without `complete`."""

    async def complete(self) -> Outcome:
        """The outcome."""


class Receiver(Protocol):
    """The archive as this module sees it."""

    def receive(
        self,
        *,
        sop_class: str,
        sop_instance: str,
        transfer_syntax: str,
        source: Source,
        header: bytes = b"",
        study: str = "",
    ) -> Incoming:
        """Begin to receive a data set."""


class FileReception:
    """A Part 10 file on its way in, or a bare data set that says what it is.

    Its beginning is held until it is known what it is, 64 kB at most; the rest is handed on as it comes.
    Where a study is named, it is refused if it is not of that.
    """

    def __init__(self, archive: Receiver, source: Source, study: str = "") -> None:
        self._archive, self._source, self._study = archive, source, study
        self._held: list[bytes] = []
        self._size = 0
        self._reception: Incoming | None = None
        self._refusal: Outcome | None = None

    def write(self, data: bytes) -> None:
        """Take a part of the file."""
        if self._reception is not None:
            self._reception.write(data)
        elif self._refusal is None:
            self._held.append(data)
            self._size += len(data)
            if self._size >= _META:
                self._open()

    def abandon(self) -> None:
        """Forget it: the rest will not come."""
        if self._reception is not None:
            self._reception.abandon()

    def complete_soon(self, then: Then) -> bool:
        """Keep it without waiting: `then` is told the outcome. False, where `complete` is to be called."""
        self._opened()
        if self._reception is None:
            assert self._refusal is not None
            then(self._refusal)
            return True
        return self._reception.complete_soon(then)

    async def complete(self) -> Outcome:
        """The truthful outcome, once the object and its event are durable, or once it is refused."""
        self._opened()
        if self._reception is None:
            assert self._refusal is not None
            return self._refusal
        return await self._reception.complete()

    def _opened(self) -> None:
        if self._reception is None and self._refusal is None:
            self._open()

    def _open(self) -> None:
        """Find what the file is, and begin to receive its data set."""
        head = self._held[0] if len(self._held) == 1 else b"".join(self._held)
        self._held = []
        about: About = ("", "", "")
        try:
            header, start, about = _plain(head) or _about(head)
            self._reception = self._archive.receive(
                sop_class=about[0],
                sop_instance=about[1],
                transfer_syntax=about[2],
                source=self._source,
                header=header,
                study=self._study,
            )
        except ChiasmError as error:
            failure = error.failure.name if isinstance(error, ServiceError) else "not-understood"
            text = error.message if about[1] else str(error)
            self._refusal = Outcome(Verdict.REFUSED, about[0], about[1], "", failure, text)
        else:
            self._reception.write(memoryview(head)[start:])


async def receive_file(archive: Receiver, chunks: AsyncIterator[bytes] | bytes, source: Source) -> Outcome:
    """Receive a Part 10 file, or a bare data set that says what it is; the truthful outcome."""
    reception = FileReception(archive, source)
    try:
        if isinstance(chunks, bytes):
            reception.write(chunks)
        else:
            async for piece in chunks:
                reception.write(piece)
    except BaseException:
        reception.abandon()
        raise
    return await reception.complete()


def _plain(head: bytes) -> tuple[bytes, int, About] | None:
    """The header to keep, where the data set begins, and what it is, of a file as plain as most are."""
    start = data_set_start(head) if head[128:132] == b"DICM" else 0
    if not start:
        return None
    syntax = DataSet.at(head, 132, start, EXPLICIT_LITTLE, Reading()).get(TRANSFER_SYNTAX)
    known = uids.transfer_syntax(syntax) if isinstance(syntax, str) else None
    if known is None or known.deflated:
        return None
    found = outset.uids_of(head, start, form_for(known))
    if found is None:
        return None
    return _header(head, start), start, (found[outset.SOP_CLASS], found[outset.SOP_INSTANCE], known.uid)


def _about(head: bytes) -> tuple[bytes, int, About]:
    """The same of any other. ServiceError for what is no object that can be kept."""
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
    if not start or package.header.get(TRANSFER_SYNTAX) != syntax:
        raise ServiceError("not-understood", "its meta group is not one", rule="PS3.10 §7.1")
    return _header(head, start), start, found


def _header(head: bytes, start: int) -> bytes:
    return bytes(128) + head[128:start]


def data_set_start(head: bytes) -> int:
    """Where the data set begins in a file, by the length of its meta group; 0 where that is not so."""
    if head[132:140] != b"\2\0\0\0UL\4\0" or len(head) < 144:
        return 0
    start: int = 144 + struct.unpack_from("<I", head, 140)[0]
    return start if start <= len(head) else 0
