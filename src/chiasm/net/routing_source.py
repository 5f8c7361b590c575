"""An object's bytes on their way out: a fault in reading them is told apart from one of the peer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Self

from ..errors import ChiasmError


class Unreadable(Exception):  # noqa: N818  # it never leaves the deliverers
    """The archive could not give the bytes to their end."""


class Source:
    """Pieces of an object; the first is at hand before anything is said to the peer."""

    def __init__(self, first: bytes, rest: AsyncIterator[bytes]) -> None:
        self._first, self._rest = first, rest

    @classmethod
    async def begin(cls, pieces: AsyncIterator[bytes]) -> Self:
        """Read the first piece. Raises what the archive raises, as OSError where a file is gone."""
        return cls(await anext(pieces, b""), pieces)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """All pieces. Unreadable where the archive fails on the way."""
        yield self._first
        while True:
            try:
                piece = await anext(self._rest, None)
            except (ChiasmError, OSError) as error:
                raise Unreadable(str(error) or type(error).__name__) from None
            if piece is None:
                return
            yield piece
