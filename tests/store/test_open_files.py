"""Descriptors are kept and given up in the order of their use."""

from __future__ import annotations

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
