"""WADO-RS frames: pixel data frame by frame, as stored, decoded or compressed anew. PS3.18 §10.4.1.1.6."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from ..errors import ServiceError, UsageError
from ..protocols.multipart import closing, content_type, new_boundary, part_head
from ..services.archive import Archive
from .web_conditions import decided, edition
from .web_media import OCTETS, FrameForm, frame_form
from .web_request import Answer, Request
from .web_retrieve import INSTANCE
from .web_scope import located
from .web_switch import Operation

if TYPE_CHECKING:
    from ..pixels.frames import Frames

_MOST = 100_000


def operations(archive: Archive) -> list[Operation]:
    """Retrieval of frames by their numbers."""

    async def frames(request: Request) -> Answer:
        return await _frames(archive, request)

    summary = "frames of an instance, by a comma list of numbers from 1"
    return [Operation("GET", INSTANCE + "/frames/{frames}", frames, summary, answer="multipart/related")]


def frame_numbers(text: str) -> list[int]:
    """The numbers of a list, from 1. UsageError for what is no list of them."""
    found: list[int] = []
    for one in text.split(","):
        if not (one.isascii() and one.isdecimal()) or len(one) > 9 or int(one) < 1:
            hint = "numbers from 1, as 1 or 1,3,5"
            raise UsageError(f"'{one[:40]}' is no frame number", place="frames", rule="PS3.18 §10.4.1.1.6",
                             hint=hint)  # fmt: skip
        found.append(int(one))
    if len(found) > _MOST:
        raise UsageError(f"more than {_MOST} frames", place="frames")
    return found


async def _frames(archive: Archive, request: Request) -> Answer:
    from ..pixels.frames import open_frames

    numbers = frame_numbers(request.arguments["frames"])
    location = (await located(archive, request))[0]
    form = frame_form(request.accepted, location.transfer_syntax)
    if form is None or (len(numbers) > 1 and not form.is_multipart):
        text = f"frames stored as {location.transfer_syntax} cannot be given so"
        hint = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
        raise ServiceError("unknown-syntax", text, place="Accept", hint=hint)
    now = await edition(archive, request, [location], f"{numbers} {form}")
    known = decided(request, now)
    if known is not None:
        return known
    package = await archive.whole(location)
    loop = asyncio.get_running_loop()
    frames = await loop.run_in_executor(None, open_frames, package)
    beyond = next((number for number in numbers if number > frames.count), None)
    if beyond is not None:
        text = f"there is no frame {beyond}; the instance has {frames.count}"
        raise ServiceError("no-such-object", text, place="frames")
    first = await loop.run_in_executor(None, frame_bytes, frames, numbers[0] - 1, form)
    if not form.is_multipart:
        answer = Answer(200, form.content_type, first)
    else:
        boundary = new_boundary()
        body = _parts(frames, numbers, first, form, boundary)
        answer = Answer(200, content_type(form.media, boundary), body)
    now.tell(answer)
    return answer


def frame_bytes(frames: Frames, number: int, form: FrameForm) -> bytes:
    """One frame by its number from 0, in little endian where it is decoded.

    ServiceError `unknown-syntax` where its samples have no such form.
    """
    if not form.decoded:
        return bytes(frames.encoded(number))
    if form.media != OCTETS:
        from ..pixels.transcode import encoded_frame

        return encoded_frame(frames, number, form.syntax)
    pixels = frames.decoded(number)
    return bytes(pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes())


async def _parts(
    frames: Frames, numbers: Sequence[int], first: bytes, form: FrameForm, boundary: str
) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    head = part_head(boundary, form.content_type)
    for place, number in enumerate(numbers):
        data = await loop.run_in_executor(None, frame_bytes, frames, number - 1, form) if place else first
        yield head + data
    yield closing(boundary)
