"""Files on their way to a folder or into a zip archive; what could not be read leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import IO

from ..errors import ChiasmError, UsageError
from .media import File
from .zip_stream import ZipStream

Heard = Callable[[File], None]


async def to_folder(files: AsyncIterator[File], folder: Path, heard: Heard) -> None:
    """Write the files below a folder that is new or empty. UsageError where it is neither, or is full."""
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError("there is something in it already", source=str(folder), hint="name a new folder")
    async for file in files:
        path = folder.joinpath(*file.name)
        with _told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            stream = path.open("xb")
        with _told(path), stream:
            async for chunk in _read(file):
                stream.write(chunk)
        if file.failed:
            path.unlink()
            continue
        heard(file)


async def to_archive(files: AsyncIterator[File], path: Path, heard: Heard) -> None:
    """Write the files into a zip archive, which is at its place once it is whole.

    UsageError where something is there already, or it cannot be written.
    """
    if path.exists():
        raise UsageError("it is there already", source=str(path), hint="name a new file")
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".chiasm-")
    try:
        with _told(path):
            with os.fdopen(handle, "wb") as stream:
                await _pack(files, stream, heard)
            mask = os.umask(0)
            os.umask(mask)
            Path(name).chmod(0o666 & ~mask)
            Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


async def _pack(files: AsyncIterator[File], stream: IO[bytes], heard: Heard) -> None:
    archive = ZipStream()
    async for file in files:
        stream.write(archive.begin("/".join(file.name), file.size, squeezed=not file.is_compressed))
        async for chunk in _read(file):
            stream.write(archive.write(chunk))
        if file.failed:
            stream.seek(archive.drop())
            stream.truncate()
            continue
        stream.write(archive.end())
        heard(file)
    stream.write(archive.close())


async def zipped(files: AsyncIterator[File]) -> AsyncGenerator[bytes, None]:
    """The bytes of a zip archive of the files as they are read, for who cannot go back.

    A file that cannot be read at all is left out, and `failed`. ChiasmError or OSError where one cannot be
    read to its end: the archive must then be cut off.
    """
    archive, squeeze = ZipStream(), asyncio.to_thread
    async for file in files:
        chunks = file.chunks
        try:
            chunk = await anext(chunks, b"")
        except (ChiasmError, OSError) as error:
            file.failed.append(str(error))
            continue
        yield archive.begin("/".join(file.name), file.size, squeezed=not file.is_compressed)
        while chunk:
            packed = await squeeze(archive.write, chunk)
            if packed:
                yield packed
            chunk = await anext(chunks, b"")
        yield archive.end()
    yield archive.close()


async def _read(file: File) -> AsyncIterator[bytes]:
    """The bytes of a file; where they cannot be read, `failed` says why and nothing more comes."""
    try:
        async for chunk in file.chunks:
            yield chunk
    except (ChiasmError, OSError) as error:
        file.failed.append(str(error))


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the system says of a place that cannot be written to, as UsageError."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"it cannot be written: {error.strerror}", source=str(path)) from error
