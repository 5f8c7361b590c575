"""The HTTP shell: ports, shared ports, TLS off the shelf, closing while a request is under way."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from chiasm.errors import UsageError
from chiasm.net.http_server import serve_http


async def slow(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(0.2)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def test_what_is_under_way_ends_before_it_closes() -> None:
    async def run() -> bytes:
        server = await serve_http(slow, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)
        await server.close()
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", server.port)
        return answer

    assert asyncio.run(run()).endswith(b"ok")


def test_a_port_that_is_taken_is_told() -> None:
    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(UsageError, match="cannot take"):
            await serve_http(slow, "127.0.0.1", other.getsockname()[1])

    asyncio.run(run())


def test_two_share_a_port() -> None:
    async def run() -> None:
        first = await serve_http(slow, "127.0.0.1", 0, reuse_port=True)
        second = await serve_http(slow, "127.0.0.1", first.port, reuse_port=True)
        assert first.port == second.port
        await first.close()
        await second.close()

    asyncio.run(run())
