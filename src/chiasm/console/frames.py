"""What the viewer draws from: the samples of one frame, and the overlay planes above it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

from ..dicom import Package
from ..errors import ServiceError
from ..model.holdings import Location
from ..net.web_request import Answer, Request, json_bytes, not_modified, unchanged
from ..services.archive import Archive

T = TypeVar("T")
_AT_ONCE = 2
"""Frames decoded at one time: more would only stand in each other's way."""


class FrameSource:
    """Frames and overlays of stored instances, decoded beside the event loop."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def samples(self, request: Request) -> Answer:
        """The samples of a frame in little endian; what must be known of them is in `X-Samples`, JSON."""
        from ..pixels.samples import frame_samples

        location = await self._location(request)
        tag = f'"{location.version}-{location.digest.hex()[:16]}"'
        if not_modified(request, tag):
            return unchanged(tag)
        samples = await self._made(frame_samples, location, _frame(request))
        told = asdict(samples)
        data = told.pop("data")
        answer = Answer(200, "application/octet-stream", data)
        answer.add("x-samples", json.dumps(told))
        answer.add("etag", tag)
        answer.add("cache-control", "private, no-cache")
        return answer

    async def levels(self, request: Request) -> Answer:
        """The VOI LUT of a frame as levels of gray, Base64 in JSON; null where it has none."""
        from ..pixels.samples import frame_levels

        found = await self._made(frame_levels, await self._location(request), _frame(request))
        return _json(found and {"first": found.first, "levels": base64.b64encode(found.levels).decode()})

    async def overlays(self, request: Request) -> Answer:
        """The overlay planes of a frame, one bit for each pixel, as Base64 in JSON."""
        from ..pixels.overlays import planes

        found = await self._made(planes, await self._location(request), _frame(request))
        return _json([asdict(one) | {"data": base64.b64encode(one.data).decode()} for one in found])

    async def _made(self, work: Callable[[Package, int], T], location: Location, number: int) -> T:
        """What is made of a frame, beside the event loop and in its turn."""
        async with self._turn:
            package = await self._archive.whole(location)
            return await asyncio.to_thread(work, package, number)

    async def _location(self, request: Request) -> Location:
        instance = request.arguments["instance"]
        found = await self._archive.locations(instances=[instance])
        if not found or found[0].study != request.arguments["study"]:
            raise ServiceError("no-such-object", "this instance is not held here")
        return found[0]


def _json(told: object) -> Answer:
    answer = Answer(200, "application/json", json_bytes(told))
    answer.add("cache-control", "private, no-cache")
    return answer


def _frame(request: Request) -> int:
    """The number of the frame asked for, counted from 0 within, from 1 outside."""
    text = request.arguments["frame"]
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text[:9]) < 10**8:
        raise ServiceError("no-such-object", "frames are counted from 1")
    return int(text[:9]) - 1
