"""The command line of the benchmarks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from . import (
    crossing,
    dicom_read,
    hl7_parse,
    memory,
    node_ask,
    node_rest,
    node_store,
    report,
    sr,
    start,
)
from .measure import ROUNDS, Outcome, Row

FAMILIES = (dicom_read, hl7_parse, crossing, sr, memory, start, node_store, node_ask, node_rest)


def rows() -> list[Row]:
    """Every row, in the order of the table."""
    return [row for family in FAMILIES for row in family.rows()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when no row failed, else 1. A partial run writes no page."""
    parser = argparse.ArgumentParser(prog="python bench", description="Measures Chiasm against its peers.")
    parser.add_argument("--only", metavar="TEXT", help="rows that hold this text")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds a row (default {ROUNDS})")
    options = parser.parse_args(arguments)
    outcomes: list[Outcome] = []
    for row in rows():
        if options.only and options.only.lower() not in row.work.lower():
            continue
        outcome = row.outcome(options.rounds)
        outcomes.append(outcome)
        print(_lines(outcome), flush=True)
    if not options.only:
        report.write(outcomes, Path(__file__).resolve().parents[1])
        print("\nwritten: docs/benchmarks.md, bench/out/results.json")
    return 1 if any(outcome.mark == "fail" for outcome in outcomes) else 0


def _lines(outcome: Outcome) -> str:
    work, peer, ours, theirs, ratio, spread, required, _ = report.cells(outcome)
    head = f"{outcome.mark.upper():6}  {work}"
    if not ours:
        return f"{head}\n        {outcome.note}"
    against = f" against {theirs} ({peer})" if theirs else ""
    between = f" [{spread}]" if spread else ""
    return f"{head}\n        {ours}{against}; ratio {ratio}{between}, required {required}"
