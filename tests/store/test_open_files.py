"""Descriptors are kept and given up in the order of their use."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from chiasm.store.open_files import OpenFiles


def test_those_used_last_stay_open(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in "abc"]
    for path in paths:
        Path(path).write_text(path)
    files = OpenFiles(2)
    first, second = files.descriptor(paths[0]), files.descriptor(paths[1])
    assert files.descriptor(paths[0]) == first
    third = files.descriptor(paths[2])  # in the place of the second
    assert files.descriptor(paths[0]) == first
    assert [os.pread(one, 1000, 0).decode() for one in (first, third)] == [paths[0], paths[2]]
    if third != second:
        with pytest.raises(OSError, match="descriptor"):
            os.fstat(second)
    files.close()
    for one in (first, third):
        with pytest.raises(OSError, match="descriptor"):
            os.fstat(one)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    files = OpenFiles()
    with pytest.raises(FileNotFoundError):
        files.descriptor(str(tmp_path / "none"))
    files.close()


def test_what_is_in_memory_is_read_and_nothing_beyond(tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(bytes(range(200)))
    files = OpenFiles()
    found = files.read(str(path), 10, 50)
    assert found in (None, bytes(range(10, 60)))  # None where the file system cannot tell
    if found is not None:
        with pytest.raises(OSError, match="shorter"):
            files.read(str(path), 150, 51)
    files.close()


def test_what_would_have_to_wait_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise BlockingIOError(errno.EAGAIN, "it would have to wait")

    path = tmp_path / "object"
    path.write_bytes(b"some")
    files = OpenFiles()
    monkeypatch.setattr(os, "preadv", refuse)
    assert files.read(str(path), 0, 4) is None
    files.close()
