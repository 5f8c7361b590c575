"""Where objects lie: files of this machine, or a bucket. No name comes from a DICOM value."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .journal import Ahead


class ObjectWriter(Protocol):
    """One object on its way in; its bytes are written as they come and never held whole."""

    @property
    def key(self) -> str:
        """The name that the object will have in the store."""

    @property
    def size(self) -> int:
        """Bytes written so far."""

    def write(self, data: bytes | memoryview) -> None:
        """Take bytes; OSError where there is no room."""

    def head(self, most: int) -> bytes:
        """The first bytes of the object, up to a megabyte."""

    async def commit(self) -> None:
        """Return once the object is durable; OSError or ServiceError where it cannot be."""

    @property
    def content(self) -> memoryview | None:
        """The whole object, where a log of this machine may make it durable instead of `commit`."""

    @property
    def ahead(self) -> Ahead | None:
        """What has written a part of such an object to the log already."""

    def place(self) -> None:
        """Put such an object into its place, not durable by that. OSError."""

    def close(self) -> None:
        """Give back what was held, once nobody reads the content."""

    def abandon(self) -> None:
        """Leave nothing behind."""


class Objects(Protocol):
    """A store of objects by key."""

    def create(self) -> ObjectWriter:
        """A new object with a key of its own."""

    async def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Bytes of an object; ServiceError `no-such-object` where it is not there."""

    def stream(
        self, key: str, start: int = 0, length: int | None = None, chunk: int = 1 << 20
    ) -> AsyncIterator[bytes]:
        """The same in pieces."""

    def path(self, key: str) -> Path | None:
        """The object's file, where it is one of this machine."""

    def arrived(self, key: str) -> float | None:
        """When an object came here, in POSIX time; None where that is not known without asking far away."""

    async def delete(self, key: str) -> None:
        """Remove it; nothing happens where it is not there."""

    def listed(self) -> AsyncIterator[tuple[str, int]]:
        """All keys with their sizes."""

    def close(self) -> None:
        """Let go of threads and connections."""


def open_objects(place: str | Path, scratch: Path, options: Mapping[str, str] | None = None) -> Objects:
    """The store at a folder or at a URL, as s3://BUCKET; `scratch` is a folder for what is on its way.

    UsageError for a URL of a kind that is not known.
    """
    if isinstance(place, Path) or "://" not in place:
        from .objects_local import LocalObjects

        return LocalObjects(Path(place))
    from .objects_remote import RemoteObjects

    return RemoteObjects(place, scratch, options or {})
