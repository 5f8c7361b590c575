"""`chiasm tour`: the main job shown on real files, those that pydicom's wheel carries.

It converts them all, checks every message, shows one crossing in full, and brings a header back from
the message that carries it.
"""

from __future__ import annotations

import sys
from collections import Counter
from importlib import util
from pathlib import Path

from .. import dicom, hl7, mapping
from ..errors import ChiasmError, Severity, UsageError
from .convert import convert_source, options
from .sources import Source, gather
from .writing import write

EXAMPLE = "CT_small.dcm"


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
        f"\nLook at {out}/ct.hl7, its ledger beside it, and {out}/all. Next: chiasm convert YOUR.dcm out.hl7\n"
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


def _all(folder: Path, out: Path) -> int:
    kinds: Counter[str] = Counter()
    leaves: Counter[str] = Counter()
    refused: list[str] = []
    broken = 0
    chosen = options()
    for source in gather([str(folder)]):
        try:
            if source.standard() != "dicom":
                kinds["other formats, left alone"] += 1
                continue
            result = convert_source(source, "oru", chosen)
        except ChiasmError as error:
            refused.append(f"{Path(source.name).name}: {error.message}")
            continue
        kinds["converted"] += 1
        leaves.update(result.ledger.counts())
        broken += any(f.severity is Severity.ERROR for f in hl7.parse(result.output).validate())
        write(out / "all" / f"{kinds['converted']:03d}.hl7", result.output)
    for kind, count in kinds.items():
        sys.stdout.write(f"   {count:4d} {kind}\n")
    sys.stdout.write(f"   {len(refused):4d} refused, each with its reason\n")
    for line in refused:
        sys.stdout.write(f"        {line[:120]}\n")
    sys.stdout.write(f"   {broken:4d} messages with an error against HL7 2.5.1\n")
    total = ", ".join(f"{count:,} {name}" for name, count in leaves.items())
    sys.stdout.write(f"   {sum(leaves.values()):,} leaves accounted for: {total}\n")
    return 1 if broken else 0
