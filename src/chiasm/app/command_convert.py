"""`chiasm convert`: one file, many files, or whole studies."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ChiasmError
from ..mapping.crosswalk import default, load
from .batch import Job, Outcome, plan, run, run_all
from .sources import STDIN, gather

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .sources import Source


@dataclass(frozen=True, slots=True)
class Request:
    """What `chiasm convert` was asked."""

    sources: tuple[str, ...]
    destination: str
    to: str = ""
    ledger: str = ""
    carry: str = "rows"
    crosswalk: str = ""
    onto: str = ""
    study: bool = False
    json: bool = False


def convert_command(request: Request) -> int:
    """Convert what the request names; the exit status."""
    if request.study:
        from .studies import convert_studies

        return _report(convert_studies(request), request.json)
    single = len(request.sources) == 1 and (request.sources[0] == STDIN or Path(request.sources[0]).is_file())
    if single and not Path(request.destination).is_dir():
        found = list(gather(list(request.sources)))
        if len(found) == 1 and found[0].name.find("!") < 0:
            return _one(found[0], request)
    folder = Path(request.destination)
    base = (
        Path(request.sources[0]) if len(request.sources) == 1 and Path(request.sources[0]).is_dir() else None
    )
    template = Job(
        next(iter(()), None) or _nothing(), folder, request.to, request.carry, request.crosswalk, request.onto
    )
    jobs = plan(gather(list(request.sources)), folder, base, template, ledgers=bool(request.ledger))
    return _report(_with_progress(run_all(jobs, folder)), request.json)


def _nothing() -> Source:
    from .sources import Source

    return Source("")


def _one(source: Source, request: Request) -> int:
    to_stdout = request.destination == STDIN
    if to_stdout:
        return _to_stdout(source, request)
    job = Job(
        source,
        Path(request.destination),
        request.to,
        request.carry,
        request.crosswalk,
        request.onto,
        request.ledger,
    )
    outcome = run(job)
    if outcome.error:
        sys.stderr.write(f"chiasm: {outcome.error}\n")
        return 2
    if request.json:
        sys.stdout.write(json.dumps(_as_json(outcome)) + "\n")
    else:
        mapped, carried, dropped = outcome.counts
        where = request.ledger or "--ledger FILE shows them"
        sys.stdout.write(
            f"{source.name} → {', '.join(outcome.outputs)}\n"
            f"{mapped + carried + dropped} leaves: {mapped} mapped, {carried} carried, {dropped} dropped"
            f" ({where})\n"
        )
    return 0


def _to_stdout(source: Source, request: Request) -> int:
    from .convert import convert_source, options
    from .naming import target_of
    from .writing import write

    chosen = options(request.carry, request.crosswalk or None, request.onto or None)
    try:
        result = convert_source(source, request.to or target_of(source, None), chosen)
        sys.stdout.buffer.write(result.output)
        if request.ledger:
            write(Path(request.ledger), result.ledger.to_json_lines().encode())
    except ChiasmError as error:
        sys.stderr.write(f"chiasm: {error}\n")
        return 2
    return 0


def _with_progress(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """The outcomes, with a bar while they come where a terminal is attached."""
    if not sys.stderr.isatty():
        yield from outcomes
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("converting", total=None)
        for outcome in outcomes:
            progress.update(task, advance=1, description=Path(outcome.name).name[:40])
            yield outcome


def _as_json(outcome: Outcome) -> dict[str, object]:
    mapped, carried, dropped = outcome.counts
    return {
        "source": outcome.name,
        "to": outcome.to,
        "outputs": list(outcome.outputs),
        "ledger": {"mapped": mapped, "carried": carried, "dropped": dropped},
        "error": outcome.error,
    }


def _report(outcomes: Iterable[Outcome], as_json: bool) -> int:
    good, bad = 0, []
    for outcome in outcomes:
        if as_json:
            sys.stdout.write(json.dumps(_as_json(outcome)) + "\n")
        if outcome.error:
            bad.append(outcome)
        else:
            good += 1
    if not as_json:
        for outcome in bad:
            sys.stderr.write(f"not converted: {outcome.error}\n")
        sys.stdout.write(f"{good} converted, {len(bad)} not\n")
    if not good and not bad:
        sys.stdout.write("" if as_json else "nothing left to do: an earlier run has done it all\n")
    return 1 if bad else 0


def explain_command(crosswalk: str, to: str, *, as_json: bool) -> int:
    """Print the crosswalk: every concept with its place in each standard, its kind and its citation."""
    rows = (load(crosswalk) if crosswalk else default()).rows
    table = [
        {
            "concept": row.concept,
            "dicom": row.keywords,
            "v2": "; ".join(p.path for p in (row.places_in(to) if to else row.places)),
            "fhir": row.fhir,
            "kind": row.kind,
            "lossless": row.lossless,
            "cite": row.cite,
        }
        for row in rows
    ]
    if as_json:
        sys.stdout.write(json.dumps(table, ensure_ascii=False, indent=1) + "\n")
        return 0
    from rich.console import Console
    from rich.table import Table

    shown = Table("Concept", "DICOM", "HL7 v2", "FHIR R4", "Kind", "Both ways", "Source")
    for row in table:
        shown.add_row(
            *[("yes" if value else "no") if isinstance(value, bool) else str(value) for value in row.values()]
        )
    Console(width=None if sys.stdout.isatty() else 220).print(shown)
    return 0
