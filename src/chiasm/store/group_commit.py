"""Group commit: all who wait by the time that a commit begins are made durable by it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..errors import ServiceError
from .journal import Ahead, Content, Told

MOST, BYTES = 1_000, 16 << 20
"""Events of one commit at most, and the bytes with which it is full."""


@dataclass(slots=True, eq=False)
class Waiting:
    """One event that waits to be durable with the content that it brought."""

    payload: bytes
    content: Content
    told: Told
    done: asyncio.Future[int] | None = None
    ahead: Ahead | None = None


Ended = Callable[["int | Exception"], None]
"""Told the number of the first event of a batch, once it is durable, or why it is not."""


class GroupCommit:
    """Commits one batch after the other, for the callers of one event loop.

    `start` begins to make a batch durable, and says whether it will tell when it is. Where it does not,
    `commit` does it, and gives the number of its first event or raises why it is not: at the end of the
    loop's turn while `is_quick` says so, else in a thread.
    """

    def __init__(
        self,
        commit: Callable[[list[Waiting]], int],
        is_quick: Callable[[], bool] = lambda: False,
        start: Callable[[list[Waiting], Ended], bool] = lambda batch, ended: False,
    ) -> None:
        self._commit, self._is_quick, self._start = commit, is_quick, start
        self._waiting: list[Waiting] = []
        self._committing = False
        self._closed = False
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="journal")

    async def append(self, payload: bytes, content: Content, told: Told) -> int:
        """The number of an event, once it is durable; what the commit raised where it is not.

        `told` is called once, even where who waits was cancelled meanwhile.
        """
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        mine = Waiting(payload, content, told, done)
        self._add(mine)
        try:
            return await done
        except asyncio.CancelledError as error:
            if mine in self._waiting:
                self._waiting.remove(mine)
                told(error)
            raise

    def submit(self, payload: bytes, content: Content, told: Told, ahead: Ahead | None = None) -> None:
        """The same for one who does not wait: `told` is called with the number, or with what was raised."""
        self._add(Waiting(payload, content, told, None, ahead))

    def _add(self, one: Waiting) -> None:
        self._waiting.append(one)
        if not self._committing:
            self._committing = True
            loop = asyncio.get_running_loop()
            loop.call_soon(self._begin, loop)

    def between(self, work: Callable[[], object]) -> None:
        """Do something in the thread, between two commits there. RuntimeError where it is closed."""
        self._worker.submit(work)

    def close(self) -> None:
        """End the commit under way; who waits then, or comes, is told that the journal is closed."""
        self._closed = True
        self._worker.shutdown()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Commit what waits, here or in the thread."""
        batch = self._next()
        if self._closed:
            self._ended(loop, batch, ServiceError("unavailable", "the journal is closed"))
        elif batch and self._start(batch, lambda first: self._ended(loop, batch, first)):
            pass
        elif not batch or self._is_quick():
            self._ended(loop, batch, self._outcome(batch))
        else:
            self._worker.submit(self._aside, loop, batch)

    def _next(self) -> list[Waiting]:
        size, count = 0, 0
        for count, one in enumerate(self._waiting, 1):
            size += len(one.payload) + len(one.content)
            if size > BYTES or count == MOST:
                break
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    def _outcome(self, batch: list[Waiting]) -> int | Exception:
        if not batch:  # all gave up
            return 0
        try:
            return self._commit(batch)
        except Exception as error:  # whoever waits must hear of it
            return error

    def _aside(self, loop: asyncio.AbstractEventLoop, batch: list[Waiting]) -> None:
        first = self._outcome(batch)
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(self._ended, loop, batch, first)

    def _ended(self, loop: asyncio.AbstractEventLoop, batch: list[Waiting], first: int | Exception) -> None:
        """Tell those who wait, then do what follows, and go on with those who came meanwhile."""
        for index, one in enumerate(batch):
            if one.done is None or one.done.done():  # nobody waits, or it gave up meanwhile
                continue
            if isinstance(first, Exception):
                one.done.set_exception(first)
            else:
                one.done.set_result(first + index)
        self._committing = bool(self._waiting)
        if self._committing:
            loop.call_soon(self._begin, loop)
        for index, one in enumerate(batch):
            one.told(first if isinstance(first, Exception) else first + index)
