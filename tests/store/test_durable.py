"""What makes files durable: whole writes, whole folders, and a begin that promises nothing."""

from __future__ import annotations

import os

import pytest

from chiasm.store import durable
from chiasm.store.durable import begin_writing, sync_file_system, sync_folder, write_all


@pytest.fixture
def file(tmp_path):
    file = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield file
    os.close(file)


def test_all_is_written_however_little_the_system_takes_at_a_time(file, monkeypatch):
    whole = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, position: whole(file, data[:7], position))
    write_all(file, b"0123456789" * 5, 3)
    assert os.pread(file, 100, 0) == bytes(3) + b"0123456789" * 5


def test_to_begin_changes_nothing_that_is_read(file):
    os.write(file, b"abc" * 10_000)
    begin_writing(file)
    assert os.pread(file, 30_000, 0) == b"abc" * 10_000


def test_a_system_without_such_a_call_does_nothing(file, monkeypatch):
    monkeypatch.setattr(durable, "_begin", None)
    begin_writing(file)


def test_a_folder_and_its_file_system_are_synced_and_one_that_is_not_there_is_told(tmp_path):
    sync_folder(tmp_path)
    sync_file_system(tmp_path)
    for sync in (sync_folder, sync_file_system):
        with pytest.raises(FileNotFoundError):
            sync(tmp_path / "none")


def test_what_the_file_system_lost_is_told(tmp_path, monkeypatch):
    class Library:
        def syncfs(self, handle):
            return -1

    monkeypatch.setattr(durable, "_LIBRARY", Library())
    monkeypatch.setattr("ctypes.get_errno", lambda: 5)
    with pytest.raises(OSError, match="Input/output error"):
        sync_file_system(tmp_path)


def test_a_system_without_syncfs_syncs_all(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(durable, "_LIBRARY", object())
    monkeypatch.setattr(os, "sync", lambda: synced.append(1))
    sync_file_system(tmp_path)
    assert synced == [1]
