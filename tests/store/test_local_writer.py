"""One object on its way into its file: held while it is small, durable once it is committed."""

import asyncio
import errno
import os

import pytest

from chiasm.store.local_writer import AHEAD, BUFFER
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


class Ahead:
    """Takes what may go ahead; `takes` says how often."""

    def __init__(self, takes: int = 100) -> None:
        self.takes, self.given, self.released = takes, [], 0

    def write(self, content):
        self.takes -= 1
        if self.takes < 0:
            return False
        self.given.append(bytes(content))
        return True

    def release(self):
        self.released += 1


def written(store, ahead, size, piece=100_000):
    store.lend = lambda: ahead
    writer, data = store.create(), os.urandom(size)
    for start in range(0, size, piece):
        writer.write(data[start : start + piece])
    return writer, data


def test_a_large_object_goes_ahead_in_steps(store):
    ahead = Ahead()
    writer, data = written(store, ahead, 900_000)
    assert writer.ahead is ahead
    assert [len(one) for one in ahead.given] == [300_000, 600_000, 900_000]
    assert ahead.given[-1] == data == bytes(writer.content)
    assert ahead.released == 0


def test_a_small_one_does_not(store):
    ahead = Ahead()
    writer, _ = written(store, ahead, AHEAD - 1)
    assert (writer.ahead, ahead.given) == (None, [])


@pytest.mark.parametrize("takes", [0, 1])
def test_one_whose_place_is_taken_back_stays(store, takes):
    ahead = Ahead(takes)
    writer, data = written(store, ahead, 900_000)
    assert (writer.ahead, len(ahead.given), ahead.released) == (None, takes, 1)
    assert bytes(writer.content) == data


def test_one_that_gets_no_place_stays_and_does_not_ask_again(store):
    asked = []
    store.lend = lambda: asked.append(1)
    writer = store.create()
    for _ in range(9):
        writer.write(bytes(100_000))
    assert (asked, writer.ahead) == ([1], None)


def test_one_that_is_too_large_to_be_held_leaves_its_place(store):
    ahead = Ahead()
    writer, data = written(store, ahead, BUFFER + 1)
    assert (writer.ahead, ahead.released, writer.content) == (None, 1, None)
    writer.commit_now()
    assert store.path(writer.key).read_bytes() == data


def test_one_that_is_abandoned_leaves_its_place(store):
    ahead = Ahead()
    writer, _ = written(store, ahead, 600_000)
    writer.abandon()
    assert (writer.ahead, ahead.released) == (None, 1)


def test_one_that_is_committed_alone_leaves_its_place(store):
    ahead = Ahead()
    writer, data = written(store, ahead, 600_000)
    writer.commit_now()
    assert (writer.ahead, ahead.released) == (None, 1)
    assert store.path(writer.key).read_bytes() == data
