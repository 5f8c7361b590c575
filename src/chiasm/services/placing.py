"""A thread that puts objects into their place, while the event loop receives further ones."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Placing(Generic[T]):
    """Calls `place` with what it is given, in that order; `failed` is told, in the thread, where that raised.

    At most `most` wait at once. The thread begins with the first.
    """

    def __init__(self, place: Callable[[T], None], failed: Callable[[T], None], most: int) -> None:
        self._place, self._failed, self._most = place, failed, most
        self._due: SimpleQueue[T | None] = SimpleQueue()
        self._worker: threading.Thread | None = None

    def add(self, one: T) -> bool:
        """Take one; False where enough wait."""
        if self._due.qsize() >= self._most:
            return False
        if self._worker is None:
            self._worker = threading.Thread(target=self._run, name="placing", daemon=True)
            self._worker.start()
        self._due.put(one)
        return True

    def close(self) -> None:
        """Return once all that was taken is placed, or told to have failed. It may be used again then."""
        worker, self._worker = self._worker, None
        if worker is not None:
            self._due.put(None)
            worker.join()

    def _run(self) -> None:
        while (one := self._due.get()) is not None:
            try:
                self._place(one)
            except Exception:  # whoever tries it next says why
                self._failed(one)
