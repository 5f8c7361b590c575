"""The form a receiver takes: the stored bytes where it takes them, else the same samples in another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..errors import ChiasmError, ServiceError
from ..standards import uids

if TYPE_CHECKING:
    from ..dicom import Package
    from ..model import Location

_PLAIN = (uids.EXPLICIT_LITTLE, uids.IMPLICIT_LITTLE, uids.DEFLATED_LITTLE, uids.EXPLICIT_BIG)
_ENCODED = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5")
_CHUNK = 1 << 20


class Given(Protocol):
    """Where objects are taken from: an archive, or files."""

    @property
    def scratch(self) -> Path | None:
        """The folder for what is too large to be held meanwhile; None for the system's own place."""

    async def whole(self, location: Location) -> Package:
        """The object with all its bytes at hand."""

    def stream_object(
        self, location: Location, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """The bytes of its file, in pieces."""


def possible(stored: str, accepted: Sequence[str]) -> bool:
    """Whether something that is stored in a transfer syntax may be given in one of those accepted."""
    return "*" in accepted or stored in accepted or bool(_choices(stored, accepted))


async def in_syntax(
    archive: Given, location: Location, accepted: Sequence[str]
) -> tuple[str, AsyncIterator[bytes]]:
    """The transfer syntax, and the data set's bytes in it: never lossy where it was not.

    ServiceError `unknown-syntax` where none of those accepted can be made, `not-understood` for damaged
    pixels. PS3.5 §10.
    """
    stored = location.transfer_syntax
    if stored in accepted or "*" in accepted:
        return stored, archive.stream_object(location, location.offset)
    wanted = _choices(stored, accepted)
    if not wanted:
        raise ServiceError(
            "unknown-syntax", f"it is stored in {uids.name(stored) or stored}, which is not taken"
        )
    package = await archive.whole(location)
    loop = asyncio.get_running_loop()
    failure: ServiceError | None = None
    for uid in wanted:
        try:
            parts = await loop.run_in_executor(None, _parts, package, uid, archive.scratch)
        except ServiceError as error:
            failure = failure or error
            continue
        return uid, _streamed(parts)
    raise failure or ServiceError("unknown-syntax")


def _parts(package: Package, uid: str, folder: Path | None) -> Iterator[bytes]:
    """The data set in another transfer syntax, in pieces; the file's head is left out."""
    from ..dicom.deflate import deflate
    from ..dicom.encode import Encoding
    from ..dicom.package import form_for
    from ..pixels.transcode import recoded

    target = uids.transfer_syntax(uid)
    made = recoded(package, uid, folder=folder)
    if target is None:
        raise ServiceError("unknown-syntax", uid)
    try:
        parts = Encoding(made.data, form_for(target)).parts()
    except ChiasmError as error:
        raise ServiceError("unknown-syntax", error.message, place=error.place, rule=error.rule) from error
    return _gathered(deflate(parts) if target.deflated else parts)


def _choices(stored: str, accepted: Sequence[str]) -> list[str]:
    """Those of the accepted ones that can be tried, in the order in which the receiver names them."""
    source = uids.transfer_syntax(stored)
    if source is None:
        return []
    return [uid for uid in accepted if uid in _PLAIN or uid in _ENCODED]


async def _streamed(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same beside the event loop."""
    loop = asyncio.get_running_loop()
    while (part := await loop.run_in_executor(None, next, parts, None)) is not None:
        yield part


def _gathered(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Small pieces joined to about a megabyte each."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= _CHUNK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
