"""Files as a source of objects: what an archive answers of its own, answered of DICOM files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from .. import dicom
from ..dicom import Package
from ..errors import ChiasmError, UsageError
from ..model import Location

_CHUNK = 1 << 20


class FileHoldings:
    """The objects of some files; the key of a Location is the path."""

    scratch: Path | None = None

    async def header(self, location: Location) -> Package:
        """The object, parsed; a large one is mapped, so that pixel data is not read."""
        return dicom.read_file(location.key)

    async def whole(self, location: Location) -> Package:
        """As `header`."""
        return dicom.read_file(location.key)

    async def stream_object(
        self, location: Location, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """The bytes of the file from one on, in pieces of 1 MB."""
        left = location.size - start if length is None else length
        with Path(location.key).open("rb") as file:
            file.seek(start)
            while left > 0:
                piece = await asyncio.to_thread(file.read, min(left, _CHUNK))
                if not piece:
                    raise UsageError("the file became shorter while it was read", source=location.key)
                left -= len(piece)
                yield piece


def located(path: Path) -> Location:
    """What an archive would know of a file. ChiasmError for what is no object of a study."""
    return _located(path, dicom.read_file(path))


def _located(path: Path, package: Package) -> Location:
    size = path.stat().st_size
    found = [_uid(package, tag) for tag in (0x00080016, 0x00080018, 0x0020000E, 0x0020000D)]
    for name, value in zip(("SOP class", "SOP instance", "series", "study"), found, strict=True):
        if not value:
            raise UsageError(f"it has no {name} UID", source=str(path), rule="PS3.3 §A.1.4")
    sop_class, sop_instance, series, study = found
    start = package.header.stop if package.preamble is not None else 0
    syntax = package.transfer_syntax.uid
    return Location(str(path), size, start, b"", syntax, sop_class, sop_instance, series, study)


def located_all(paths: Iterable[Path]) -> tuple[list[Location], list[tuple[str, str]]]:
    """The objects of files by study, series and instance number, and what is none with the reason.

    Of several files of one SOP instance the first counts.
    """
    found: dict[str, tuple[tuple[int, int, str, int, str], Location]] = {}
    refused: list[tuple[str, str]] = []
    studies: dict[str, int] = {}
    for path in paths:
        try:
            package = dicom.read_file(path)
            location = _located(path, package)
            if location.sop_instance in found:
                raise UsageError("the same object is in another file", source=str(path))
        except (ChiasmError, OSError) as error:
            refused.append((str(path), error.message if isinstance(error, ChiasmError) else str(error)))
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
