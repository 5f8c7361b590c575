"""Where files go: folders and archives, and what stays when something fails."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chiasm.errors import ServiceError, UsageError
from chiasm.services.media import File
from chiasm.services.media_writing import to_archive, to_folder, zipped


async def _pieces(*pieces: bytes | Exception) -> AsyncIterator[bytes]:
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece


async def _files(broken: bool = False) -> AsyncIterator[File]:
    yield File(("a", "one"), _pieces(b"12", b"345"), 5)
    if broken:
        yield File(("a", "two"), _pieces(b"x" * 100_000, ServiceError("no-such-object", "it went")), None)
    yield File(("b", "three"), _pieces(b"67"), 2, is_compressed=True)


def test_into_a_folder(tmp_path: Path) -> None:
    heard: list[File] = []
    asyncio.run(to_folder(_files(broken=True), tmp_path / "new" / "out", heard.append))
    found = {
        str(path.relative_to(tmp_path / "new" / "out")): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert found == {"a/one": b"12345", "b/three": b"67"}
    assert [file.name[-1] for file in heard] == ["one", "three"]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(UsageError, match="something in it"):
        asyncio.run(to_folder(_files(), tmp_path, lambda _: None))
    with pytest.raises(UsageError, match="cannot be written"):
        asyncio.run(to_folder(_files(), tmp_path / "mine", lambda _: None))
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_into_an_archive(tmp_path: Path) -> None:
    """What broke off in the middle is taken out again."""
    path, heard = tmp_path / "out.zip", list[File]()
    asyncio.run(to_archive(_files(broken=True), path, heard.append))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "a/one": b"12345",
            "b/three": b"67",
        }
    assert [file.name[-1] for file in heard] == ["one", "three"]
    assert [one.name for one in tmp_path.iterdir()] == ["out.zip"]
    with pytest.raises(UsageError, match="already"):
        asyncio.run(to_archive(_files(), path, lambda _: None))


def test_an_archive_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def stop(file: File) -> None:
        raise UsageError("stop")

    with pytest.raises(UsageError, match="stop"):
        asyncio.run(to_archive(_files(), tmp_path / "out.zip", stop))
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_streams() -> None:
    async def run() -> bytes:
        return b"".join([piece async for piece in zipped(_files())])

    with zipfile.ZipFile(io.BytesIO(asyncio.run(run()))) as archive:
        assert archive.testzip() is None
        assert archive.read("b/three") == b"67"


def test_a_stream_that_cannot_go_on_is_cut_off() -> None:
    async def run() -> None:
        async for _ in zipped(_files(broken=True)):
            pass

    with pytest.raises(ServiceError, match="it went"):
        asyncio.run(run())


def test_a_file_that_never_began_is_left_out_of_a_stream() -> None:
    async def files() -> AsyncIterator[File]:
        yield File(("a",), _pieces(ServiceError("no-such-object", "it is gone")))
        yield File(("b",), _pieces(b"1"))
        yield File(("c",), _pieces())

    async def run() -> bytes:
        return b"".join([piece async for piece in zipped(files())])

    with zipfile.ZipFile(io.BytesIO(asyncio.run(run()))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {"b": b"1", "c": b""}
