"""The table of results: on the screen, as a page of the docs, and as JSON."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from chiasm.dicom import scan

from .measure import Outcome

HEADS = ("work", "peer", "ours", "peer takes", "ratio", "spread", "required", "mark")
_PEERS = ("pydicom", "hl7", "hl7apy", "numpy")
_PAGE = """# Benchmarks

As `make bench` printed it. Each row is taken in one process, ours and the peer in turn on the same
data, after both were seen to agree on what they read; a figure is the median of its rounds, and the
spread is that of the ratio from round to round. Ratios travel between machines, times do not. Files
are removed when all rows are done, since ext4 slows down for minutes after thousands were. Ours is the
package with its modules compiled, as `make wheel` builds it, where the last lines say so.

{table}

{machine}.

The inputs: `CT_small.dcm` of pydicom's wheel (256 header elements, 39 kB), `bench/data/oru.hl7`, a
structured report of 200 content items and a sparse 2 GB multi-frame image, both written by pydicom.
The script that the crossing is held against is `bench/peers.py`.
"""


def cells(outcome: Outcome) -> tuple[str, ...]:
    """One row as printed, in the order of `HEADS`."""
    ratio = "" if outcome.ratio is None else f"{outcome.ratio:.3g}"
    mark = outcome.mark if not outcome.note else f"{outcome.mark}: {outcome.note}"
    parts = (outcome.work, outcome.peer_name, outcome.ours, outcome.peer, ratio, outcome.spread)
    return (*parts, outcome.required, mark)


def machine() -> str:
    """What the figures were taken on."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in _PEERS)
    system = f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores"
    form = "as sources" if scan.__file__.endswith(".py") else "compiled"
    return f"Chiasm {form}, Python {platform.python_version()}, {system}; {versions}"


def markdown(outcomes: Sequence[Outcome]) -> str:
    """The table in Markdown."""
    lines = [HEADS, tuple("---" for _ in HEADS), *(cells(outcome) for outcome in outcomes)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(outcomes: Sequence[Outcome], root: Path) -> None:
    """Write docs/benchmarks.md and bench/out/results.json below `root`."""
    page = _PAGE.format(table=markdown(outcomes), machine=machine())
    (root / "docs").mkdir(exist_ok=True)
    (root / "docs" / "benchmarks.md").write_text(page, encoding="utf-8")
    folder = root / "bench" / "out"
    folder.mkdir(parents=True, exist_ok=True)
    record = {"machine": machine(), "rows": [dataclasses.asdict(outcome) for outcome in outcomes]}
    (folder / "results.json").write_text(json.dumps(record, indent=2, ensure_ascii=False), encoding="utf-8")
