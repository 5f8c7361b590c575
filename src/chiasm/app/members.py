"""Members of zip archives as files to be exported: unpacked when their turn has come, never held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .. import dicom
from ..dicom import Package
from .archives import member_pieces, member_size, unpacked


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an archive: `name` for people, `number` as the archive counts."""

    name: str
    path: Path
    number: int

    @property
    def size(self) -> int:
        """How many bytes it says that it has."""
        return member_size(self.path, self.number)

    def package(self) -> Package:
        """It, parsed; a large one lies in a nameless file. ParseError where it cannot be unpacked or read."""
        return dicom.parse(unpacked(self.path, self.number), source=self.name)

    def pieces(self, start: int) -> Iterator[bytes]:
        """Its bytes from one on. ParseError where it cannot be unpacked to its end."""
        return member_pieces(self.path, self.number, start)
