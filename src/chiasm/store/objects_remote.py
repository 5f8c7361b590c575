"""Objects in a bucket, S3-compatible, Google's or Azure's, through obstore."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError, UsageError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_PART = 8 << 20
_MARK = "chiasm-archive"
_TIMED = re.compile(r"[0-9a-f]{2}/[0-9a-f]{20}-([0-9a-f]{12})\.dcm")


class RemoteObjects:
    """A bucket of objects: `ab/cdef….dcm`, names of chance that end in the time of arrival.

    What is on its way lies in a file below `scratch`, so that memory stays flat; an object is durable when
    the bucket has acknowledged it.
    """

    def __init__(self, url: str, scratch: Path, options: Mapping[str, str]) -> None:
        from obstore.store import from_url

        try:
            self._store: ObjectStore = from_url(url, config=dict(options), **_client(url))  # type: ignore[call-overload]  # options are those of any store
        except Exception as error:  # obstore raises its own kinds for what it does not know
            raise UsageError(f"it is no object store: {error}", source=url) from None
        scratch.mkdir(parents=True, exist_ok=True)
        self._scratch = scratch

    def create(self) -> RemoteWriter:
        """A new object. OSError where it cannot be held here."""
        return RemoteWriter(self._store, self._scratch)

    def path(self, key: str) -> Path | None:
        """None: it is no file of this machine."""
        return None

    def arrived(self, key: str) -> float | None:
        """The time in the object's name; those of older releases have none."""
        return time_of(key)

    async def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Bytes of an object; ServiceError `no-such-object` where it is not there."""
        import obstore

        if length == 0:
            return b""
        try:
            if length is not None:
                return bytes(await obstore.get_range_async(self._store, key, start=start, length=length))
            whole = await obstore.get_async(self._store, key, options={"range": {"offset": start}})
            return bytes(await whole.bytes_async())
        except Exception as error:
            raise _failure(error, key) from None

    async def stream(
        self, key: str, start: int = 0, length: int | None = None, chunk: int = 1 << 20
    ) -> AsyncIterator[bytes]:
        """The same in pieces."""
        import obstore

        left = length
        try:
            found = await obstore.get_async(self._store, key, options={"range": {"offset": start}})
            async for piece in found.stream(min_chunk_size=chunk):
                data = bytes(piece) if left is None else bytes(piece)[:left]
                yield data
                left = None if left is None else left - len(data)
                if left == 0:
                    return
        except Exception as error:
            raise _failure(error, key) from None

    async def mark(self, text: str = "") -> str:
        """What the bucket is marked with as its archive's own; with a text given, marked by it where by none.

        ServiceError `unavailable` where the bucket does not answer.
        """
        import obstore

        try:
            return (await self.read(_MARK)).decode("utf-8", "replace")
        except ServiceError as error:
            if error.failure.name != "no-such-object":
                raise
        if text:
            try:
                await obstore.put_async(self._store, _MARK, text.encode())
            except Exception as error:
                raise _failure(error, _MARK) from None
        return text

    async def delete(self, key: str) -> None:
        """Remove it; nothing happens where it is not there."""
        import obstore

        try:
            await obstore.delete_async(self._store, key)
        except Exception as error:
            failure = _failure(error, key)
            if failure.failure.name != "no-such-object":
                raise failure from None

    async def listed(self) -> AsyncIterator[tuple[str, int]]:
        """All keys with their sizes. ServiceError where the bucket does not answer."""
        import obstore

        try:
            async for page in obstore.list(self._store):
                for one in page:
                    if str(one["path"]).endswith(".dcm"):
                        yield str(one["path"]), int(one["size"])
        except Exception as error:
            raise _failure(error, "") from None

    def close(self) -> None:
        """Remove what a process that fell may have left on its way."""


class RemoteWriter:
    """One object on its way into the bucket."""

    __slots__ = ("_file", "_key", "_store", "size")

    def __init__(self, store: ObjectStore, scratch: Path) -> None:
        self._store, self._key, self.size = store, "", 0
        self._file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115  closed by commit or abandon

    @property
    def key(self) -> str:
        """Its name, made when it is first asked for: once all bytes are there, so that its time is right."""
        if not self._key:
            self._key = new_key(time.time())
        return self._key

    @property
    def ahead(self) -> None:
        """No log of this machine holds it."""

    def write(self, data: bytes | memoryview) -> None:
        """Take bytes; OSError where there is no room."""
        self._file.write(data)
        self.size += len(data)

    def head(self, most: int) -> bytes:
        """The first bytes of the object."""
        self._file.flush()
        return os.pread(self._file.fileno(), most, 0)

    @property
    def content(self) -> None:
        """None: only the bucket makes it durable."""

    def place(self) -> None:
        """Nothing: there is no place beside the bucket."""

    def close(self) -> None:
        """Let go of what was held."""
        self._file.close()

    async def commit(self) -> None:
        """Return once the bucket has acknowledged it; ServiceError where it does not."""
        import obstore

        self._file.seek(0, os.SEEK_SET)
        try:
            content: Any = self._file.read() if self.size <= _PART else self._file
            await obstore.put_async(
                self._store, self.key, content, chunk_size=_PART, use_multipart=self.size > _PART
            )
        except Exception as error:
            raise _failure(error, self.key) from None
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._file.close()


def new_key(now: float) -> str:
    """A name of chance for an object that arrived at a POSIX time, which `time_of` reads from it.

    Chance comes first, so that a bucket spreads its objects; the last 12 digits are milliseconds.
    """
    name = f"{secrets.token_hex(10)}-{int(now * 1000):012x}"
    return f"{name[:2]}/{name}.dcm"


def time_of(key: str) -> float | None:
    """When an object of a bucket arrived, in POSIX time, by its name; None where its name does not say."""
    match = _TIMED.fullmatch(key)
    return None if match is None else int(match[1], 16) / 1000


def _client(url: str) -> dict[str, Any]:
    """How long is waited for a bucket; http is for those on the same machine."""
    return {"client_options": {"timeout": "60s", "allow_http": True}, "retry_config": {"max_retries": 3}}


def _failure(error: Exception, key: str) -> ServiceError:
    missing = isinstance(error, FileNotFoundError) or type(error).__name__ == "NotFoundError"
    name = "no-such-object" if missing else "unavailable"
    return ServiceError(name, f"the object store says: {str(error)[:300]}", source=key)
