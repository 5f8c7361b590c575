"""Files as a source of objects: what an archive answers of its own, answered of DICOM files.

A file is a path, or something held elsewhere, as a member of a zip archive is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from .. import dicom
from ..dicom import Package
from ..errors import ChiasmError, UsageError
from ..model import Location

_CHUNK = 1 << 20


class Held(Protocol):
    """A file that lies elsewhere; nothing of it is kept in memory between the calls."""

    @property
    def name(self) -> str:
        """Its name for people, unlike that of any other."""

    @property
    def size(self) -> int:
        """How many bytes it has."""

    def package(self) -> Package:
        """It, parsed. ChiasmError where it cannot be read."""

    def pieces(self, start: int) -> Iterator[bytes]:
        """Its bytes from one on, in pieces of 1 MB. ChiasmError where they cannot be read."""


class FileHoldings:
    """The objects of some files; the key of a Location is the path, or the name of what is held elsewhere."""

    def __init__(self, held: Mapping[str, Held] | None = None) -> None:
        self._held = held or {}

    scratch: Path | None = None

    async def header(self, location: Location) -> Package:
        """The object, parsed; a large one is mapped, so that pixel data is not read."""
        held = self._held.get(location.key)
        return dicom.read_file(location.key) if held is None else await asyncio.to_thread(held.package)

    async def whole(self, location: Location) -> Package:
        """As `header`."""
        return await self.header(location)

    async def stream_object(
        self, location: Location, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """The bytes of the file from one on, in pieces of 1 MB."""
        left = location.size - start if length is None else length
        if (held := self._held.get(location.key)) is not None:
            async for piece in _some(held.pieces(start), left):
                yield piece
            return
        with Path(location.key).open("rb") as file:
            file.seek(start)
            while left > 0:
                piece = await asyncio.to_thread(file.read, min(left, _CHUNK))
                if not piece:
                    raise UsageError("the file became shorter while it was read", source=location.key)
                left -= len(piece)
                yield piece


async def _some(pieces: Iterator[bytes], left: int) -> AsyncIterator[bytes]:
    """The first `left` bytes, each piece fetched in a thread."""
    while left > 0 and (piece := await asyncio.to_thread(next, pieces, b"")):
        yield piece[:left]
        left -= len(piece)


def located(file: Path | Held) -> Location:
    """What an archive would know of a file. ChiasmError for what is no object of a study."""
    return _located(file, _package(file))


def _package(file: Path | Held) -> Package:
    return dicom.read_file(file) if isinstance(file, Path) else file.package()


def _located(file: Path | Held, package: Package) -> Location:
    name, size = (str(file), file.stat().st_size) if isinstance(file, Path) else (file.name, file.size)
    found = [_uid(package, tag) for tag in (0x00080016, 0x00080018, 0x0020000E, 0x0020000D)]
    for kind, value in zip(("SOP class", "SOP instance", "series", "study"), found, strict=True):
        if not value:
            raise UsageError(f"it has no {kind} UID", source=name, rule="PS3.3 §A.1.4")
    sop_class, sop_instance, series, study = found
    start = package.header.stop if package.preamble is not None else 0
    syntax = package.transfer_syntax.uid
    return Location(name, size, start, b"", syntax, sop_class, sop_instance, series, study)


def located_all(files: Iterable[Path | Held]) -> tuple[list[Location], list[tuple[str, str]]]:
    """The objects of files by study, series and instance number, and what is none with the reason.

    Of several files of one SOP instance the first counts.
    """
    found: dict[str, tuple[tuple[int, int, str, int, str], Location]] = {}
    refused: list[tuple[str, str]] = []
    studies: dict[str, int] = {}
    for file in files:
        name = str(file) if isinstance(file, Path) else file.name
        try:
            package = _package(file)
            location = _located(file, package)
            if location.sop_instance in found:
                raise UsageError("the same object is in another file", source=name)
        except (ChiasmError, OSError) as error:
            refused.append((name, error.message if isinstance(error, ChiasmError) else str(error)))
            continue
        study = studies.setdefault(location.study, len(studies))
        series, instance = _number(package, 0x00200011), _number(package, 0x00200013)
        order = (study, series, location.series, instance, location.sop_instance)
        found[location.sop_instance] = (order, location)
    return [one for _, one in sorted(found.values(), key=lambda both: both[0])], refused


def _uid(package: Package, tag: int) -> str:
    value = package.data.get(tag)
    return value.strip() if isinstance(value, str) else ""


def _number(package: Package, tag: int) -> int:
    text = str(package.data.get(tag) or "").strip()
    return int(text) if text.removeprefix("-").isdecimal() and len(text) < 12 else 0
