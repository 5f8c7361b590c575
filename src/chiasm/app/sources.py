"""Where input comes from: files, folders, patterns, archives and standard input."""

from __future__ import annotations

import glob
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import dicom
from ..errors import LimitError, ParseError, UsageError
from ..limits import DEFAULT, Limits
from .detect import standard

if TYPE_CHECKING:
    from ..dicom import Package

STDIN = "-"
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Source:
    """One input: its name for people, and its path or its bytes."""

    name: str
    path: Path | None = None
    data: bytes | None = None

    def head(self) -> bytes:
        """The first kilobytes."""
        if self.data is not None:
            return self.data[:_HEAD]
        assert self.path is not None
        try:
            with self.path.open("rb") as file:
                return file.read(_HEAD)
        except OSError as error:
            raise ParseError(f"it cannot be read: {error.strerror}", source=self.name) from error

    def read(self) -> bytes:
        """All bytes."""
        if self.data is not None:
            return self.data
        assert self.path is not None
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise ParseError(f"it cannot be read: {error.strerror}", source=self.name) from error

    def standard(self) -> str:
        """Which standard it is written in."""
        return standard(self.head(), self.name)

    def package(self, limits: Limits = DEFAULT) -> Package:
        """It as DICOM; a file is mapped into memory, not read."""
        if self.data is not None:
            return dicom.parse(self.data, limits=limits, source=self.name)
        assert self.path is not None
        return dicom.read_file(self.path, limits=limits)


def gather(names: list[str], limits: Limits = DEFAULT) -> Iterator[Source]:
    """All inputs that the names mean, in a stable order: a folder means every file below it.

    Raises UsageError for a name that means nothing, LimitError for an archive beyond its budget.
    """
    for name in names:
        if name == STDIN:
            yield Source("standard input", data=sys.stdin.buffer.read())
            continue
        path = Path(name)
        if path.is_dir():
            for one in sorted(path.rglob("*")):
                if one.is_file() and not one.name.startswith("."):
                    yield from _opened(one, limits)
        elif path.is_file():
            yield from _opened(path, limits)
        else:
            found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  (a pattern may be absolute)
            if not found:
                raise UsageError("there is no such file or folder", source=name)
            for match in found:
                if Path(match).is_file():
                    yield from _opened(Path(match), limits)


def _opened(path: Path, limits: Limits) -> Iterator[Source]:
    source = Source(str(path), path=path)
    if source.head()[:4] == b"PK\x03\x04":
        yield from _archive(path, limits)
    else:
        yield source


def _archive(path: Path, limits: Limits) -> Iterator[Source]:
    """The members of a zip; names inside it are names only, nothing is written by them."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            if len(members) > limits.archive_members:
                raise LimitError(
                    f"it has {len(members)} members, {limits.archive_members} are allowed",
                    source=str(path),
                    rule="limits.archive_members",
                )
            left = limits.archive_bytes
            for info in members:
                with archive.open(info) as file:
                    data = file.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise LimitError(
                        f"it unpacks to more than {limits.archive_bytes} bytes",
                        source=str(path),
                        rule="limits.archive_bytes",
                    )
                yield Source(f"{path}!{info.filename}", data=data)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ParseError(f"the archive is broken: {error}", source=str(path)) from error
