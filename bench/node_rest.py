"""Starting, resting and growing: time to ready, memory at rest, questions to ever more studies."""

from __future__ import annotations

import contextlib
import statistics
import time
from pathlib import Path

from . import node_peers
from .folders import new_folder
from .http_load import answers, get
from .measure import Outcome, Row, duration
from .start import compiled

_ROUNDS = 5
_STUDIES = (1_000, 100_000, 1_000_000)


def rows() -> list[Row]:
    """Start, memory, growth on both databases."""
    return [
        Row("start to ready", "Orthanc", "6 × at most", _start),
        Row("memory at rest", "Orthanc", "4 × at most", _memory),
        *(_growth(database) for database in ("SQLite", "PostgreSQL")),
    ]


def _pairs() -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Seconds to ready and megabytes at rest of ours and of Orthanc, round by round."""
    found = []
    compiled()
    with new_folder() as folder:
        for number in range(_ROUNDS + 1):
            pair = []
            for name, make in (("chiasm", node_peers.chiasm), ("orthanc", node_peers.orthanc)):
                with make(folder / f"{name}-{number}") as server:
                    time.sleep(1)
                    pair.append((server.ready, _resident(server.process.pid)))
            found.append((pair[0], pair[1]))
    return found[1:]


def _resident(pid: int) -> float:
    """Megabytes of a process and of those that it began."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    begun = [
        int(one) for path in Path(f"/proc/{pid}/task").glob("*/children") for one in path.read_text().split()
    ]
    return int(line.split()[1]) / 1000 + sum(map(_resident, begun))


def _start(row: Row, rounds: int) -> Outcome:
    pairs = [(ours[0], peer[0]) for ours, peer in _pairs()]
    return _at_most(row, pairs, 6, duration)


def _memory(row: Row, rounds: int) -> Outcome:
    pairs = [(ours[1], peer[1]) for ours, peer in _pairs()]
    return _at_most(row, pairs, 4, lambda size: f"{size:.0f} MB")


def _at_most(row: Row, pairs: list[tuple[float, float]], at_most: float, told: object) -> Outcome:
    ours, peer = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = sorted(a / b for a, b in pairs)
    assert callable(told)
    return Outcome(
        row.work,
        row.peer_name,
        row.required,
        ours=told(ours),
        peer=told(peer),
        ratio=ours / peer,
        spread=f"{ratios[0]:.1f} to {ratios[-1]:.1f}",
        mark="pass" if ours / peer <= at_most else "fail",
    )


def _growth(database: str) -> Row:
    def run(row: Row, rounds: int) -> Outcome:
        with new_folder() as folder:
            times = {count: _asked(folder / str(count), database, count) for count in _STUDIES}
        ratio = times[_STUDIES[-1]] / times[_STUDIES[0]]
        return Outcome(
            row.work,
            row.peer_name,
            row.required,
            ours=", ".join(f"{duration(seconds)} at {count:,}" for count, seconds in times.items()),
            ratio=ratio,
            mark="pass" if ratio <= 3 else "fail",
        )

    return Row(
        f"growth: QIDO by name prefix, 10³, 10⁵, 10⁶ studies, {database}", "itself", "3 × at most", run
    )


def _asked(folder: Path, database: str, count: int) -> float:
    """Seconds of one question for a name's beginning, limit 50, with so many studies in the index."""
    from .growth_data import fill

    with contextlib.ExitStack() as stack:
        root = folder / "node"
        url = stack.enter_context(node_peers.postgresql(folder / "pg")) if database == "PostgreSQL" else ""
        (root / "data").mkdir(parents=True)
        fill(url or str(root / "data" / "index.sqlite"), count)
        server = stack.enter_context(node_peers.chiasm(root, url))
        asked = get(f"{server.web}/studies?PatientName=Wang*&limit=50", "application/dicom+json")
        answers(server.http, lambda _: asked, 50, 1)
        taken = [answers(server.http, lambda _: asked, 50, 1)[0] / 50 for _ in range(_ROUNDS)]
        return statistics.median(taken)
