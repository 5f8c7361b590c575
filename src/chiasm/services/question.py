"""A question to the index, asked before an object is whole, so that nobody waits when it is."""

from __future__ import annotations

from collections.abc import Callable

_LATELY = 4096
_FRESH = 0.25
"""UIDs that are remembered to have come into the index lately; seconds for which an answer holds, since other
processes may bring the same object meanwhile."""


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
    """Whether nothing is held under a SOP Instance UID."""

    __slots__ = ("_is_new", "_lately", "_since", "_then", "_until", "sop_instance")

    def __init__(self, sop_instance: str, lately: Lately, now: float) -> None:
        self.sop_instance, self._lately, self._since = sop_instance, lately, lately.count
        self._until = now + _FRESH
        self._is_new: bool | None = None
        self._then: Callable[[bool], None] | None = None

    def is_old(self, now: float) -> bool:
        """Whether it must be asked anew."""
        return now > self._until

    def answer(self, *, is_new: bool) -> None:
        """Say it once; False also where nobody knows."""
        if self._is_new is not None:
            return
        self._is_new = is_new
        if self._then is not None:
            self._tell(self._then)

    def then(self, told: Callable[[bool], None]) -> None:
        """Tell, now or as soon as it is answered, whether it is sure that the index knows of nothing."""
        self._then = told
        if self._is_new is not None:
            self._tell(told)

    def _tell(self, told: Callable[[bool], None]) -> None:
        told(bool(self._is_new) and not self._lately.may_hold(self.sop_instance, self._since))
