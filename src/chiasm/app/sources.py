"""Where input comes from: files, folders, patterns, archives and standard input.

What cannot be read is an input all the same: it says so when it is asked for its bytes, so that one bad
file never ends the work on the others.
"""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .. import dicom
from ..errors import ParseError, UsageError
from ..limits import DEFAULT, Limits
from .detect import standard

if TYPE_CHECKING:
    from ..dicom import Package

STDIN = "-"
_HEAD = 4096
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Source:
    """One input: its name for people, and its path, its bytes, or its number in the archive at its path.

    `place` is where it stands below what was named, for naming its output: made of paths on this machine and
    of numbers, never of an archive's names.
    `problem` says why there is nothing to read.
    """

    name: str
    path: Path | None = None
    data: bytes | None = None
    member: int | None = None
    place: str = ""
    problem: str = ""

    def head(self) -> bytes:
        """The first kilobytes. Raises ParseError for what cannot be read."""
        return self._bytes(_HEAD)

    def read(self) -> bytes:
        """All bytes. Raises ParseError for what cannot be read."""
        return self._bytes(-1)

    def standard(self) -> str:
        """Which standard it is written in."""
        return standard(self.head(), self.name)

    def package(self, limits: Limits = DEFAULT) -> Package:
        """It as DICOM, be it a file (mapped into memory, not read), JSON or XML.

        Raises ParseError for what cannot be read, and for bytes without any mark of DICOM that begin with
        a private element: programs and archives do, data sets do not, since group 0008 comes first.
        """
        package = self._package(self.standard(), limits)
        if package.preamble is None and not len(package.header):
            first = next(iter(package.data), None)
            if first is None or first.is_private:
                raise ParseError("neither a DICOM file nor a data set", source=self.name, rule="PS3.10 §7.1")
        return package

    def _package(self, form: str, limits: Limits) -> Package:
        if form in {"dicom-json", "dicom-xml"}:
            read = dicom.parse_json if form == "dicom-json" else dicom.parse_xml
            return dicom.create(read(self.read(), limits=limits, source=self.name))
        if self.path is not None and self.member is None:
            return dicom.read_file(self.path, limits=limits)
        if self.path is not None and self.member is not None:
            from .archives import unpacked

            return dicom.parse(unpacked(self.path, self.member), limits=limits, source=self.name)
        return dicom.parse(self.read(), limits=limits, source=self.name)

    def _bytes(self, count: int) -> bytes:
        if self.problem:
            raise ParseError(self.problem, source=self.name)
        if self.data is not None:
            return self.data if count < 0 else self.data[:count]
        if self.path is None:
            raise ParseError("there is nothing to read", source=self.name)
        if self.member is not None:
            from .archives import member_bytes

            return member_bytes(self.path, self.member, count)
        try:
            with self.path.open("rb") as file:
                return file.read(count)
        except OSError as error:
            raise ParseError(f"it cannot be read: {error.strerror}", source=self.name) from error


def gather(names: Sequence[str], limits: Limits = DEFAULT, *, leave: Path | None = None) -> Iterator[Source]:
    """All inputs that the names mean, in a stable order: a folder means every file below it.

    Hidden files are left alone, and so is the folder `leave`, where outputs go. Raises UsageError for a
    name that means nothing, before anything is read.
    """
    found: list[tuple[str, list[Path]]] = []
    for name in names:
        path = Path(name)
        if name == STDIN or path.exists():
            found.append((name, [path]))
            continue
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  (a pattern may be absolute)
        if not matches:
            raise UsageError("there is no such file or folder", source=name)
        found.append((name, [Path(match) for match in matches]))
    several = sum(len(paths) for _, paths in found) > 1
    return _gathered(found, several, limits, leave.absolute() if leave else None)


def _gathered(
    found: list[tuple[str, list[Path]]], several: bool, limits: Limits, leave: Path | None
) -> Iterator[Source]:
    for name, paths in found:
        if name == STDIN:
            yield Source("standard input", data=sys.stdin.buffer.read(), place="stdin")
            continue
        for path in paths:
            if not path.is_dir():
                yield from _opened(Source(str(path), path, place=path.name), limits)
                continue
            prefix = path.resolve().name if several else ""
            for one in _below(path, leave):
                if one.problem or one.path is None:
                    yield one
                    continue
                place = str(Path(prefix) / one.path.relative_to(path))
                yield from _opened(replace(one, place=place), limits)


def _below(folder: Path, leave: Path | None) -> Iterator[Source]:
    """Every file below a folder, in order; a folder that cannot be listed is told of."""
    failed: list[OSError] = []
    for at, folders, files in os.walk(folder, onerror=failed.append):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and (leave is None or (Path(at) / name).absolute() != leave)
        )
        for name in sorted(files):
            if not name.startswith("."):
                yield Source(str(Path(at) / name), Path(at) / name)
        while failed:
            error = failed.pop()
            yield Source(str(error.filename), problem=f"the folder cannot be listed: {error.strerror}")
    for error in failed:
        yield Source(str(error.filename), problem=f"the folder cannot be listed: {error.strerror}")


def _opened(source: Source, limits: Limits) -> Iterator[Source]:
    """A file, or the members of it where it is an archive."""
    path = source.path
    if path is None or not path.is_file():
        yield replace(source, problem="it is neither a file nor a folder")
        return
    try:
        zipped = source.head().startswith(_ZIP)
    except ParseError as error:
        yield replace(source, problem=error.message)
        return
    if not zipped:
        yield source
        return
    from .archives import members

    try:
        for number, name in members(path, limits):
            yield Source(f"{path}!{name}", path, member=number, place=f"{source.place}/{number:06d}")
    except ParseError as error:
        yield replace(source, problem=error.message)
