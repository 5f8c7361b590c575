"""An output is there whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from chiasm.app import writing
from chiasm.app.writing import write
from chiasm.errors import EncodeError


def test_folders_are_made_and_files_replaced(tmp_path, files_of):
    path = tmp_path / "a" / "b" / "c.hl7"
    write(path, b"one")
    write(path, b"two")
    assert path.read_bytes() == b"two"
    assert files_of(tmp_path) == ["a/b/c.hl7"]


def test_rights_are_those_that_the_user_gives_new_files(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "x", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_what_is_cut_off_leaves_the_old_file_and_nothing_beside_it(tmp_path, files_of, monkeypatch, error):
    write(tmp_path / "x", b"old")

    def fail(_):
        raise error

    monkeypatch.setattr(writing.os, "fsync", fail)
    with pytest.raises((KeyboardInterrupt, EncodeError)):
        write(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_bytes() == b"old"
    assert files_of(tmp_path) == ["x"]


def test_a_link_is_followed_and_a_device_written_to(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    (tmp_path / "null").symlink_to(os.devnull)
    write(tmp_path / "null", b"gone")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.parametrize("name", ["folder", "file/below", "loop", "x" * 300, "a\0b"])
def test_what_cannot_be_written_is_an_encode_error(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(EncodeError, match="cannot be written"):
        write(tmp_path / name, b"x")
