"""Studies of which all that is held is known, so that nobody is asked about each object of one that comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .question import Question

_STUDIES, _UIDS = 64, 32_768
_PAUSE = 1.0
"""Studies that are known at once, and UIDs in all of them together; seconds until a study that others may
have added to is looked at again."""

MANY = 601
"""Objects that are held of a study already with which each that comes is asked for by itself."""

Looked = Callable[["Sequence[Sequence[Any]] | None"], None]
"""Told rows, each a UID, or None where the index has failed."""


class _Study:
    """One study. `uids` are all that is held once it `is_known`; who asks before that is `waiting`."""

    __slots__ = ("is_known", "others", "since", "uids", "waiting")

    def __init__(self, others: int, since: float, uids: set[str]) -> None:
        self.others, self.since, self.uids = others, since, uids
        self.waiting: list[Question] | None = []
        self.is_known = False


class KnownStudies:
    """What is held of the studies that are being received.

    `look` asks the index for the UIDs of a study, MANY at most; `recent` gives those that it may not have
    heard of. `add` tells what this process takes in; `others` counts what the other processes do: what was
    known of a study before they took in more holds no longer.
    """

    def __init__(self, look: Callable[[str, Looked], None], recent: Callable[[str], Iterable[str]]) -> None:
        self._look, self._recent = look, recent
        self._studies: dict[str, _Study] = {}
        self._count = 0

    def ask(self, study: str, question: Question, others: int, now: float) -> bool:
        """Answer a question, now or as soon as its study is known; False where that is not to be."""
        one = self._studies.get(study)
        if one is None or (one.others != others and now - one.since > _PAUSE):
            one = self._learn(study, others, now)
        if one.others != others:
            return False
        if one.is_known:
            question.answer(is_new=question.sop_instance not in one.uids)
        elif one.waiting is not None:
            one.waiting.append(question)
        else:
            return False
        return True

    def add(self, study: str, sop_instance: str) -> None:
        """An object was made durable."""
        one = self._studies.get(study)
        if one is None or (one.waiting is None and not one.is_known) or sop_instance in one.uids:
            return
        one.uids.add(sop_instance)
        self._count += 1
        while self._count > _UIDS:
            self._forget(next(iter(self._studies)))

    def _learn(self, study: str, others: int, now: float) -> _Study:
        self._forget(study)
        while len(self._studies) >= _STUDIES:
            self._forget(next(iter(self._studies)))
        one = self._studies[study] = _Study(others, now, set(self._recent(study)))
        self._count += len(one.uids)
        self._look(study, lambda rows: self._learned(study, one, rows))
        return one

    def _learned(self, study: str, one: _Study, rows: Sequence[Sequence[Any]] | None) -> None:
        waiting, one.waiting = one.waiting or [], None
        if self._studies.get(study) is one:  # it was not forgotten meanwhile
            self._count -= len(one.uids)
            one.is_known = rows is not None and len(rows) < MANY
            one.uids = one.uids.union([row[0] for row in rows or ()]) if one.is_known else set()
            self._count += len(one.uids)
            if rows is None:
                self._forget(study)
        for question in waiting:
            question.answer(is_new=one.is_known and question.sop_instance not in one.uids)

    def _forget(self, study: str) -> None:
        one = self._studies.pop(study, None)
        if one is not None:
            self._count -= len(one.uids)
            one.is_known = False
