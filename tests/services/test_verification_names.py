"""What is listed and what is named are told apart, however many they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from chiasm.model import Location
from chiasm.services.verification_names import Names


def _named(key: str, instance: str) -> Location:
    return Location(key, 10, 0, b"", "1.2", "1.3", instance, "1.4", "1.5")


async def _listed(count: int) -> AsyncIterator[tuple[str, int]]:
    for number in range(count):
        yield f"{number % 256:02x}/{number:08x}.dcm", number


def test_what_is_listed_and_named() -> None:
    names = asyncio.run(Names.of(_listed(25_001)))
    keys = [key for key, _ in asyncio.run(_all(3))]
    names.name([_named(keys[0], "1"), _named(keys[1], "2"), _named("ff/gone.dcm", "2")])
    names.name([_named(keys[0], "1")])
    assert [names.size(key) for key in (keys[2], "ff/gone.dcm")] == [2, -1]
    assert (names.is_named(keys[0]), names.is_named(keys[2])) == (True, False)
    assert names.instances == 2
    left = list(names.unnamed())
    assert len(left) == 24_999
    assert left == sorted(left)
    assert keys[2] in left
    names.close()


def test_an_empty_store() -> None:
    names = asyncio.run(Names.of(_listed(0)))
    assert (list(names.unnamed()), names.instances, names.size("00/a.dcm")) == ([], 0, -1)
    names.close()


async def _all(count: int) -> list[tuple[str, int]]:
    return [pair async for pair in _listed(count)]
