"""What passes between the server and its services: who asks, data sets as they come, answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..protocols.items import UserIdentity

Answers = Sequence[tuple[int, bytes | None]]
"""Statuses of responses with their data sets."""


class Sink(Protocol):
    """Takes the data set of one command as it comes."""

    def write(self, data: memoryview) -> None:
        """Take a fragment; it is only valid during the call."""

    def finish_soon(self) -> bool:
        """The data set is whole: whether the association's `answer` will be called without a task.

        False where that takes more: `finish` is called then.
        """

    async def finish(self) -> None:
        """The data set is whole: answer."""

    def abandon(self) -> None:
        """The rest will not come."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end, as it says itself."""

    calling: str
    called: str
    address: str
    identity: UserIdentity | None = None
