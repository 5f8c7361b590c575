"""WADO-RS bulk data: single values by reference, whole or a range of their bytes. PS3.18 §10.4.1.1.5."""

from __future__ import annotations

import asyncio
import re

from ..dicom.dataset import Element
from ..dicom.json_model import little_endian
from ..dicom.package import Package
from ..dicom.vr import BYTE_VRS, PIXEL_DATA
from ..errors import ServiceError, UsageError
from ..protocols.accept import admits
from ..protocols.multipart import closing, content_type, new_boundary, part_head
from ..services.archive import Archive
from .web_conditions import Edition, decided, edition, range_holds
from .web_media import OCTETS
from .web_request import Answer, Request, problem
from .web_retrieve import INSTANCE
from .web_scope import located
from .web_switch import Operation, Parameter

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
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
    package = await archive.header(location)
    loop = asyncio.get_running_loop()
    data = await loop.run_in_executor(None, _bytes_of, package, place)
    answer = _ranged(request, data, now) if single else _one_part(data)
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


def _bytes_of(package: Package, place: str) -> bytes:
    try:
        element = package.data.element(place)
    except UsageError as error:
        raise ServiceError("no-such-object", error.message, place=place) from None
    if element is None or element.vr not in BYTE_VRS:
        raise ServiceError("no-such-object", "there is no such binary value", place=place)
    syntax = package.transfer_syntax
    if element.tag == PIXEL_DATA and syntax.encapsulated:
        return _pixels(package, element)
    return little_endian(element.raw, element.vr, syntax.little_endian)


def _pixels(package: Package, element: Element) -> bytes:
    """Compressed pixels decoded, as octets are asked for: all frames one after the other."""
    from ..pixels.frames import open_frames
    from .web_frames import frame_bytes
    from .web_media import FrameForm

    frames = open_frames(package)
    form = FrameForm(True, OCTETS, "", False)
    return b"".join(frame_bytes(frames, number, form) for number in range(frames.count))


def _one_part(data: bytes) -> Answer:
    boundary = new_boundary()
    body = b"".join((part_head(boundary, OCTETS), data, closing(boundary)))
    return Answer(200, content_type(OCTETS, boundary), body)


def _ranged(request: Request, data: bytes, now: Edition) -> Answer:
    """The bytes of one range, or all: RFC 9110 §14."""
    asked = request.header(b"range") if range_holds(request, now) else ""
    match = _RANGE.fullmatch(asked.strip()) if asked else None
    if match is None or not (match[1] or match[2]):
        return Answer(200, OCTETS, data)
    size = len(data)
    if match[1]:
        first, last = int(match[1]), min(int(match[2]) if match[2] else size - 1, size - 1)
    else:
        first, last = max(0, size - int(match[2])), size - 1
    if first > last or first >= size:
        answer = problem(416, f"the value has {size} bytes", place="Range")
        answer.add("content-range", f"bytes */{size}")
        return answer
    answer = Answer(206, OCTETS, data[first : last + 1])
    answer.add("content-range", f"bytes {first}-{last}/{size}")
    return answer
