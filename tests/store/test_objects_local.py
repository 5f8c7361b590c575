"""Objects as files: named at random, whole or absent."""

import asyncio
import os
import re

import pytest

from chiasm.errors import ServiceError, UsageError
from chiasm.store.objects_local import LocalObjects


@pytest.fixture
def store(tmp_path):
    store = LocalObjects(tmp_path)
    yield store
    store.close()


def put(store, *pieces):
    writer = store.create()
    for piece in pieces:
        writer.write(piece)
    asyncio.run(writer.commit())
    return writer


def test_an_object_is_read_whole_and_in_parts(store):
    content = bytes(range(256)) * 20_000  # larger than what is held before it is written
    writer = put(store, content[:3], memoryview(content)[3:4_000_000], content[4_000_000:])
    assert (writer.size, store.path(writer.key).read_bytes()) == (len(content), content)

    async def read():
        pieces = [piece async for piece in store.stream(writer.key, 10, 2_500_000)]
        return await store.read(writer.key), await store.read(writer.key, 5, 3), pieces

    whole, part, pieces = asyncio.run(read())
    assert (whole, part) == (content, content[5:8])
    assert b"".join(pieces) == content[10:2_500_010]
    assert max(map(len, pieces)) <= 1 << 20


def test_names_are_random_and_never_from_what_is_stored(store):
    keys = [put(store, b"x").key for _ in range(300)]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[0-9a-f]{2}/[0-9a-f]{32}\.dcm", key) for key in keys)


def test_an_abandoned_object_is_gone(store):
    writer = store.create()
    writer.write(bytes(2 << 20))
    writer.abandon()
    assert not store.path(writer.key).exists()


def test_objects_are_listed_until_they_are_deleted(store):
    key = put(store, b"abc").key

    async def listed():
        return [found async for found in store.listed()]

    assert asyncio.run(listed()) == [(key, 3)]
    asyncio.run(store.delete(key))
    asyncio.run(store.delete(key))
    assert asyncio.run(listed()) == []


def test_what_is_not_there_is_told(store):
    with pytest.raises(ServiceError) as caught:
        asyncio.run(store.read("ab/none.dcm"))
    assert caught.value.failure.name == "no-such-object"


def test_a_place_that_cannot_hold_objects_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError):
        LocalObjects(tmp_path / "file" / "below")


def test_an_object_arrived_when_its_file_was_written(tmp_path):
    objects = LocalObjects(tmp_path)
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab/c.dcm").write_bytes(b"x")
    os.utime(tmp_path / "ab/c.dcm", (5, 1_000_000_000))
    assert objects.arrived("ab/c.dcm") == 1_000_000_000
    assert objects.arrived("ab/d.dcm") is None
    objects.close()
