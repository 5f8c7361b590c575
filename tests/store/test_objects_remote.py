"""Objects in a bucket: an S3-compatible server where `make services` has started one, memory otherwise."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from chiasm.errors import ServiceError, UsageError
from chiasm.store.objects_remote import RemoteObjects, new_key, time_of


def environment():
    path = Path(__file__).parents[2] / "out/services/env"
    lines = path.read_text().splitlines() if path.exists() else []
    return {**dict(line.split("=", 1) for line in lines if "=" in line), **os.environ}


@pytest.fixture
def store(tmp_path):
    known = environment()
    if "CHIASM_TEST_S3" not in known:
        pytest.skip("no S3-compatible server (make services)")
    options = {
        "endpoint": known["CHIASM_TEST_S3"],
        "access_key_id": known["CHIASM_TEST_S3_KEY"],
        "secret_access_key": known["CHIASM_TEST_S3_SECRET"],
        "region": known["CHIASM_TEST_S3_REGION"],
    }
    store = RemoteObjects(f"s3://{known['CHIASM_TEST_S3_BUCKET']}", tmp_path / "scratch", options)
    try:
        asyncio.run(store.read("no/such.dcm"))
    except ServiceError as error:
        if error.failure.name == "unavailable":
            pytest.skip("the S3-compatible server does not answer (make services)")
    return store


@pytest.mark.parametrize("size", [1, 300_000, 20_000_000])
def test_an_object_comes_back_whole_in_parts_and_is_deleted(store, size):
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]

    async def work():
        writer = store.create()
        for start in range(0, size, 70_000):
            writer.write(content[start : start + 70_000])
        await writer.commit()
        whole = await store.read(writer.key)
        part = await store.read(writer.key, size // 2, 10)
        pieces = [piece async for piece in store.stream(writer.key, size // 3, 1000)]
        listed = {key: size async for key, size in store.listed()}
        await store.delete(writer.key)
        await store.delete(writer.key)
        with pytest.raises(ServiceError) as caught:
            await store.read(writer.key)
        return whole, part, b"".join(pieces), listed[writer.key], caught.value.failure.name

    whole, part, pieces, listed, failure = asyncio.run(work())
    assert whole == content
    assert part == content[size // 2 : size // 2 + 10]
    assert pieces == content[size // 3 : size // 3 + 1000]
    assert (listed, failure) == (size, "no-such-object")


def test_a_mark_is_written_once_and_is_no_object(tmp_path):
    store = RemoteObjects(f"file://{tmp_path}", tmp_path / "scratch", {})

    async def work():
        assert await store.mark() == ""
        assert await store.mark("first") == "first"
        assert await store.mark("second") == "first"
        return [one async for one in store.listed()]

    assert asyncio.run(work()) == []


def test_a_server_that_is_not_there_is_told(tmp_path):
    options = {
        "endpoint": "http://127.0.0.1:9",
        "access_key_id": "x",
        "secret_access_key": "y",
        "region": "z",
    }
    store = RemoteObjects("s3://none", tmp_path, options)
    store_writer = store.create()
    store_writer.abandon()
    with pytest.raises(ServiceError) as caught:
        asyncio.run(store.read("ab/c.dcm", 0, 3))
    assert caught.value.failure.name == "unavailable"
    with pytest.raises(ServiceError):
        asyncio.run(store.mark("x"))
    with pytest.raises(ServiceError):
        asyncio.run(anext(aiter(store.listed())))


def test_a_url_of_another_kind_is_refused(tmp_path):
    with pytest.raises(UsageError):
        RemoteObjects("gopher://x", tmp_path, {})


def test_the_name_of_an_object_tells_when_it_arrived():
    """To the millisecond, by its last twelve digits; names of the form used before tell nothing."""
    keys = {new_key(1_700_000_000.125) for _ in range(100)}
    assert len(keys) == 100
    assert {time_of(key) for key in keys} == {1_700_000_000.125}
    assert all(key.endswith(f"-{1_700_000_000_125:012x}.dcm") for key in keys)
    assert len({key[:2] for key in keys}) > 10
    old = "3f/3f2504e04f8941d39a0c0305e82c3301.dcm"
    assert [time_of(key) for key in (old, "", "chiasm-archive")] == [None] * 3


def test_the_time_is_that_of_the_end_of_receiving(tmp_path):
    (tmp_path / "bucket").mkdir()
    store = RemoteObjects((tmp_path / "bucket").as_uri(), tmp_path / "scratch", {})

    async def work():
        writer = store.create()
        writer.write(b"all of it")
        before = time.time()
        await writer.commit()
        return before, writer.key, await store.read(writer.key)

    before, key, content = asyncio.run(work())
    assert content == b"all of it"
    assert time_of(key) >= int(before * 1000) / 1000
    assert [path.relative_to(tmp_path / "bucket") for path in (tmp_path / "bucket").rglob("*.dcm")] == [
        Path(key)
    ]
