"""How soon the command line answers, held against an empty Python."""

from __future__ import annotations

import compileall
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .dicom_read import ct_path
from .measure import Outcome, Row, duration


def rows() -> list[Row]:
    """The two rows of starting up."""
    return [
        _row("`chiasm --version`", 6, ["--version"]),
        _row("`chiasm convert` of one file", 20, ["convert", ct_path(), "OUT"]),
    ]


def _row(work: str, at_most: float, arguments: list[str]) -> Row:
    def run(row: Row, rounds: int) -> Outcome:
        compiled()
        empty = [sys.executable, "-c", "pass"]
        program = str(Path(sys.executable).with_name("chiasm"))
        with tempfile.TemporaryDirectory() as folder:
            pairs = []
            for number in range(rounds + 1):
                out = str(Path(folder) / f"{number}.hl7")
                ours = [program, *(out if argument == "OUT" else argument for argument in arguments)]
                pairs.append((_seconds(ours), _seconds(empty)))
        del pairs[0]  # the first start fills the disk cache
        ratio = statistics.median(a for a, _ in pairs) / statistics.median(b for _, b in pairs)
        ratios = sorted(a / b for a, b in pairs)
        return Outcome(
            row.work,
            row.peer_name,
            row.required,
            ours=duration(statistics.median(a for a, _ in pairs)),
            peer=duration(statistics.median(b for _, b in pairs)),
            ratio=ratio,
            spread=f"{ratios[0]:.1f} to {ratios[-1]:.1f}",
            mark="pass" if ratio <= at_most else "fail",
        )

    return Row(work, "`python -c pass`", f"{at_most:g} × at most", run)


def compiled() -> None:
    """Compile the program, as an installer does; a checkout is compiled only where Python may write."""
    import chiasm
    from chiasm.app import start  # noqa: F401

    compileall.compile_dir(str(Path(chiasm.__file__).parent), quiet=2)


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start
