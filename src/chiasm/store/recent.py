"""Where the instances lie that were asked for last: a viewer asks for one of them again with each frame."""

from __future__ import annotations

import threading

from ..model.holdings import Location

_MOST = 4_096


class Recent:
    """Answers that hold as long as the database has the version that they were read at.

    At most 4,096 locations are held. Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version = -1
        self._held = 0
        self._known: dict[object, list[Location]] = {}

    def get(self, version: int, asked: object) -> list[Location] | None:
        """The answer to the same question at the same version; None where there is none."""
        with self._lock:
            return self._known.get(asked) if version == self._version else None

    def put(self, version: int, asked: object, found: list[Location]) -> None:
        """Keep an answer that was read when the database had at least that version."""
        if len(found) > _MOST:
            return
        with self._lock:
            if version != self._version or self._held + len(found) > _MOST:
                self._known.clear()
                self._version, self._held = version, 0
            self._known[asked] = found
            self._held += len(found) + 1
