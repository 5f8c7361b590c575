"""Where the one response to a request is waited for: lighter than a queue, which few requests need."""

from __future__ import annotations

import asyncio

from ..protocols.commands import Command

Answer = tuple[Command, bytes]
"""A response and its data set."""


class OneAnswer:
    """The first response that comes, or what comes in its place."""

    __slots__ = ("_found", "_waiting")

    def __init__(self) -> None:
        self._found: Answer | Exception | None = None
        self._waiting: asyncio.Future[None] | None = None

    def put_nowait(self, found: Answer | Exception) -> None:
        """It came, or never will."""
        if self._found is None:
            self._found = found
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def get(self) -> Answer:
        """Wait for it; an exception that came in its place is raised."""
        if self._found is None:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        if isinstance(self._found, Exception):
            raise self._found
        assert self._found is not None
        return self._found
