"""Whether what comes is new: answered by what is known of its study, else by the index."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

from ..errors import ServiceError
from ..model import Location
from ..store.index import Index
from ..store.journal import Journal
from .known_studies import MANY, KnownStudies, Looked
from .question import Lately, Question

_MOMENT = 0.02
"""Seconds until it is looked again whether other processes have taken anything in."""


class Questions:
    """What is asked of one index. `recent` gives the UIDs of a study that the index may not have heard of.

    `of_each`: each object is asked for by itself. Else one that is held under the UID of another study may
    be taken for new: the index will find that it is a version.
    """

    def __init__(
        self,
        index: Index,
        journal: Journal,
        recent: Callable[[str], Iterable[str]],
        *,
        is_embedded: bool,
        of_each: bool,
    ) -> None:
        self._index, self._journal, self._is_embedded, self._of_each = index, journal, is_embedded, of_each
        self._lately = Lately()
        self._until, self._count = 0.0, self._journal.others()
        self._studies = KnownStudies(self._look, recent)

    def ask(self, sop_instance: str, study: str) -> Question | None:
        """Begin to ask whether anything is held under a UID; None where it must be waited for."""
        now = time.monotonic()
        question = Question(sop_instance, self._lately, now)
        others = None if self._of_each else self._others(now)
        if others is not None and self._studies.ask(study, question, others, now):
            return question
        if self._is_embedded:  # it answers sooner than a thread begins
            try:
                question.answer(is_new=not self._index.holds(sop_instance))
            except ServiceError:  # told to who waits for it
                return None
        elif (asked := self._index.held_soon(sop_instance)) is not None:
            asked.add_done_callback(lambda future: question.answer(is_new=_rows(future) == []))
        else:
            return None
        return question

    def _others(self, now: float) -> int | None:
        """What the others have taken in, as it was a moment ago."""
        if now > self._until:
            self._until, self._count = now + _MOMENT, self._journal.others()
        return self._count

    def kept(self, location: Location) -> None:
        """An object is durable."""
        self._studies.add(location.study, location.sop_instance)

    def indexed(self, location: Location) -> None:
        """The index knows of it."""
        self._lately.add(location.sop_instance)

    def _look(self, study: str, then: Looked) -> None:
        if self._is_embedded:
            try:
                rows = self._index.held_of(study, MANY)
            except ServiceError:
                then(None)
            else:
                then(rows)
        elif (asked := self._index.held_of_soon(study, MANY)) is not None:
            asked.add_done_callback(lambda future: then(_rows(future)))
        else:
            then(None)


def _rows(future: asyncio.Future[list[Any]]) -> list[Any] | None:
    """What the index has found; None where it has failed."""
    return None if future.cancelled() or future.exception() is not None else future.result()
