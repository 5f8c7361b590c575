"""`chiasm tour`: the main job shown on real files, those that pydicom's wheel carries.

It converts them all, checks every message, shows one crossing in full, and brings a header back from
the message that carries it.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from importlib import util
from pathlib import Path

from .. import dicom, hl7, mapping
from ..errors import ChiasmError, Finding, Severity, UsageError
from .convert import convert_source, options
from .sources import Source, gather
from .writing import write

EXAMPLE = "CT_small.dcm"
GAPS = {
    "PID-3": "lack PID-3: the file has no patient ID, and Chiasm invents none",
    "PID-5": "lack PID-5: the file names no patient, and Chiasm invents none",
    "OBR-7": "lack OBR-7: the file has no date of its study or acquisition, and Chiasm invents none",
}
LONG = "hold a value that is longer than HL7 provides for; Chiasm cuts none"
"""What HL7 requires of a message and a file may not have, and what the tour says of it."""


def samples() -> Path:
    """The folder of real DICOM files in pydicom's wheel.

    Raises UsageError where pydicom is not installed.
    """
    found = util.find_spec("pydicom")
    if found is None or found.origin is None:
        raise UsageError(
            "the sample files come with pydicom", hint="install it with pip install 'chiasm[pixels]'"
        )
    return Path(found.origin).parent / "data" / "test_files"


def tour_command(out: Path) -> int:
    """Run the tour; the exit status."""
    say = sys.stdout.write
    folder = samples()
    say("1. One file: a CT image becomes the message that tells of it.\n\n")
    _one(folder / EXAMPLE, out)
    say("\n2. The way back: with --carry all the header travels, and is rebuilt from the message.\n\n")
    _there_and_back(folder / EXAMPLE, out)
    say("\n3. All of them: every real file that comes along.\n\n")
    status = _all(folder, out)
    say(
        f"\nLook at {out}/ct.hl7 and its ledger beside it, at {out}/all, and at one file as a tree:\n"
        f"   chiasm inspect {folder / EXAMPLE}\nNext: chiasm convert YOUR.dcm out.hl7 --ledger ledger.jsonl\n"
    )
    return status


def _one(path: Path, out: Path) -> None:
    result = convert_source(Source(path.name, path=path), "oru", options())
    write(out / "ct.hl7", result.output)
    write(out / "ct.ledger.jsonl", result.ledger.to_json_lines().encode())
    for line in result.output.decode().split("\r"):
        if line:
            sys.stdout.write(f"   {line[:150]}{'…' if len(line) > 150 else ''}\n")
    errors = [f for f in hl7.parse(result.output).validate() if f.severity is Severity.ERROR]
    counts = result.ledger.counts()
    sys.stdout.write(
        f"\n   checked against HL7 2.5.1: {len(errors)} errors\n"
        f"   ledger of {len(result.ledger)} leaves: {counts['mapped']} mapped, {counts['dropped']} dropped\n"
    )


def _there_and_back(path: Path, out: Path) -> None:
    package = dicom.read_file(path)
    result = convert_source(Source(path.name, path=path), "oru", options("all"))
    write(out / "ct-carried.hl7", result.output)
    rebuilt = mapping.rebuild(hl7.parse(result.output))
    there = dict(package.data.walk())
    back = dict(rebuilt.walk())
    pixels = {"7FE00010"}
    equal = sum(1 for key, element in there.items() if key in back and element.value == back[key].value)
    expected = len(there.keys() - pixels)
    sys.stdout.write(f"   {equal} of {expected} elements came back equal; the pixels stay at home\n")


class _Tally:
    """What became of the files of the tour."""

    def __init__(self) -> None:
        self.converted = 0
        self.clean = 0
        self.leaves: Counter[str] = Counter()
        self.left: list[str] = []
        self.refused: list[str] = []
        self.gaps: Counter[str] = Counter()
        self.faults: list[str] = []

    def message(self, name: str, output: bytes) -> None:
        """Check one message: what the file itself lacks is a gap, anything else a fault of the crossing."""
        found = [f for f in hl7.parse(output).validate() if f.severity is Severity.ERROR]
        self.clean += not found
        told = {finding: _gap(finding) for finding in found}
        self.gaps.update({gap for gap in told.values() if gap})
        self.faults += [f"{name}: {f.path}: {f.message}" for f, gap in told.items() if not gap]


def _gap(finding: Finding) -> str:
    """What the finding says of the file rather than of the crossing; nothing where it is a fault."""
    if finding.rule == "over-long":
        return LONG
    field = re.sub(r"\[\d+\]", "", finding.path).partition(".")[0]
    return GAPS.get(field, "") if finding.rule.startswith("missing") else ""


def _all(folder: Path, out: Path) -> int:
    tally = _Tally()
    chosen = options()
    for source in gather([str(folder)]):
        name = str(source.path.relative_to(folder)) if source.path else source.name
        try:
            if source.standard() != "dicom":
                tally.left.append(name)
                continue
            result = convert_source(source, "oru", chosen)
        except ChiasmError as error:
            tally.refused.append(f"{name}: {error.message}")
            continue
        tally.converted += 1
        tally.leaves.update(result.ledger.counts())
        tally.message(name, result.output)
        write(out / "all" / f"{tally.converted:03d}.hl7", result.output)
    _tell(tally)
    return 1 if tally.faults else 0


def _tell(tally: _Tally) -> None:
    say = sys.stdout.write
    say(f"   {tally.converted:4d} files became messages; checked against HL7 2.5.1:\n")
    say(f"   {tally.clean:8d} without an error\n")
    for gap, count in tally.gaps.most_common():
        say(f"   {count:8d} {gap}\n")
    for line in tally.faults:
        say(f"            {line[:120]}\n")
    say(f"   {len(tally.refused):4d} files are refused, each with its reason:\n")
    for line in tally.refused:
        say(f"            {line[:120]}\n")
    for line in tally.left:
        say(f"            {line}: another format, left alone\n")
    total = ", ".join(f"{count:,} {name}" for name, count in tally.leaves.items())
    say(f"   {sum(tally.leaves.values()):,} leaves accounted for: {total}\n")
