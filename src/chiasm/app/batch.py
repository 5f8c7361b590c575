"""Many conversions: on all cores, past bad files, and again from where they stopped."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ChiasmError
from .convert import convert_source, options
from .naming import SUFFIXES, below, output_paths, target_of
from .sources import Source
from .writing import write

if TYPE_CHECKING:
    from concurrent.futures import Future

STATE = ".chiasm-done.jsonl"
"""The file in the output folder that says which sources are done, one JSON object a line."""

_WINDOW = 256


@dataclass(frozen=True, slots=True)
class Job:
    """One conversion: what, from where, to where, and how."""

    source: Source
    destination: Path
    to: str
    carry: str = "rows"
    crosswalk: str = ""
    onto: str = ""
    ledger: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one job: its outputs and ledger counts, or the error in words."""

    name: str
    to: str
    outputs: tuple[str, ...] = ()
    counts: tuple[int, int, int] = (0, 0, 0)
    error: str = ""


def run(job: Job) -> Outcome:
    """Do one job; every error of Chiasm's becomes an outcome."""
    try:
        to = job.to or target_of(job.source, job.destination if job.destination.suffix else None)
        chosen = options(job.carry, job.crosswalk or None, job.onto or None)
        result = convert_source(job.source, to, chosen)
        destination = job.destination
        if not destination.suffix:
            destination = destination.with_name(destination.name + SUFFIXES.get(to, ".out"))
        paths = output_paths(destination, len(result.outputs))
        for path, output in zip(paths, result.outputs, strict=True):
            write(path, output)
        counts = result.ledger.counts()
        if job.ledger:
            write(Path(job.ledger), result.ledger.to_json_lines().encode())
    except ChiasmError as error:
        text = str(error) if error.source else f"{job.source.name}: {error}"
        return Outcome(job.source.name, job.to, error=text)
    return Outcome(
        job.source.name,
        to,
        tuple(str(path) for path in paths),
        (counts["mapped"], counts["carried"], counts["dropped"]),
    )


def plan(
    sources: Iterable[Source], folder: Path, base: Path | None, template: Job, *, ledgers: bool
) -> Iterator[Job]:
    """A job for each source, its output below the folder."""
    for number, source in enumerate(sources, 1):
        try:
            to = template.to or target_of(source, None)
        except ChiasmError:
            to = ""
        destination = below(folder, base, source, number, to)
        ledger = str(destination) + ".ledger.jsonl" if ledgers else ""
        yield Job(source, destination, to, template.carry, template.crosswalk, template.onto, ledger)


def run_all(jobs: Iterable[Job], folder: Path, workers: int | None = None) -> Iterator[Outcome]:
    """The outcomes of all jobs as they are done, without those that an earlier run has done.

    A source that changed since is done again. At most a few hundred jobs wait at a time.
    """
    done = _done(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / STATE).open("a", encoding="utf-8") as state:
        count = workers or os.cpu_count() or 1
        if count == 1:
            for job in jobs:
                key = _key(job)
                if key not in done:
                    yield _noted(run(job), key, state)
            return
        from concurrent.futures import ProcessPoolExecutor  # 20 ms that one conversion need not wait

        with ProcessPoolExecutor(count) as pool:
            waiting: dict[Future[Outcome], str] = {}
            for job in jobs:
                key = _key(job)
                if key in done:
                    continue
                waiting[pool.submit(run, job)] = key
                if len(waiting) >= _WINDOW:
                    yield from _collect(waiting, state, at_least=1)
            while waiting:
                yield from _collect(waiting, state, at_least=len(waiting))


def _collect(waiting: dict[Future[Outcome], str], state: object, *, at_least: int) -> Iterator[Outcome]:
    from concurrent.futures import as_completed

    for number, future in enumerate(as_completed(list(waiting)), 1):
        yield _noted(future.result(), waiting.pop(future), state)
        if number >= at_least:
            return


def _noted(outcome: Outcome, key: str, state: object) -> Outcome:
    if not outcome.error:
        line = json.dumps({"key": key, "source": outcome.name, "outputs": outcome.outputs})
        state.write(line + "\n")  # type: ignore[attr-defined]  # an open text file
        state.flush()  # type: ignore[attr-defined]
    return outcome


def _key(job: Job) -> str:
    """What must be the same for a job not to be done again: the source, its size and time, the options."""
    stamp = ""
    if job.source.path is not None:
        status = job.source.path.stat()
        stamp = f"{status.st_size}:{status.st_mtime_ns}"
    elif job.source.data is not None:
        stamp = hashlib.sha256(job.source.data).hexdigest()
    parts = (job.source.name, stamp, job.to, job.carry, job.crosswalk, job.onto)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _done(folder: Path) -> set[str]:
    path = folder / STATE
    if not path.exists():
        return set()
    found = set()
    for line in path.read_text("utf-8").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # the last line of a run that was cut off
        if all(Path(output).exists() for output in entry.get("outputs", ())):
            found.add(entry.get("key", ""))
    return found
