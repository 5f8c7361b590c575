"""What outputs are called, and which route a pair of names means.

A name is made of the source's own path and of numbers, never of a value in a file.
"""

from __future__ import annotations

import re
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

_CARRIED = re.compile(rb"99DCMTAG.(?:UI|CS)")
"""What --carry all writes into OBX-3 of its first observations, whatever the delimiter."""

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
        return _from_message(source.head(), standard)
    elif standard == "fhir":
        return "worklist"
    raise UsageError(
        f"'{suffix}' does not say what the {standard} file shall become",
        source=source.name,
        hint=f"say it with --to, one of {', '.join(SUFFIXES)}",
    )


def _from_message(head: bytes, standard: str) -> str:
    """What a message becomes in DICOM: an order a worklist item, a result a report."""
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        head = head.decode("utf-16", "replace").encode("latin-1", "replace")
    if standard == "hl7-xml":
        root = re.search(rb"<(?:[\w.-]+:)?([A-Z]{3})(?:_[A-Z]\d\d)?[\s>]", head)
        code = root[1] if root else b""
    else:
        header = re.split(rb"[\r\n]", head[max(head.find(b"MSH"), 0) :], maxsplit=1)[0]
        fields = header.split(header[3:4] or b"|")
        code = fields[8][:3] if len(fields) > 8 else b""
    if code in _ORDERS:
        return "worklist"
    if code == b"ADT":
        return "patient"
    if _CARRIED.search(head):
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
