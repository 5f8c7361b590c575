"""What a run into a folder has done, kept in the folder, so that the next run does only what is left."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Self, TextIO

import chiasm

from ..errors import UsageError
from .request import Outcome

if TYPE_CHECKING:
    from types import TracebackType

    from .request import Job

STATE = ".chiasm-done.jsonl"
"""The file in the output folder that says which sources are done, one JSON object a line."""


class Progress:
    """The record of one output folder, read when it is entered and written line by line.

    Raises UsageError where the folder cannot be made or written to.
    """

    def __init__(self, folder: Path, *, again: bool = False) -> None:
        self._path = folder / STATE
        self._done: dict[str, tuple[str, ...]] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not again:
                self._done = _read(self._path)
            self._file: TextIO = self._path.open("w" if again else "a", encoding="utf-8")
            self._file.write("\n")  # the run before may have been cut off within a line
        except OSError as error:
            raise UsageError(
                f"it is no folder to write to: {error.strerror}",
                source=str(folder),
                hint="several sources need a folder for their outputs",
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._file.close()

    def key(self, job: Job) -> str:
        """What must be the same for a job not to be done again: source, size, time, target, options."""
        source, manner = job.source, job.manner
        stamp = hashlib.sha256(source.data).hexdigest() if source.data is not None else _stamp(source.path)
        parts = (
            chiasm.__version__,
            *(source.name, stamp, str(source.member), str(job.destination)),
            *(manner.to, manner.carry, str(bool(job.ledger))),
            *(manner.crosswalk, _stamp(manner.crosswalk), manner.onto, _stamp(manner.onto)),
        )
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogateescape")).hexdigest()

    def earlier(self, key: str, job: Job) -> Outcome | None:
        """The outcome that an earlier run had, where its outputs are still there."""
        outputs = self._done.get(key)
        if outputs is None or not all(Path(output).exists() for output in outputs):
            return None
        return Outcome(job.source.name, job.manner.to, outputs, earlier=True)

    def noted(self, outcome: Outcome, key: str) -> Outcome:
        """The outcome, written down where it is a good one."""
        if not outcome.error:
            line = json.dumps({"key": key, "source": outcome.name, "outputs": outcome.outputs})
            self._file.write(line + "\n")
            self._file.flush()
        return outcome


def _stamp(path: Path | str | None) -> str:
    """Size and time of a file; empty where there is none."""
    if not path:
        return ""
    try:
        status = Path(path).stat()
    except OSError:
        return "gone"
    return f"{status.st_size}:{status.st_mtime_ns}"


def _read(path: Path) -> dict[str, tuple[str, ...]]:
    if not path.exists():
        return {}
    found = {}
    for line in path.read_text("utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            found[str(entry["key"])] = tuple(str(output) for output in entry["outputs"])
        except (ValueError, KeyError, TypeError):
            continue  # the last line of a run that was cut off
    return found
