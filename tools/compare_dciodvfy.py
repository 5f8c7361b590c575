"""Compares `chiasm validate` with dciodvfy over real files: `python tools/compare_dciodvfy.py [FILE…]`.

What either says becomes pairs of (path, kind). dciodvfy's lines are read in the form of its option -new.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from chiasm import dicom  # noqa: E402  (found after the line above)
from chiasm.dicom.validate import validate  # noqa: E402
from chiasm.errors import ChiasmError  # noqa: E402
from chiasm.standards import dictionary  # noqa: E402

Pair = tuple[str, str]

_LINE = re.compile(r"^(Error|Warning) - (?:<(/.*?)> - )?(.*)$")
_STEP = re.compile(r"\(([0-9a-f]{4}),([0-9a-f]{4})\)(?:\[(\d+)\])?")
_KINDS = (
    (r"Missing attribute(?: or value)? for Type", "missing"),
    (r"Empty attribute", "empty"),
    (r"Attribute present when condition unsatisfied", "not-allowed"),
    (r"Attribute is not present in standard", "not-in-iod"),
    (r"Retired attribute", "retired"),
    (r"Unrecognized enumerated value", "enumerated-value"),
    (r"Unrecognized defined term", "defined-term"),
    (r"Value invalid for this VR|Illegal root for UID", "value-format"),
    (r"Trailing Character invalid|Leading Character invalid", "value-format"),
    (r"Value dubious for this VR", "value-dubious"),
    (r"Incorrect number of values|[Bb]ad VM|Value Multiplicity|incorrect VM|Illegal number of values",
     "value-multiplicity"),
    (r"explicit value representation doesn't match", "value-representation"),
    (r"Explicit value representation doesn't match", "value-representation"),
    (r"Private tag without owner", "private-creator"),
    (r"private owner value|private owner", "private-creator"),
    (r"MediaStorageSOP", "meta-mismatch"),
    (r"FileMetaInformationVersion", "value-format"),
    (r"Unrecognized tag", "unknown-element"),
    (r"has same value as", "same-uid"),
    (r"PixelData has incorrect value length", "pixel-data-length"),
    (r"does not match NumberOfFrames", "frame-count"),
    (r"is not listed in CurrentReq", "evidence"),
    (r"CodingSchemeDesignator is deprecated", "deprecated-scheme"),
    (r"needed to build DICOMDIR", "directory-keys"),
    (r"Laterality|only permitted to be empty when", "empty-when-unknown"),
    (r"Value is zero", "zero-value"),
)  # fmt: skip
_OURS = {
    "missing-type-1": "missing", "missing-type-1c": "missing", "missing-type-2": "missing",
    "missing-type-2c": "missing", "empty-type-1": "empty", "empty-type-1c": "empty",
    "private-element": "private-creator", "value-bytes": "value-format",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comparison:
    """One file: what both say, what only one does; `state` tells where dciodvfy did not finish."""

    name: str
    both: frozenset[Pair]
    ours: frozenset[Pair]
    theirs: frozenset[Pair]
    state: str = ""


def theirs(text: str) -> dict[Pair, str]:
    """The pairs of dciodvfy's output, with the line that each comes from."""
    found: dict[Pair, str] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if not match:
            continue
        steps = _STEP.findall(match[2] or "")
        path = "/".join(
            part
            for number, (group, element, item) in enumerate(steps)
            for part in (
                [f"{group}{element}".upper()] + ([str(int(item or 1) - 1)] if number < len(steps) - 1 else [])
            )
        )
        kind = next((kind for form, kind in _KINDS if re.search(form, match[3])), "other")
        found.setdefault((path, kind), line)
    return found


def ours(path: Path) -> dict[Pair, str]:
    """The pairs of this project's findings, with their sentences."""
    package = dicom.read_file(path)
    return {(one.path, _OURS.get(one.rule, one.rule)): one.message for one in validate(package)}


def run(program: str, path: Path) -> tuple[str, str]:
    """dciodvfy's output, and how it ended where it did not judge the file."""
    done = subprocess.run([program, "-new", str(path)], capture_output=True, timeout=60, check=False)
    text = (done.stderr + done.stdout).decode("latin-1")
    if done.returncode < 0:
        return text, "dciodvfy crashed"
    if re.search(r"Information Object Not found", text):
        return text, "unknown object"
    return text, "unreadable to it" if re.search(r"Dicom dataset read failed", text) else ""


