"""Turns: what is done with one SOP instance is done by one at a time."""

from __future__ import annotations

import asyncio


class Turn:
    """`async with` it: waits until those who asked before for the same subject are done.

    `waiting` holds, for each subject that someone has the turn of, those who wait for it, in their order.
    """

    __slots__ = ("_subject", "_waiting")

    def __init__(self, waiting: dict[str, list[asyncio.Future[None]]], subject: str) -> None:
        self._waiting, self._subject = waiting, subject

    def take(self) -> bool:
        """Take it at once, where nobody has it; whether that was so. `leave` it then."""
        if self._subject in self._waiting:
            return False
        self._waiting[self._subject] = []
        return True

    async def __aenter__(self) -> None:
        if self.take():
            return
        queue = self._waiting[self._subject]
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine in queue:
                queue.remove(mine)
            else:
                self.leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Give it to the next who waits."""
        queue = self._waiting[self._subject]
        while queue:
            next_one = queue.pop(0)
            if not next_one.done():
                next_one.set_result(None)
                return
        del self._waiting[self._subject]
