"""The form a receiver takes: the stored bytes where it takes them, else the same samples in another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from ..errors import ServiceError
from ..standards import uids

if TYPE_CHECKING:
    from ..dicom import Package
    from ..model import Location

_PLAIN = (uids.EXPLICIT_LITTLE, uids.IMPLICIT_LITTLE, uids.DEFLATED_LITTLE, uids.EXPLICIT_BIG)
_ENCODED = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5")
_CHUNK = 1 << 20


class Given(Protocol):
    """Where objects are taken from: an archive, or files."""

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
        source = uids.transfer_syntax(stored)
        target = uids.transfer_syntax(uid)
        if source and target and not (source.encapsulated or target.encapsulated):
            try:
                if source.little_endian != target.little_endian:
                    from ..pixels.transcode import refuse_words

                    refuse_words(package)
            except ServiceError as error:
                failure = failure or error
                continue
            return uid, _streamed(package, uid)
        try:
            data = await loop.run_in_executor(None, _transcoded, package, uid)
        except ServiceError as error:
            failure = failure or error
            continue
        return uid, _given(data)
    raise failure or ServiceError("unknown-syntax")


def _transcoded(package: Package, uid: str) -> bytes:
    from .. import dicom
    from ..pixels.transcode import transcode

    data = transcode(package, uid)
    return data[_start(dicom.parse(data)) :]


def _start(package: Package) -> int:
    return package.header.stop


def _choices(stored: str, accepted: Sequence[str]) -> list[str]:
    """Those of the accepted ones that can be tried, in the order in which the receiver names them."""
    source = uids.transfer_syntax(stored)
    if source is None:
        return []
    return [uid for uid in accepted if uid in _PLAIN or uid in _ENCODED]


async def _streamed(package: Package, uid: str) -> AsyncIterator[bytes]:
    """The data set in another plain form, piece by piece; the file's head is left out."""
    loop = asyncio.get_running_loop()
    parts = _body(package, uid)
    while (part := await loop.run_in_executor(None, next, parts, None)) is not None:
        yield part


def _body(package: Package, uid: str) -> Iterator[bytes]:
    from ..dicom.deflate import deflate
    from ..dicom.encode import Encoding
    from ..dicom.package import form_for

    target = uids.transfer_syntax(uid)
    if target is None:
        raise ServiceError("unknown-syntax", uid)
    parts = Encoding(package.data, form_for(target)).parts()
    held: list[bytes] = []
    size = 0
    for part in deflate(parts) if target.deflated else parts:
        held.append(part)
        size += len(part)
        if size >= _CHUNK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


async def _given(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), _CHUNK):
        yield data[at : at + _CHUNK]