def compare(program: str, path: Path) -> Comparison | None:
    """The comparison of one file; None for one that is no DICOM."""
    try:
        mine = ours(path)
    except ChiasmError:
        return None
    text, state = run(program, path)
    other = theirs(text)
    a, b = frozenset(mine), frozenset(other)
    return Comparison(path.name, a & b, a - b, b - a, state)


def corpus() -> list[Path]:
    """pydicom's test files and character set files."""
    import pydicom

    data = Path(pydicom.__file__).parent / "data"
    return sorted(
        p for folder in ("test_files", "charset_files") for p in (data / folder).rglob("*") if p.is_file()
    )


@dataclass(frozen=True, slots=True)
class Class:
    """One class of difference: which side says it, which kinds and attributes, and why the other does not."""

    side: str
    kinds: str
    attributes: str
    why: str


def _classes() -> tuple[Class, ...]:
    """The classes of difference, as `compare_dciodvfy.toml` has them."""
    content = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return tuple(Class(**one) for one in content["class"])


CLASSES = _classes()


def why(side: str, pair: Pair) -> str:
    """Why only one side says this; empty where no class of difference has it."""
    kind, name = _short(pair)
    for one in CLASSES:
        sides = ("ours", "theirs") if one.side == "both sides" else (one.side,)
        if side in sides and re.fullmatch(one.kinds, kind) and re.search(one.attributes, name):
            return one.why
    return ""


def page(found: list[Comparison]) -> str:
    """The page of the documentation: totals, classes of difference, and a row for each file."""
    judged = [one for one in found if not one.state]
    agreed, mine, other = (
        sum(len(getattr(one, side)) for one in judged) for side in ("both", "ours", "theirs")
    )
    classes: dict[str, Counter[str]] = {}
    for one in judged:
        for side in ("ours", "theirs"):
            for pair in getattr(one, side):
                classes.setdefault(why(side, pair) or "unexplained", Counter())[side] += 1
    rows = sorted(classes.items(), key=lambda row: -row[1].total())
    lines = [
        "# `chiasm validate` beside dciodvfy",
        "",
        "Printed by `python tools/compare_dciodvfy.py --page`, over the test files of pydicom,",
        "with dciodvfy of dicom3tools 1.00 (2022). Each line of either becomes a pair of path and kind.",
        "",
        f"{len(judged)} files judged by both: **{agreed:,} findings in common**, {mine:,} of Chiasm alone,",
        f"{other:,} of dciodvfy alone. {len(found) - len(judged)} files were not judged by dciodvfy.",
        "",
        "| only Chiasm | only dciodvfy | why |",
        "|---:|---:|---|",
        *(f"| {count['ours']} | {count['theirs']} | {text} |" for text, count in rows),
        "",
        "| file | both | only Chiasm | only dciodvfy | |",
        "|---|---:|---:|---:|---|",
        *(
            f"| {one.name} | {len(one.both)} | {len(one.ours)} | {len(one.theirs)} | {one.state} |"
            for one in sorted(found, key=lambda one: (one.name, len(one.both), len(one.theirs)))
        ),
        "",
    ]
    return "\n".join(lines)


def report(found: list[Comparison]) -> str:
    """Totals by file, then what only one of the two says, by kind and attribute."""
    lines = [
        f"{one.name:48} {len(one.both):4} {len(one.ours):4} {len(one.theirs):4}  {one.state}" for one in found
    ]
    judged = [one for one in found if not one.state]
    for side in ("both", "ours", "theirs"):
        pairs = [pair for one in judged for pair in getattr(one, side)]
        total = Counter((_short(pair), why(side, pair)) for pair in pairs)
        lines.append(f"\n{side}: {total.total()} pairs in {len(judged)} judged files")
        for ((kind, tag), text), count in total.most_common(15 if side == "both" else None):
            lines.append(f"  {count:4} {kind:22} {tag}  {text}")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Print the comparison, with `--page` as the page of the documentation."""
    program = shutil.which("dciodvfy")
    if program is None:
        sys.stderr.write("dciodvfy is not installed (apt install dicom3tools)\n")
        return 2
    names = [name for name in arguments if name != "--page"]
    paths = [Path(name) for name in names] or corpus()
    found = [one for path in paths if (one := compare(program, path)) is not None]
    sys.stdout.write(page(found) if "--page" in arguments else report(found))
    return 0


def _short(pair: Pair) -> tuple[str, str]:
    parts = pair[0].split("/")[::2]
    names = [dictionary.keyword(int(part, 16)) or part if part else "" for part in parts[-2:]]
    return pair[1], "/".join(names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
