"""Bytes on their way out: what the archive cannot give is never taken for a fault of the peer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from chiasm.errors import ServiceError
from chiasm.net.routing_source import Source, Unreadable


async def pieces(*given: bytes | Exception) -> AsyncIterator[bytes]:
    for one in given:
        if isinstance(one, Exception):
            raise one
        yield one


async def read(*given: bytes | Exception) -> bytes:
    source = await Source.begin(pieces(*given))
    return b"".join([piece async for piece in source])


def test_all_pieces_come_in_their_order() -> None:
    assert asyncio.run(read(b"one", b"", b"two")) == b"onetwo"
    assert asyncio.run(read()) == b""


@pytest.mark.parametrize("error", [FileNotFoundError("gone"), ServiceError("unavailable", "gone")])
def test_what_cannot_be_begun_and_what_breaks_off_differ(error: Exception) -> None:
    with pytest.raises(type(error), match="gone"):
        asyncio.run(read(error))
    with pytest.raises(Unreadable, match="gone"):
        asyncio.run(read(b"one", error))
