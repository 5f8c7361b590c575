"""Live arrival: pages hear at once that something came, in server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

from ..net.web_request import Answer, Request
from ..services.archive import Archive

_LOOK = 2.0
"""Seconds between looks at what other processes of this archive have received."""

_GATHER = 0.25
"""Seconds that arrivals are gathered, so that a study of a thousand images is told a few times."""


class Live:
    """Tells all open pages; each has its own stream."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._open: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """End all streams."""
        for gone in tuple(self._open):
            gone.cancel()

    async def stream(self, request: Request) -> Answer:
        """The stream of arrivals: `{"studies": [UIDs]}`, none of them where another process received."""
        answer = Answer(200, "text/event-stream", self._told(request))
        answer.add("cache-control", "no-store")
        answer.add("x-accel-buffering", "no")
        return answer

    async def _told(self, request: Request) -> AsyncIterator[bytes]:
        yield b"retry: 3000\n\n"
        arrived: asyncio.Queue[list[str] | None] = asyncio.Queue(1_000)
        listening = asyncio.create_task(self._listen(arrived))
        gone = asyncio.create_task(_gone(request))
        self._open.add(gone)
        known = await asyncio.to_thread(self._archive.positions)
        try:
            while not gone.done():
                studies = await _gathered(arrived, gone)
                if studies is None:
                    return
                now = await asyncio.to_thread(self._archive.positions)
                if studies or now != known:
                    yield b"data: " + json.dumps({"studies": sorted(studies)}).encode() + b"\n\n"
                else:
                    yield b": nothing new\n\n"
                known = now
        finally:
            self._open.discard(gone)
            listening.cancel()
            gone.cancel()
            await asyncio.gather(listening, gone, return_exceptions=True)

    async def _listen(self, arrived: asyncio.Queue[list[str] | None]) -> None:
        async for batch in self._archive.watch():
            with suppress(asyncio.QueueFull):
                arrived.put_nowait([study for _, _, study in batch])
        await arrived.put(None)


async def _gathered(arrived: asyncio.Queue[list[str] | None], gone: asyncio.Task[None]) -> set[str] | None:
    """The studies of which something arrived, in a moment's time; None when the archive is closed."""
    first = asyncio.ensure_future(arrived.get())
    done, _ = await asyncio.wait({first, gone}, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED)
    if first not in done:
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        return set()
    await asyncio.wait({gone}, timeout=_GATHER)
    batches = [first.result()]
    while not arrived.empty():
        batches.append(arrived.get_nowait())
    if None in batches:
        return None
    return {study for batch in batches for study in batch or ()}


async def _gone(request: Request) -> None:
    """Wait until the client has gone away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
