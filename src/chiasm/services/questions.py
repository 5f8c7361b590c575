"""Questions to an index that is another process's, asked when an object begins to come: its answer is there
when the object is whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

_LATELY = 4096
"""UIDs that are remembered to have come into the index lately."""


class Lately:
    """What came into the index a moment ago: a question that was asked before that has not heard of it."""

    def __init__(self) -> None:
        self._uids: dict[str, None] = {}
        self.count = 0

    def add(self, sop_instance: str) -> None:
        """The index knows it from now on."""
        self.count += 1
        self._uids[sop_instance] = None
        if len(self._uids) > _LATELY:
            del self._uids[next(iter(self._uids))]

    def may_hold(self, sop_instance: str, since: int) -> bool:
        """Whether it may have come since there were so many."""
        return sop_instance in self._uids or self.count - since >= _LATELY


class Question:
    """Whether anything is held under a SOP Instance UID, asked ahead; `asked` is for the rows that say so."""

    __slots__ = ("_is_new", "_lately", "_since", "_sop_instance", "_then")

    def __init__(self, sop_instance: str, lately: Lately, asked: asyncio.Future[list[Any]]) -> None:
        self._sop_instance, self._lately, self._since = sop_instance, lately, lately.count
        self._is_new: bool | None = None
        self._then: Callable[[bool], None] | None = None
        asked.add_done_callback(self._answered)

    def _answered(self, asked: asyncio.Future[list[Any]]) -> None:
        self._is_new = not asked.cancelled() and asked.exception() is None and not asked.result()
        if self._then is not None:
            self._tell(self._then)

    def then(self, told: Callable[[bool], None]) -> None:
        """Tell, now or as soon as it is answered, whether it is sure that the index knows of nothing."""
        self._then = told
        if self._is_new is not None:
            self._tell(told)

    def _tell(self, told: Callable[[bool], None]) -> None:
        told(bool(self._is_new) and not self._lately.may_hold(self._sop_instance, self._since))
