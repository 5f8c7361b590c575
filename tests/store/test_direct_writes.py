"""Writes that the kernel carries out: whole, where they should go, and told when they have ended."""

from __future__ import annotations

import errno
import os
import platform
import select

import pytest

from chiasm.store import direct_writes
from chiasm.store.direct_writes import open_direct
from chiasm.store.pages import pages


@pytest.fixture
def direct():
    found = open_direct()
    if found is None:
        pytest.skip("the system has no asynchronous writes")
    yield found
    found.finish()
    found.close()


@pytest.fixture
def file(tmp_path):
    file = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT | os.O_DSYNC)
    os.ftruncate(file, 1 << 20)
    yield file
    os.close(file)


def until_ended(direct):
    assert select.select([direct.event], [], [], 20)[0]
    return direct.ended()


def test_parts_are_written_one_behind_the_other(direct, file):
    parts = [pages(size) for size in (4096, 40_960, 4096)]
    for number, part in enumerate(parts, 1):
        part[:] = bytes([number]) * len(part)
    for position in (0, 8192):
        direct.write(file, parts, position, position)
        assert until_ended(direct) == [(position, None)]
        assert direct.ended() == []
        assert os.pread(file, 49_152, position) == b"".join(parts)


def test_nothing_has_ended_where_nothing_was_begun(direct):
    assert direct.ended() == []
    assert not select.select([direct.event], [], [], 0)[0]


def test_what_cannot_be_written_is_told(direct, tmp_path):
    (tmp_path / "file").write_bytes(bytes(4096))
    read_only = os.open(tmp_path / "file", os.O_RDONLY)
    with pytest.raises(OSError, match="Bad file descriptor"):
        direct.write(read_only, [pages(4096)], 0, None)
    os.close(read_only)


def test_a_limit_of_the_file_system_is_told_at_the_end(direct, file):
    direct.write(file, [pages(4096)], 1 << 60, "too far")
    [(owner, error)] = until_ended(direct)
    assert (owner, error.errno) == ("too far", errno.EFBIG)


def test_several_are_under_way_at_once(direct, file):
    owners = list("abcdefgh")
    for number, owner in enumerate(owners):
        part = pages(4096)
        part[:] = owner.encode() * 4096
        direct.write(file, [part], number * 4096, owner)
    ended = []
    while len(ended) < len(owners):
        ended += until_ended(direct)
    assert sorted(ended) == [(owner, None) for owner in owners]
    assert os.pread(file, 8 * 4096, 0) == b"".join(owner.encode() * 4096 for owner in owners)


def test_finish_waits_for_what_was_begun(tmp_path):
    direct = open_direct()
    if direct is None:
        pytest.skip("the system has no asynchronous writes")
    file = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT | os.O_DSYNC)
    part = pages(1 << 20)
    part[:] = b"x" * (1 << 20)
    direct.write(file, [part], 0, None)
    direct.finish()
    assert os.pread(file, 1 << 20, 0) == bytes(part)
    direct.close()
    os.close(file)


def test_a_machine_that_is_not_known_writes_otherwise(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "pdp11")
    assert open_direct() is None


def test_a_system_that_refuses_writes_otherwise(monkeypatch):
    def refused(self):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(direct_writes.DirectWrites, "__init__", refused)
    assert open_direct() is None
