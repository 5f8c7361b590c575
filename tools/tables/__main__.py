"""Regenerates the tables of `standards` from their pinned sources, or proves that they are current.

python tools/tables             write src/chiasm/standards/data
python tools/tables --check     write elsewhere, compare every byte, exit 1 where any differs
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.tables import dicom_context_groups, dicom_dictionary, dicom_iods, fhir, hl7  # noqa: E402  (after the path is set)

DATA = ROOT / "src" / "chiasm" / "standards" / "data"


def generate(out: Path, report: Path) -> None:
    """Write every table into a folder, and the report of disagreements to its own path."""
    dicom_dictionary.generate(out)
    dicom_iods.generate(out)
    dicom_context_groups.generate(out)
    hl7.generate(out, report=report)
    fhir.generate(out)


def main(arguments: list[str]) -> int:
    """Run; the exit status."""
    if arguments != ["--check"]:
        DATA.mkdir(exist_ok=True)
        generate(DATA, hl7.REPORT)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        report = out / hl7.REPORT.name
        generate(out, report)
        stale = [] if report.read_bytes() == hl7.REPORT.read_bytes() else [str(hl7.REPORT.relative_to(ROOT))]
        report.unlink()
        fresh = {path.name: path.read_bytes() for path in out.iterdir()}
    kept = {path.name: path.read_bytes() for path in DATA.iterdir()}
    stale += sorted(name for name in fresh.keys() | kept.keys() if fresh.get(name) != kept.get(name))
    for name in stale:
        sys.stderr.write(f"tables-check: {name} is not what its sources give; run make tables\n")
    if not stale:
        sys.stdout.write(f"tables-check: {len(fresh)} files are current\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
