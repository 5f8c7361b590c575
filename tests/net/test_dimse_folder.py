"""Objects that a peer gives become files: whole or not at all, never written over, never elsewhere."""

from __future__ import annotations

import errno
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pydicom
import pytest

from chiasm.errors import ServiceError
from chiasm.net.dimse_client import Incoming
from chiasm.net.dimse_folder import Folder, Writing, is_uid
from chiasm.protocols.association import Context
from chiasm.protocols.commands import STORE, Command

EXPLICIT, IMPLICIT, CT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.5.1.4.1.1.2"


def incoming(instance: str, syntax: str = EXPLICIT) -> Incoming:
    command = Command(STORE, True, 1, affected_class=CT, affected_instance=instance)
    client = cast("Any", SimpleNamespace(called="ARCHIVE"))
    return Incoming(client, Context(1, CT, syntax, False, True), command)


@pytest.fixture
def data(pydicom_data: Path) -> bytes:
    """The data set of a CT."""
    content = (pydicom_data / "test_files" / "CT_small.dcm").read_bytes()
    start = content.index(b"\x08\0\x05\0CS")
    return content[start:]


def written(folder: Folder, data: bytes, instance: str = "1.2.3", syntax: str = EXPLICIT) -> Any:
    sink = folder.begin(incoming(instance, syntax))
    for at in range(0, len(data), 999):
        sink.write(memoryview(data)[at : at + 999])
    return sink.settle()


def test_it_is_a_part_10_file_that_pydicom_reads(tmp_path: Path, data: bytes, pydicom_data: Path) -> None:
    kept = written(Folder(tmp_path, "1.2"), data)
    assert (kept.state, kept.status, kept.path) == ("written", 0, tmp_path / "1.2" / "1.2.3.dcm")
    read = pydicom.dcmread(kept.path)
    assert read == pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    assert read.file_meta.MediaStorageSOPInstanceUID == "1.2.3"
    assert read.file_meta.TransferSyntaxUID == EXPLICIT
    assert read.file_meta.SourceApplicationEntityTitle == "ARCHIVE"


def test_the_same_is_there_once_and_another_lies_beside_it(tmp_path: Path, data: bytes) -> None:
    folder = Folder(tmp_path, "1.2")
    first = written(folder, data)
    assert written(folder, data).state == "here"
    other = written(folder, data[:-1] + b"\x55")
    assert (other.state, other.path.name, other.status) == ("beside", "1.2.3.2.dcm", 0)
    assert written(folder, data[:-1] + b"\x55").state == "here"
    assert written(folder, data, syntax=IMPLICIT).state == "beside"  # other bytes, whatever they mean
    assert first.path.read_bytes().endswith(data)
    assert sorted(path.name for path in folder.path.iterdir()) == ["1.2.3.2.dcm", "1.2.3.3.dcm", "1.2.3.dcm"]
    assert folder.holds("1.2.3")
    assert not folder.holds("1.2.4")


@pytest.mark.parametrize("uid", ["", ".", "..", "../1", "1/2", "1.2\0", "1..2", "1.2.", "a", "1" * 65, "1\n"])
def test_what_is_no_uid_names_no_file(tmp_path: Path, uid: str) -> None:
    assert not is_uid(uid)
    with pytest.raises(ServiceError):
        Folder(tmp_path / "out", uid)
    kept = written(Folder(tmp_path / "in", "1.2"), b"x" * 10, uid)
    assert (kept.state, kept.status) == ("failed", 0x0117)
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "1.2"]


def test_a_real_uid_is_one() -> None:
    assert is_uid("1.2.840.10008.1.1")
    assert is_uid("2.25." + "9" * 39)
    assert is_uid("1.02.3")  # wrong, and frequent


def test_nothing_is_left_of_what_did_not_come_whole(tmp_path: Path, data: bytes) -> None:
    folder = Folder(tmp_path, "1.2")
    sink = folder.begin(incoming("1.2.3"))
    sink.write(memoryview(data)[:500])
    sink.abandon()
    sink.write(memoryview(data)[500:])
    assert list(folder.path.iterdir()) == []
    assert sink.settle().state == "failed"


def test_a_full_disk_is_told_to_the_peer(
    tmp_path: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path, "1.2")
    sink = folder.begin(incoming("1.2.3"))

    def full(self: Writing, data: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Writing, "_write", full)
    sink.write(memoryview(data))
    kept = sink.settle()
    assert (kept.state, kept.status) == ("failed", 0xA700)
    assert "No space" in kept.message
    assert list(folder.path.iterdir()) == []


def test_a_file_system_without_links_serves_as_well(
    tmp_path: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.link", none)
    folder = Folder(tmp_path, "1.2")
    assert [written(folder, data).state for _ in range(2)] == ["written", "here"]
    assert [path.name for path in folder.path.iterdir()] == ["1.2.3.dcm"]


def test_where_no_folder_can_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ServiceError, match="cannot be made"):
        Folder(tmp_path / "file", "1.2")
