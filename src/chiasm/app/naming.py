"""What outputs are called, and which route a pair of names means.

A name is made of the source's own path and of numbers, never of a value in a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from .sources import Source

SUFFIXES = {
    "oru": ".hl7",
    "omi": ".hl7",
    "orm": ".hl7",
    "omg": ".hl7",
    "adt": ".hl7",
    "mdm": ".hl7",
    "fhir": ".json",
    "worklist": ".wl.dcm",
    "sr": ".dcm",
    "document": ".dcm",
    "patient": ".dcm",
    "dicom": ".dcm",
}
"""The suffix of each target's files."""

_ORDERS = frozenset({b"OMI", b"OMG", b"ORM", b"SIU"})


def target_of(source: Source, destination: Path | None) -> str:
    """The target that a destination's suffix means for a source, where none was named.

    Raises UsageError where it means none.
    """
    suffix = destination.suffix.lower() if destination else ""
    standard = source.standard()
    if standard == "dicom":
        if suffix in {"", ".hl7", ".er7", ".txt"}:
            return "oru"
        if suffix == ".json":
            return "fhir"
    elif standard in {"hl7", "hl7-xml"}:
        if suffix == ".json":
            return "fhir"
        return _from_message(source.head())
    elif standard == "fhir":
        return "worklist"
    raise UsageError(
        f"'{suffix}' does not say what the {standard} file shall become",
        source=source.name,
        hint=f"say it with --to, one of {', '.join(SUFFIXES)}",
    )


def _from_message(head: bytes) -> str:
    """What a message becomes in DICOM: an order a worklist item, a result a report."""
    header = head[head.find(b"MSH") :]
    separator = header[3:4]
    fields = header.split(b"\r")[0].split(b"\n")[0].split(separator)
    code = fields[8][:3] if len(fields) > 8 else b""
    if code in _ORDERS:
        return "worklist"
    if code == b"ADT":
        return "patient"
    if b"99DCMTAG^UI" in head or b"99DCMTAG^CS" in head:
        return "dicom"
    return "sr"


def output_paths(destination: Path, count: int) -> list[Path]:
    """A path for each output of one source: the destination, then numbered ones beside it."""
    stem, dot, rest = destination.name.partition(".")
    return [
        destination if number == 1 else destination.with_name(f"{stem}-{number}{dot}{rest}")
        for number in range(1, count + 1)
    ]


def below(folder: Path, base: Path | None, source: Source, number: int, target: str) -> Path:
    """Where in a folder the output of one source goes: at its own relative path, with the target's suffix.

    A member of an archive gets the archive's name and its number: a member's name is foreign.
    """
    suffix = SUFFIXES.get(target, ".out")
    if source.path is None:
        archive = Path(source.name.partition("!")[0]).name
        return folder / archive / f"{number:06d}{suffix}"
    relative = (
        source.path.relative_to(base) if base and source.path.is_relative_to(base) else Path(source.path.name)
    )
    return folder / relative.with_name(relative.name + suffix)
