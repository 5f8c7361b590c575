"""Files in the transfer syntaxes that a client takes: PS3.18 §8.7.3.5."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from ..errors import ServiceError
from ..model.holdings import Location, Source
from ..services.archive import Archive
from ..services.reception import header_for
from .web_request import Answer
from .web_scope import ANY


def as_stored(location: Location, wanted: Sequence[str]) -> bool:
    """Whether the stored bytes are what is wanted."""
    return ANY in wanted or location.transfer_syntax in wanted


async def in_other_syntax(
    archive: Archive, location: Location, wanted: Sequence[str]
) -> tuple[str, AsyncIterator[bytes]]:
    """The file in another transfer syntax; ServiceError where it cannot be given so."""
    from ..services import transcoding

    uid, chunks = await transcoding.in_syntax(archive, location, wanted)
    return uid, _file(location, uid, chunks)


async def to_be_given(
    archive: Archive, locations: Sequence[Location], wanted: Sequence[str]
) -> list[Location]:
    """Those that can be given: one of each class and stored syntax is tried before anything is sent.

    ServiceError `unknown-syntax` where none can.
    """
    possible: set[tuple[str, str]] = set()
    reason = ""
    for kind, one in {(one.sop_class, one.transfer_syntax): one for one in locations}.items():
        try:
            if not as_stored(one, wanted):
                await in_other_syntax(archive, one, wanted)
            possible.add(kind)
        except ServiceError as error:
            reason = reason or error.message
    if not possible:
        found = ", ".join(sorted({one.transfer_syntax for one in locations}))
        raise ServiceError("unknown-syntax", f"stored as {found}, none can be given so: {reason}")
    return [one for one in locations if (one.sop_class, one.transfer_syntax) in possible]


def tell_missing(answer: Answer, count: int) -> None:
    """Say that so many files are left out: PS3.18 §8.5.1."""
    if count:
        answer.status = 206
        answer.add("warning", f'299 chiasm "{count} files cannot be given in the transfer syntaxes taken"')


async def _file(location: Location, syntax: str, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A file around the bytes of a data set in another transfer syntax."""
    yield header_for(location.sop_class, location.sop_instance, syntax, Source("node"))
    async for chunk in chunks:
        yield chunk
