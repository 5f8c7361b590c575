"""Runs the house checks and prints each problem as `file:line: rule: message`."""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from . import ceilings, changelog, citations, compiled, cycles, docstrings, mirror, traces
from .tree import Problem, Tree

CHECKS: dict[str, Callable[[Tree], Iterator[Problem]]] = {
    "ceilings": ceilings.check,
    "cycles": cycles.check,
    "mirror": mirror.check,
    "docstrings": docstrings.check,
    "citations": citations.check,
    "traces": traces.check,
    "compiled": compiled.check,
    "changelog": changelog.check,
}


def problems(root: Path, names: Sequence[str] = ()) -> list[Problem]:
    """All problems in the project at `root` that the named checks (all by default) find, sorted."""
    tree = Tree(root)
    broken = list(_unreadable(tree))
    if broken:
        return broken
    return sorted(problem for name in names or CHECKS for problem in CHECKS[name](tree))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns 0 when nothing is broken, else 1."""
    parser = argparse.ArgumentParser(prog="python tools/house", description="Checks the rules of the house.")
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=", ".join(CHECKS))
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--release", metavar="VERSION", help="fold changelog.d into CHANGELOG.md")
    options = parser.parse_args(arguments)
    if unknown := set(options.checks) - CHECKS.keys():
        parser.error(f"no such check: {', '.join(sorted(unknown))}")
    if options.release:
        print(changelog.release(options.root, options.release, datetime.datetime.now(datetime.UTC).date()))
        return 0
    found = problems(options.root, options.checks)
    for problem in found:
        print(problem)
    print(f"house: {len(found)} problem{'s' * (len(found) != 1)}")
    return 1 if found else 0


def _unreadable(tree: Tree) -> Iterator[Problem]:
    for source in (*tree.sources, *tree.tests):
        try:
            _ = source.tree
        except SyntaxError as error:
            yield Problem(source.path, error.lineno or 0, "syntax", error.msg)
