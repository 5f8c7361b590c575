"""Many conversions: on all cores, past bad files, and again from where they stopped."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from queue import SimpleQueue
from typing import TYPE_CHECKING

from ..errors import ChiasmError
from .convert import apart, convert_source, options
from .interrupt import told_of_interrupt
from .naming import SUFFIXES, below, numbered, target_of
from .progress import Progress
from .request import Job, Manner, Outcome
from .writing import write

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor
    from pathlib import Path

    from ..mapping import Result
    from .sources import Source

_WINDOW = 256


def run(job: Job) -> Outcome:
    """Do one job. Whatever goes wrong becomes an outcome, so that no file ends the work on the others."""
    try:
        return _run(job)
    except ChiasmError as error:
        text = str(error) if error.source else f"{job.source.name}: {error}"
    except Exception as error:
        text = (
            f"{job.source.name}: a fault of Chiasm's own, please report it: {type(error).__name__}: {error}"
        )
    return Outcome(job.source.name, job.manner.to, error=text)


def _run(job: Job) -> Outcome:
    """The messages of one source, one after the other; those that cannot be converted are told of."""
    manner = job.manner
    paths: list[Path] = []
    ledger: list[str] = []
    errors: list[str] = []
    counts = [0, 0, 0]
    to = manner.to
    chosen = options(manner.carry, manner.crosswalk or None, manner.onto or None)
    for one in apart(job.source):
        try:
            to = manner.to or target_of(one, job.destination if job.destination.suffix else None)
            result = convert_source(one, to, chosen)
        except ChiasmError as error:
            if one is job.source:
                raise
            errors.append(str(error) if error.source else f"{one.name}: {error}")
            continue
        destination = job.destination
        if not destination.suffix:
            destination = destination.with_name(destination.name + SUFFIXES.get(to, ".out"))
        for output in result.outputs:
            paths.append(numbered(destination, len(paths) + 1) if paths else destination)
            write(paths[-1], output)
        counts = [sum(pair) for pair in zip(counts, result.ledger.counts().values(), strict=True)]
        if job.ledger:
            ledger.append(ledger_text(result, "" if one is job.source else one.name.rpartition("#")[2]))
    if job.ledger and not (errors and not paths):
        write(job.ledger, "".join(ledger).encode("utf-8", "backslashreplace"))
    mapped, carried, dropped = counts
    return Outcome(
        job.source.name, to, tuple(str(path) for path in paths), (mapped, carried, dropped), "; ".join(errors)
    )


def ledger_text(result: Result, message: str = "") -> str:
    """The ledger as JSON lines; where a file holds several messages, paths begin with a message's number."""
    if not message:
        return result.ledger.to_json_lines()
    from ..model import Ledger

    return Ledger(
        replace(entry, source=f"#{message} {entry.source}") for entry in result.ledger
    ).to_json_lines()


def plan(sources: Iterable[Source], folder: Path, manner: Manner, *, ledgers: bool) -> Iterator[Job]:
    """A job for each source, its output below the folder; no two jobs share an output."""
    taken: set[Path] = set()
    for source in sources:
        try:
            to = manner.to or target_of(source, None)
        except ChiasmError:
            to = ""
        first = destination = below(folder, source, to)
        number = 1
        while destination in taken:
            number += 1
            destination = numbered(first, number)
        taken.add(destination)
        ledger = destination.with_name(destination.name + ".ledger.jsonl") if ledgers else None
        yield Job(source, destination, replace(manner, to=to), ledger)


def run_all(
    jobs: Iterable[Job], folder: Path, *, workers: int | None = None, again: bool = False
) -> Iterator[Outcome]:
    """The outcomes of all jobs as they are done; what an earlier run has done is only told of.

    A source that changed since is done again, and everything is with `again`. At most a few hundred jobs
    wait at a time. Raises UsageError where the folder cannot be written to.
    """
    with Progress(folder, again=again) as progress:
        count = workers or cores()
        if count > 1:
            yield from _in_parallel(jobs, progress, count)
            return
        for job in jobs:
            key = progress.key(job)
            earlier = progress.earlier(key, job)
            yield earlier or progress.noted(run(job), key)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_parallel(jobs: Iterable[Job], progress: Progress, count: int) -> Iterator[Outcome]:
    """The same in processes of a pool; KeyboardInterrupt between two of its steps, once Ctrl-C was pressed.

    Raised wherever it comes, it would leave the lock of a future taken at times, which the end of the pool
    then waits for forever. So it comes by the queue that tells what is done.
    """
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    waiting: dict[Future[Outcome], tuple[str, Job]] = {}
    done: SimpleQueue[Future[Outcome] | None] = SimpleQueue()
    left = chain(jobs, (None,))  # None: nothing more comes, wait for all
    with told_of_interrupt(lambda: done.put(None)) as interrupted:
        pool = ProcessPoolExecutor(count, initializer=_undisturbed)
        try:
            for job in left:
                interrupted.check()
                if job is not None:
                    key = progress.key(job)
                    earlier = progress.earlier(key, job)
                    if earlier:
                        yield earlier
                        continue
                    future = _submitted(pool, job)
                    waiting[future] = key, job
                    future.add_done_callback(done.put)
                while waiting and (job is None or len(waiting) >= _WINDOW):
                    ended = done.get()
                    interrupted.check()
                    if ended is None:
                        continue
                    if not isinstance(ended.exception(), BrokenProcessPool):
                        key, _ = waiting.pop(ended)
                        yield progress.noted(ended.result(), key)
                        continue
                    pool.shutdown()
                    while waiting:
                        key, lost = waiting.popitem()[1]
                        yield progress.noted(_alone(lost), key)
                    pool, done = ProcessPoolExecutor(count, initializer=_undisturbed), SimpleQueue()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _submitted(pool: ProcessPoolExecutor, job: Job) -> Future[Outcome]:
    """The job on its way; a pool that has broken meanwhile says so in the future, as for the others."""
    from concurrent.futures import Future
    from concurrent.futures.process import BrokenProcessPool

    try:
        return pool.submit(run, job)
    except BrokenProcessPool as error:
        broken: Future[Outcome] = Future()
        broken.set_exception(error)
        return broken


def _alone(job: Job) -> Outcome:
    """A job that was under way when a worker was killed, in a process of its own."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    with ProcessPoolExecutor(1, initializer=_undisturbed) as pool:
        try:
            return pool.submit(run, job).result()
        except BrokenProcessPool:
            name = job.source.name
            return Outcome(
                name, job.manner.to, error=f"{name}: its conversion was killed; is there enough memory?"
            )


def _undisturbed() -> None:
    """A worker leaves Ctrl-C to the process that it works for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
