"""Ctrl-C put off to where it does no harm."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted:
    """Whether Ctrl-C was pressed."""

    def __init__(self) -> None:
        self._is_so = False

    def note(self) -> None:
        """It was pressed."""
        self._is_so = True

    def check(self) -> None:
        """Raise KeyboardInterrupt where it was."""
        if self._is_so:
            raise KeyboardInterrupt


@contextmanager
def told_of_interrupt(tell: Callable[[], None]) -> Iterator[Interrupted]:
    """Within it Ctrl-C raises nothing by itself: it is noted, and `tell` is called, from a signal handler.

    Outside of the main thread, which alone hears of it, nothing changes.
    """
    interrupted = Interrupted()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return

    def heard(number: int, frame: FrameType | None) -> None:
        interrupted.note()
        tell()

    before = signal.signal(signal.SIGINT, heard)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
