"""What `chiasm send` sends: sources looked at, and their data sets when their turn has come."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from .. import dicom
from ..dicom.identity import HEAD, Identity, identity
from ..errors import ChiasmError, ParseError, UsageError
from ..net.dimse_transfer import Offer
from .sources import Source

_PIECE = 1 << 20
_WHOLE = 8 << 20
"""Up to so many bytes an object is read at once; a larger one streams from its file."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A source that can be sent; `stamp` changes when its bytes do. `problem` says why it cannot."""

    name: str
    offer: Offer | None = None
    stamp: str = ""
    problem: str = ""


def offered(source: Source) -> Offered:
    """What a source holds, told from its head where that suffices. Nothing is raised for a bad one."""
    try:
        if source.problem:
            raise UsageError(source.problem)
        stamp = _stamp(source)
        head = source.head() if source.member is not None or source.path is None else _head(source.path)
        known = identity(head)
        if known is None:
            known = _parsed(source)
        load = _Loader(source, known, stamp).load
        offer = Offer(source.name, known.sop_class, known.sop_instance, known.transfer_syntax, load)
        return Offered(source.name, offer, stamp)
    except ChiasmError as error:
        return Offered(source.name, problem=error.message)
    except OSError as error:
        return Offered(source.name, problem=f"it cannot be read: {error.strerror}")


def _head(path: Path) -> bytes:
    with path.open("rb", buffering=0) as file:
        return file.read(HEAD) or b""


def _stamp(source: Source) -> str:
    """Size and time of the file, and the number in it where it is an archive."""
    if source.path is None:
        return ""
    status = source.path.stat()
    member = "" if source.member is None else f"!{source.member}"
    return f"{status.st_size}:{status.st_mtime_ns}{member}"


def _parsed(source: Source) -> Identity:
    if source.standard() != "dicom":
        raise UsageError("it is no DICOM file")
    package = source.package()
    names = [package.get(keyword) for keyword in ("SOPClassUID", "SOPInstanceUID")]
    if not all(isinstance(name, str) and name for name in names):
        raise UsageError("it is no object with a SOP class and instance")
    start = package.header.stop if len(package.header) or package.preamble is not None else 0
    return Identity(str(names[0]), str(names[1]), package.transfer_syntax.uid, start)


@dataclass(frozen=True, slots=True)
class _Loader:
    """The data set of a source, when its turn has come."""

    source: Source
    known: Identity
    stamp: str

    def load(self, syntax: str) -> bytes | AsyncIterator[bytes]:
        """In its own syntax as it lies there; in another one transcoded. Raises a ChiasmError or OSError."""
        source, start = self.source, self.known.start
        if _stamp(source) != self.stamp:
            raise ParseError("it has changed since it was looked at")
        if syntax != self.known.transfer_syntax:
            return self._transcoded(syntax)
        if source.path is None or source.member is not None:
            return source.read()[start:]
        size = int(self.stamp.partition(":")[0]) - start
        if size > _WHOLE:
            return _pieces(source.path, start, size)
        with source.path.open("rb", buffering=0) as file:
            return _exactly(file.fileno(), start, size)

    def _transcoded(self, syntax: str) -> bytes:
        from ..pixels.transcode import transcode

        data = transcode(self.source.package(), syntax)
        return data[dicom.parse(data).header.stop :]


def _exactly(file: int, start: int, size: int) -> bytes:
    """So many bytes of a file. Raises ParseError where it has become shorter."""
    parts: list[bytes] = []
    left = size
    while left:
        piece = os.pread(file, left, start + size - left)
        if not piece:
            raise ParseError("it has become shorter while it was read")
        parts.append(piece)
        left -= len(piece)
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def _pieces(path: Path, start: int, size: int) -> AsyncIterator[bytes]:
    with path.open("rb", buffering=0) as file:
        for at in range(0, size, _PIECE):
            count = min(_PIECE, size - at)
            yield await asyncio.to_thread(_exactly, file.fileno(), start + at, count)
