"""Arrivals are told as they come, and streams end with the client or the node."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from chiasm.console.live import Live
from chiasm.model import Source
from chiasm.net.web_request import Request
from chiasm.services.archive import Archive, Settings


def stream_of(live: Live, gone: asyncio.Event) -> Any:
    async def receive() -> dict[str, str]:
        await gone.wait()
        return {"type": "http.disconnect"}

    scope = {"method": "GET", "path": "/live", "query_string": b"", "headers": []}
    return live.stream(Request(scope, receive, ""))


async def next_told(body: AsyncIterator[bytes]) -> Any:
    async for part in body:
        if part.startswith(b"data: "):
            return json.loads(part[6:])
    return None


def test_an_arrival_is_told_with_its_study(tmp_path: Path, pydicom_data: Path) -> None:
    async def look() -> Any:
        archive = await Archive.open(Settings(tmp_path))
        live, gone = Live(archive), asyncio.Event()
        try:
            body = (await stream_of(live, gone)).body
            assert (await anext(body)).startswith(b"retry")
            telling = asyncio.create_task(next_told(body))
            await asyncio.sleep(0.05)
            data = (pydicom_data / "test_files/CT_small.dcm").read_bytes()
            await archive.receive_file(data, Source("import"))
            await archive.settle()
            async with asyncio.timeout(20):
                told = await telling
                gone.set()
                assert await next_told(body) is None
            return told
        finally:
            await archive.close()

    told = asyncio.run(look())
    assert told["studies"] in ([], ["1.3.6.1.4.1.5962.1.2.1.20040119072730.12322"])


def test_streams_end_when_the_node_closes(tmp_path: Path) -> None:
    async def look() -> Any:
        archive = await Archive.open(Settings(tmp_path))
        live = Live(archive)
        try:
            body = (await stream_of(live, asyncio.Event())).body
            await anext(body)
            telling = asyncio.create_task(next_told(body))
            await asyncio.sleep(0.05)
            await live.close()
            async with asyncio.timeout(20):
                return await telling
        finally:
            await archive.close()

    assert asyncio.run(look()) is None
