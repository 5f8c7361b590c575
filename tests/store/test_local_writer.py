"""One object on its way into its file: held while it is small, durable once it is committed."""

import asyncio
import errno
import os

import pytest

from chiasm.store.local_writer import BUFFER
from chiasm.store.objects_local import LocalObjects


@pytest.fixture
def store(tmp_path):
    store = LocalObjects(tmp_path)
    yield store
    store.close()


def test_a_small_object_is_held_and_placed_a_large_one_is_written_as_it_comes(store):
    small, large = store.create(), store.create()
    small.write(b"abc")
    assert bytes(small.content) == b"abc"
    assert small.head(2) == b"ab"
    assert not store.path(small.key).exists()
    small.place()
    assert store.path(small.key).read_bytes() == b"abc"
    small.close()
    large.write(b"begins")
    large.write(bytes(BUFFER - 6))
    assert large.content is not None
    large.write(b"x")
    assert large.content is None
    assert len(large.head(2 * BUFFER)) == BUFFER
    assert store.path(large.key).stat().st_size == BUFFER + 1
    large.abandon()
    at_once = store.create()
    at_once.write(b"begins")
    at_once.write(b"x" * BUFFER)
    assert at_once.head(BUFFER) == b"begins" + b"x" * (BUFFER - 6)
    at_once.abandon()


def test_what_was_held_is_used_again_and_shows_nothing_of_before(store):
    first = store.create()
    first.write(b"a secret that is long")
    first.place()
    first.close()
    second = store.create()
    second.write(b"b")
    assert (bytes(second.content), second.head(100)) == (b"b", b"b")
    second.abandon()


@pytest.mark.parametrize("size", [3, BUFFER, BUFFER + 1])
def test_a_committed_object_is_whole_in_its_file(store, size):
    writer = store.create()
    content = os.urandom(size)
    for start in range(0, size, 300_000):
        writer.write(memoryview(content)[start : start + 300_000])
    asyncio.run(writer.commit())
    assert writer.size == size
    assert store.path(writer.key).read_bytes() == content


def test_no_half_of_a_file_is_left_where_there_is_no_room(store, monkeypatch):
    writer = store.create()
    writer.write(b"abc")

    def full(file, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            writer.place()
    assert not store.path(writer.key).exists()
    writer.place()
    assert store.path(writer.key).read_bytes() == b"abc"
