"""Large objects of a bucket: fetched once for all who ask, kept a while, tried again after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from chiasm.errors import ServiceError
from chiasm.model import Location
from chiasm.services.fetched import Fetched


def location(key: str, size: int = 8) -> Location:
    return Location(key, size, 0, b"", "1.2.840.10008.1.2.1", "1.2", f"1.2.{key}", "1.3", "1.4")


class Bucket:
    """Gives eight bytes of each key; `failures` is how often it fails before."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failures = 0
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        self.asked.append(key)
        await self.go_on.wait()
        if self.failures:
            self.failures -= 1
            raise ServiceError("unavailable", "the bucket is away")
        yield key.encode() * 4
        yield key.encode() * 4


def run(tmp_path, work, most=24):
    async def all_of_it():
        bucket = Bucket()
        fetched = Fetched(bucket, tmp_path, most)
        try:
            return await work(fetched, bucket)
        finally:
            await fetched.close()
            assert list(tmp_path.iterdir()) == []

    return asyncio.run(all_of_it())


def test_all_who_ask_get_the_same_and_it_is_fetched_once(tmp_path):
    async def work(fetched, bucket):
        bucket.go_on.clear()
        waiting = [asyncio.create_task(fetched.mapped(location("a"))) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()  # who goes away takes nothing from the others
        bucket.go_on.set()
        first, second = await asyncio.gather(*waiting[1:])
        assert first is second
        assert first[:] == b"aaaaaaaa"
        assert (await fetched.mapped(location("a"))) is first
        return bucket.asked

    assert run(tmp_path, work) == ["a"]


def test_what_was_not_asked_for_longest_goes_and_stays_with_who_reads_it(tmp_path):
    async def work(fetched, bucket):
        first = await fetched.mapped(location("a"))
        for key in "bcad":  # a is asked for again, so b goes
            await fetched.mapped(location(key))
        await fetched.mapped(location("a"))
        await fetched.mapped(location("b"))
        assert first[:] == b"aaaaaaaa"
        return bucket.asked

    assert run(tmp_path, work) == ["a", "b", "c", "d", "b"]


def test_one_larger_than_all_that_is_kept_is_given_and_kept_alone(tmp_path):
    async def work(fetched, bucket):
        for key in "aab":
            await fetched.mapped(location(key))
        return bucket.asked

    assert run(tmp_path, work, most=4) == ["a", "b"]


def test_a_failure_is_told_and_not_kept(tmp_path):
    async def work(fetched, bucket):
        bucket.failures = 1
        with pytest.raises(ServiceError, match="away"):
            await fetched.mapped(location("a"))
        with pytest.raises(ServiceError, match="8 bytes of 9"):
            await fetched.mapped(location("b", 9))
        return (await fetched.mapped(location("a")))[:]

    assert run(tmp_path, work) == b"aaaaaaaa"


def test_no_room_is_told_as_that(tmp_path):
    async def work(fetched, bucket):
        with pytest.raises(ServiceError) as caught:
            await fetched.mapped(location("a"))
        return caught.value.failure.name

    async def all_of_it():
        return await work(Fetched(Bucket(), tmp_path / "absent"), None)

    assert asyncio.run(all_of_it()) == "out-of-resources"
