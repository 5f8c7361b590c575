"""`chiasm convert`: one file, many files, or whole studies."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .batch import ledger_text, plan, run, run_all
from .convert import apart, convert_source, options
from .naming import SUFFIXES, target_of
from .request import Job
from .sources import STDIN, gather
from .terminal import printable, with_bar
from .writing import write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .request import Outcome, Request
    from .sources import Source


def convert_command(request: Request) -> int:
    """Convert what the request names; the exit status.

    Raises UsageError for options that mean nothing, before anything is written.
    """
    manner = request.manner
    if manner.to and manner.to not in SUFFIXES:
        raise UsageError(f"'{manner.to}' is no target", hint=f"known are {', '.join(SUFFIXES)}")
    options(manner.carry, manner.crosswalk or None, manner.onto or None)
    if request.study:
        from .studies import convert_studies

        if request.destination == STDIN:
            raise UsageError("studies need a file or a folder to go to")
        return _report(with_bar(convert_studies(request), None), request.json)
    source = _single(request)
    if source is not None:
        return _to_stdout(source, request) if request.destination == STDIN else _one(source, request)
    if request.destination == STDIN:
        raise UsageError("several sources need a folder to go to", source="standard output")
    return _many(request)


def _single(request: Request) -> Source | None:
    """The one file that goes to one file; None where there are several, or a folder to put them in."""
    if len(request.sources) != 1:
        return None
    if request.destination != STDIN and Path(request.destination).is_dir():
        return None
    name = request.sources[0]
    if name != STDIN and not Path(name).is_file():
        return None
    found = list(gather(request.sources))
    return found[0] if len(found) == 1 and found[0].member is None else None


def _many(request: Request) -> int:
    folder = Path(request.destination)
    sources = list(gather(request.sources, leave=folder))
    jobs = plan(sources, folder, request.manner, ledgers=bool(request.ledger))
    outcomes = run_all(jobs, folder, again=request.again)
    try:
        return _report(with_bar(outcomes, len(sources)), request.json)
    except KeyboardInterrupt:
        sys.stderr.write("chiasm: interrupted; the same command goes on from here\n")
        return 1


def _one(source: Source, request: Request) -> int:
    ledger = Path(request.ledger) if request.ledger else None
    outcome = run(Job(source, Path(request.destination), request.manner, ledger))
    if request.json:
        sys.stdout.write(json.dumps(outcome.as_json()) + "\n")
    elif outcome.outputs:
        mapped, carried, dropped = outcome.counts
        where = request.ledger or "--ledger FILE shows them"
        sys.stdout.write(
            f"{source.name} → {', '.join(outcome.outputs)}\n"
            f"{mapped + carried + dropped} leaves: {mapped} mapped, {carried} carried, {dropped} dropped"
            f" ({where})\n"
        )
    if outcome.error:
        sys.stderr.write(f"chiasm: {printable(outcome.error)}\n")
        return 1 if outcome.outputs else 2
    return 0


def _to_stdout(source: Source, request: Request) -> int:
    """One output goes to standard output; the ledger still goes to its file."""
    manner = request.manner
    chosen = options(manner.carry, manner.crosswalk or None, manner.onto or None)
    results = [convert_source(one, manner.to or target_of(one, None), chosen) for one in apart(source)]
    outputs = [output for result in results for output in result.outputs]
    if len(outputs) != 1:
        raise UsageError(
            f"{len(outputs)} outputs come of it, and standard output holds one",
            hint="name a file or a folder",
        )
    sys.stdout.buffer.write(outputs[0])
    sys.stdout.flush()
    if request.ledger:
        write(Path(request.ledger), ledger_text(results[0]).encode("utf-8", "backslashreplace"))
    return 0


def _report(outcomes: Iterable[Outcome], as_json: bool) -> int:
    """Tell of each outcome as it comes, then of all; the exit status."""
    good = bad = earlier = 0
    for outcome in outcomes:
        bad += bool(outcome.error)
        earlier += outcome.earlier
        good += not outcome.error and not outcome.earlier
        if as_json:
            sys.stdout.write(json.dumps(outcome.as_json()) + "\n")
            sys.stdout.flush()
        elif outcome.error:
            sys.stderr.write(f"not converted: {printable(outcome.error)}\n")
    if as_json:
        summary = {"converted": good, "failed": bad, "done before": earlier}
        sys.stdout.write(json.dumps({"summary": summary}) + "\n")
    else:
        before = f", {earlier} done before (--again does them anew)" if earlier else ""
        sys.stdout.write(f"{good} converted, {bad} not{before}\n")
    return 1 if bad else 0


def explain_command(crosswalk: str, to: str, *, as_json: bool) -> int:
    """Print the crosswalk: every concept with its place in each standard, its kind and its citation."""
    from ..mapping.crosswalk import default, load

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
        cells = [
            ("yes" if value else "no") if isinstance(value, bool) else str(value) for value in row.values()
        ]
        shown.add_row(*[cell.replace("[", "\\[") for cell in cells])
    Console(width=None if sys.stdout.isatty() else 220).print(shown)
    return 0
