"""What a peer has confirmed, kept in a file of JSON lines, so that the next run does only what is left."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from ..errors import UsageError


class SendRecord:
    """The record of one peer; without a path it keeps nothing. Raises UsageError where it cannot be kept.

    A line names peer, instance and the stamp of what was sent, and whether the peer has committed itself.
    """

    def __init__(self, path: Path | None, peer: str) -> None:
        self._peer = peer
        self._done: dict[tuple[str, str], bool] = {}
        self._file: TextIO | None = None
        if path is None:
            return
        try:
            if path.exists():
                self._read(path)
            self._file = path.open("a", encoding="utf-8")
            self._file.write("\n")  # the run before may have been cut off within a line
        except OSError as error:
            raise UsageError(f"it cannot keep what was sent: {error.strerror}", source=str(path)) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def _read(self, path: Path) -> None:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    one = json.loads(line)
                    if one["peer"] == self._peer:
                        key = (str(one["instance"]), str(one["stamp"]))
                        self._done[key] = self._done.get(key, False) or one.get("committed") is True

    def stored(self, instance: str, stamp: str) -> bool:
        """Whether the peer has taken this very object."""
        return (instance, stamp) in self._done

    def committed(self, instance: str, stamp: str) -> bool:
        """Whether it has committed itself to it."""
        return self._done.get((instance, stamp), False)

    def note(self, instance: str, stamp: str, *, committed: bool = False) -> None:
        """Keep what the peer has just confirmed; it stays though the process is killed."""
        if self._file is None:
            return
        line: dict[str, str | bool] = {"peer": self._peer, "instance": instance, "stamp": stamp}
        if committed:
            line["committed"] = True
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
