"""The form that a receiver takes: the stored bytes where it takes them, else another lossless one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from ..dicom import Package
from ..errors import ServiceError
from ..model import Location
from ..pixels.transcode import MADE, transcode
from .archive import Archive
from .part10_file import data_set_start


def possible(stored: str, accepted: Sequence[str]) -> bool:
    """Whether a receiver that takes these syntaxes can be served, as far as that can be told beforehand."""
    return stored in accepted or any(uid in MADE for uid in accepted) or "*" in accepted


async def in_syntax(
    archive: Archive, location: Location, accepted: Sequence[str]
) -> tuple[str, AsyncIterator[bytes]]:
    """The transfer syntax to send an object in, and its data set in pieces.

    The stored bytes where they are taken. ServiceError `unknown-syntax` where none of the syntaxes can be made.
    """
    if location.transfer_syntax in accepted or "*" in accepted:
        return location.transfer_syntax, archive.stream_object(location, location.offset)
    wanted = next((uid for uid in accepted if uid in MADE), None)
    if wanted is None:
        raise ServiceError("unknown-syntax", "it can be sent in none of the transfer syntaxes that are taken")
    package = await archive.whole(location)
    return wanted, _pieces(await asyncio.to_thread(transcode, package, wanted))


async def _pieces(package: Package) -> AsyncIterator[bytes]:
    """The data set of a package, its header left out."""
    held = package.encode()
    for position in range(data_set_start(held), len(held), 1 << 20):
        yield held[position : position + (1 << 20)]
