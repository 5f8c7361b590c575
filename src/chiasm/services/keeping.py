"""How an object is kept: durable with its event, its sender answered, then put into its place and indexed."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Protocol

from ..model.holdings import Event, Location
from ..store.journal import Journal, Told
from ..store.objects import ObjectWriter
from .placing import Placing
from .projection import Durable

_HEAD = 1 << 20
_FEW = 16
_LARGE = 128 << 10
_AGAIN = 1.0
"""Bytes that the index is given of an object that is far away; objects that may wait for their place; bytes
of one that is placed by a thread, where several come at once; seconds until one is tried again."""

_Homing = tuple[ObjectWriter, Durable, bool]
"""A durable object on its way to its place: its writer, its event, and whether it has landed in the log."""


class Following(Protocol):
    """The index, as it follows."""

    trouble: str

    @property
    def is_full(self) -> bool:
        """Whether more should not be taken in before it has followed."""

    def add(self, durable: Durable, /) -> None:
        """Take an event that became durable."""


class Keeping:
    """What one process keeps; `kept` is told of each object that is durable.

    `far`: whether objects lie on other machines. `recent` are those that are not known to be indexed, by UID.
    `trouble` says why what is received does not reach its place, where it does not.
    """

    def __init__(
        self, journal: Journal, projection: Following, kept: Callable[[Location], None], *, far: bool
    ) -> None:
        self._journal, self._projection, self._kept, self._far = journal, projection, kept, far
        self._homing: deque[_Homing] = deque()
        self._placing: Placing[_Homing] = Placing(self._place, self._failed, _FEW)
        self.recent: dict[str, Location] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self.trouble = ""

    async def keep(self, writer: ObjectWriter, event: Event, location: Location) -> None:
        """Make an object durable with its event; nothing is left of one that is not. OSError, ServiceError.

        A small one lands in the journal's log, and is put into its place once its sender was answered. A
        large one is in its place before its event is durable: no record tells of an object that is not whole.
        """
        content = writer.content
        told = self._told(writer, event, location, landed=content is not None)
        try:
            while self._projection.is_full and not self._projection.trouble:
                await asyncio.sleep(0.005)  # the sender waits, so that the index can follow
            if content is None:
                await writer.commit()
        except BaseException:
            writer.abandon()
            raise
        await self._journal.append(event, content or b"", told)

    def keep_soon(self, writer: ObjectWriter, event: Event, location: Location, then: Told) -> bool:
        """The same without waiting: `then` is told the outcome.

        False, and nothing done, for what is large, and while the index has much to follow.
        """
        content = writer.content
        if content is None or self._projection.is_full:
            return False
        told = self._told(writer, event, location, landed=True)

        def both(number: int | BaseException) -> None:
            told(number)
            then(number)

        self._journal.submit(event, content, both, writer.ahead)
        return True

    def _told(self, writer: ObjectWriter, event: Event, location: Location, *, landed: bool) -> Told:
        """What is done with an object once its event is durable, or is not."""
        self.loop = loop = asyncio.get_running_loop()
        head = writer.head(_HEAD) if self._far else b""
        is_apart = landed and location.size >= _LARGE

        def told(number: int | BaseException) -> None:
            if isinstance(number, BaseException):
                writer.abandon()
                return
            self.recent[location.sop_instance] = location
            self._kept(location)
            homing = (writer, Durable(number, event, location, head), landed)
            if is_apart and writer.ahead is None and not self.trouble and self._placing.add(homing):
                return
            self._homing.append(homing)
            if len(self._homing) == 1:
                loop.call_soon(self.bring_home, _FEW)

        return told

    def bring_home(self, few: int = 0) -> None:
        """Put what has landed into its place, and let the index know; later again, where there is no room.

        While there are only `few`, one in each of the loop's turns: who sends is answered between two.
        """
        while self._homing:
            try:
                self._place(self._homing[0])
            except OSError as error:
                if not self.trouble and self.loop is not None:
                    self.loop.call_later(_AGAIN, self._try_again)
                self.trouble = f"what was received cannot be put into its place: {error.strerror}"
                return
            self._homing.popleft()
            if 0 < len(self._homing) <= few and self.loop is not None:
                self.loop.call_soon(self.bring_home, few)
                break
        self.trouble = ""

    def _place(self, homing: _Homing) -> None:
        writer, durable, landed = homing
        if landed:
            writer.place()
            writer.close()
            self._journal.home(durable.sequence)
        self._projection.add(durable)

    def _failed(self, homing: _Homing) -> None:
        """What the thread could not place is placed by the loop, which tries it again until it can be."""
        self._homing.append(homing)
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended: `close` brings it home
                self.loop.call_soon_threadsafe(self.bring_home)

    async def close(self) -> None:
        """Put what has landed into its place, as far as there is room."""
        await asyncio.to_thread(self._placing.close)
        self.bring_home()

    def _try_again(self) -> None:
        self.trouble = ""
        self.bring_home()

    async def note(self, event: Event) -> None:
        """Put another act into the journal, durable when this returns. ServiceError where it cannot be."""

        def told(number: int | BaseException) -> None:
            if isinstance(number, int):
                self._projection.add(Durable(number, event))

        await self._journal.append(event, told=told)
