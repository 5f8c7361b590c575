"""WADO-RS bulk data: single values by reference, whole or a range of their bytes. PS3.18 §10.4.1.1.5."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from ..errors import ServiceError
from ..protocols.accept import admits
from ..protocols.multipart import closing, content_type, new_boundary, part_head
from ..services.archive import Archive
from .web_conditions import Edition, decided, edition, range_holds
from .web_media import OCTETS
from .web_request import Answer, Request, problem
from .web_retrieve import INSTANCE
from .web_scope import located
from .web_switch import Operation, Parameter
from .web_value import Value, value_of

_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)
_PIECE = 1 << 20
_PARAMETERS = (Parameter("Range", "bytes=first-last, one range", "header"),)


def operations(archive: Archive) -> list[Operation]:
    """Retrieval of one value by its path."""

    async def value(request: Request) -> Answer:
        return await _value(archive, request)

    path = INSTANCE + "/bulkdata/{value:path}"
    return [Operation("GET", path, value, "one value that stands by reference", _PARAMETERS, OCTETS)]


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
