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
    if standard in {"dicom", "dicom-json", "dicom-xml"}:
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


def numbered(path: Path, number: int) -> Path:
    """The path with a number before its suffix: `a.b.hl7`, `x.wl.dcm` give `a.b-2.hl7`, `x-2.wl.dcm`."""
    worklist = SUFFIXES["worklist"]
    suffix = worklist if path.name.endswith(worklist) else path.suffix
    return path.with_name(f"{path.name.removesuffix(suffix)}-{number}{suffix}")


def below(folder: Path, source: Source, target: str) -> Path:
    """Where in a folder the output of one source goes: at its own place, with the target's suffix."""
    place = Path(source.place or "unnamed")
    return folder / place.with_name(place.name + SUFFIXES.get(target, ".out"))
