"""Files in the transfer syntaxes that a client takes: PS3.18 §8.7.3.5."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

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


async def tried(
    locations: Sequence[Location], attempt: Callable[[Location], Awaitable[object]]
) -> tuple[list[Location], ServiceError | None]:
    """Those of the SOP classes and stored syntaxes of which one instance could be given; the first failure.

    So it is known before anything is sent.
    """
    possible: set[tuple[str, str]] = set()
    failure: ServiceError | None = None
    for kind, one in {(one.sop_class, one.transfer_syntax): one for one in locations}.items():
        try:
            await attempt(one)
            possible.add(kind)
        except ServiceError as error:
            failure = failure or error
    return [one for one in locations if (one.sop_class, one.transfer_syntax) in possible], failure


async def to_be_given(
    archive: Archive, locations: Sequence[Location], wanted: Sequence[str]
) -> list[Location]:
    """Those that can be given in some transfer syntaxes. ServiceError `unknown-syntax` where none can."""

    async def attempt(one: Location) -> None:
        if not as_stored(one, wanted):
            await in_other_syntax(archive, one, wanted)

    given, failure = await tried(locations, attempt)
    if not given:
        found = ", ".join(sorted({one.transfer_syntax for one in locations}))
        reason = failure.message if failure else ""
        raise ServiceError("unknown-syntax", f"stored as {found}, none can be given so: {reason}")
    return given


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
