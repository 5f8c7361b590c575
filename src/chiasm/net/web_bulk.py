"""WADO-RS bulk data: a value by reference, whole or a range of it, or all of them. PS3.18 §10.4.1.1.5."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence

from ..dicom.dataset import DataSet
from ..errors import ServiceError
from ..model.holdings import Location
from ..protocols.accept import admits
from ..protocols.multipart import closing, content_type, new_boundary, part_head
from ..services.archive import Archive
from ..services.metadata import PIXELS, by_reference
from .web_conditions import Edition, decided, edition, range_holds
from .web_file import tell_missing, tried
from .web_media import OCTETS
from .web_request import Answer, Request, problem
from .web_retrieve import INSTANCE, LEVELS, address
from .web_scope import located
from .web_switch import Operation, Parameter
from .web_value import Value, value_of

_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)
_PIECE = 1 << 20
_PARAMETERS = (Parameter("Range", "bytes=first-last, one range", "header"),)


def operations(archive: Archive) -> list[Operation]:
    """Retrieval of one value by its path, and of all values or pixels of instances."""

    async def value(request: Request) -> Answer:
        return await _value(archive, request)

    async def values(request: Request) -> Answer:
        return await _values(archive, request, by_reference)

    async def pixels(request: Request) -> Answer:
        return await _values(archive, request, _pixels_of)

    path = INSTANCE + "/bulkdata/{value:path}"
    found = [Operation("GET", path, value, "one value that stands by reference", _PARAMETERS, OCTETS)]
    for path, name in LEVELS:
        told = f"all values that stand by reference in a {name}"
        found.append(Operation("GET", f"{path}/bulkdata", values, told, answer="multipart/related"))
        told = f"the pixels of a {name}"
        found.append(Operation("GET", f"{path}/pixeldata", pixels, told, answer="multipart/related"))
    return found


def _pixels_of(data: DataSet) -> list[str]:
    return [f"{tag:08X}" for tag in PIXELS if tag in data]


async def _values(archive: Archive, request: Request, chosen: Callable[[DataSet], list[str]]) -> Answer:
    """Values of instances, each in a part that tells where it can be had alone."""
    locations = await located(archive, request)
    if not any(
        admits(one.inner, OCTETS) if one.is_multipart else one.kind in {"*/*", "multipart/*"}
        for one in request.accepted
        if one.quality > 0
    ):
        raise ServiceError("unknown-syntax", "many values are multipart/related", place="Accept")
    now = await edition(archive, request, locations, f"values {chosen.__name__} {request.base}")
    known = decided(request, now)
    if known is not None:
        return known
    given = await _possible(archive, locations, chosen)
    boundary = new_boundary()
    body = _parts(archive, request.base, given, chosen, boundary)
    answer = Answer(200, content_type(OCTETS, boundary), body)
    tell_missing(answer, len(locations) - len(given))
    now.tell(answer)
    return answer


async def _possible(
    archive: Archive, locations: Sequence[Location], chosen: Callable[[DataSet], list[str]]
) -> list[Location]:
    """Those whose values can be given. ServiceError where none can, `no-such-object` where there are none."""
    loop, count = asyncio.get_running_loop(), 0

    async def attempt(one: Location) -> None:
        nonlocal count
        package = await archive.whole(one)
        for place in await loop.run_in_executor(None, chosen, package.data):
            await loop.run_in_executor(None, value_of, package, place)
            count += 1

    given, failure = await tried(locations, attempt)
    if not count:
        raise failure or ServiceError("no-such-object", "there are no such values")
    return given


async def _parts(
    archive: Archive,
    base: str,
    locations: Sequence[Location],
    chosen: Callable[[DataSet], list[str]],
    boundary: str,
) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    for location in locations:
        package = await archive.whole(location)
        for place in await loop.run_in_executor(None, chosen, package.data):
            value = await loop.run_in_executor(None, value_of, package, place)
            url = f"{address(base, location)}/bulkdata/{place}"
            head = part_head(boundary, OCTETS, [("Content-Location", url)])
            async for piece in _streamed(value, 0, value.size, head):
                yield piece
    yield closing(boundary)


async def _value(archive: Archive, request: Request) -> Answer:
    location = (await located(archive, request))[0]
    parts, single = _forms(request)
    place = request.arguments["value"]
    now = await edition(archive, request, [location], f"{place} {parts} {single}")
    known = decided(request, now)
    if known is not None:
        return known
    package = await archive.whole(location)
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(None, value_of, package, place)
    answer = _ranged(request, found, now) if single else _one_part(found)
    now.tell(answer)
    answer.add("accept-ranges", "bytes" if single else "none")
    return answer


def _forms(request: Request) -> tuple[bool, bool]:
    """Whether the value goes as a part or bare; the more wanted of the two."""
    for one in request.accepted:
        if one.quality <= 0:
            continue
        if one.is_multipart and admits(one.inner, OCTETS):
            return True, False
        if admits(one.kind, OCTETS):
            return False, True
        if one.kind == "multipart/*":
            return True, False
    raise ServiceError("unknown-syntax", "bulk data is application/octet-stream", place="Accept")


def _one_part(value: Value) -> Answer:
    boundary = new_boundary()
    head, end = part_head(boundary, OCTETS), closing(boundary)
    length = len(head) + value.size + len(end)
    body = _streamed(value, 0, value.size, head, end)
    return Answer(200, content_type(OCTETS, boundary), body, length=length)


def _ranged(request: Request, value: Value, now: Edition) -> Answer:
    """The bytes of one range, or all; a range that ends before it begins is none. RFC 9110 §14.1.1."""
    asked = request.header(b"range") if range_holds(request, now) else ""
    match = _RANGE.fullmatch(asked.strip()) if asked else None
    size = value.size
    if (
        match is None
        or not (match[1] or match[2])
        or (match[1] and match[2] and int(match[1]) > int(match[2]))
    ):
        return Answer(200, OCTETS, _streamed(value, 0, size), length=size)
    if match[1]:
        first, last = int(match[1]), min(int(match[2]) if match[2] else size - 1, size - 1)
    else:
        first, last = max(0, size - int(match[2])), size - 1
    if first > last or first >= size:
        answer = problem(416, f"the value has {size} bytes", place="Range")
        answer.add("content-range", f"bytes */{size}")
        return answer
    answer = Answer(206, OCTETS, _streamed(value, first, last + 1), length=last + 1 - first)
    answer.add("content-range", f"bytes {first}-{last}/{size}")
    return answer


async def _streamed(
    value: Value, start: int, stop: int, head: bytes = b"", end: bytes = b""
) -> AsyncIterator[bytes]:
    """A stretch of a value by the megabyte, read beside the event loop, between what stands around it."""
    loop = asyncio.get_running_loop()
    if head:
        yield head
    for at in range(start, stop, _PIECE):
        yield await loop.run_in_executor(None, value.read, at, min(at + _PIECE, stop))
    if end:
        yield end
