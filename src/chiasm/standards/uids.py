"""The unique identifiers of DICOM: SOP classes, transfer syntaxes, and all others. PS3.6 §A."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path

_DATA = Path(__file__).parent / "data"

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED_LITTLE = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"

_NATIVE = frozenset(
    {
        IMPLICIT_LITTLE,
        EXPLICIT_LITTLE,
        DEFLATED_LITTLE,
        EXPLICIT_BIG,
        "1.2.840.10008.1.20",
        "1.2.840.113619.5.2",
    }
)


@dataclass(frozen=True, slots=True)
class Uid:
    """One UID of the registry; `kind` as `SOP Class` or `Transfer Syntax`."""

    uid: str
    name: str
    kind: str
    keyword: str
    retired: bool


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """How a data set is encoded. PS3.5 §10 and §A."""

    uid: str
    name: str
    implicit_vr: bool
    little_endian: bool
    deflated: bool
    encapsulated: bool
    retired: bool


@functools.cache
def _load() -> dict[str, list[str]]:
    rows: list[list[str]] = json.loads((_DATA / "dicom-uids.json").read_bytes())["uids"]
    return {row[0]: row for row in rows}


@functools.cache
def _by_keyword() -> dict[str, str]:
    return {row[3]: uid for uid, row in _load().items() if row[3]}


def by_uid(uid: str) -> Uid | None:
    """The registered UID; None for a private one."""
    row = _load().get(uid)
    return Uid(row[0], row[1], row[2], row[3], bool(row[4])) if row else None


def by_keyword(keyword: str) -> Uid | None:
    """The registered UID of a keyword, as `CTImageStorage`."""
    uid = _by_keyword().get(keyword)
    return by_uid(uid) if uid else None


def name(uid: str) -> str:
    """The name of a registered UID; empty for a private one."""
    row = _load().get(uid)
    return row[1] if row else ""


def of_kind(kind: str) -> tuple[Uid, ...]:
    """All UIDs of one kind, as `SOP Class`."""
    return tuple(found for uid, row in _load().items() if row[2] == kind and (found := by_uid(uid)))


@functools.cache
def transfer_syntax(uid: str) -> TransferSyntax | None:
    """How the data sets of a transfer syntax are encoded; None for a UID that is none.

    All but the native ones encapsulate their pixels and are explicit little endian otherwise. PS3.5 §A.
    """
    if uid == IMPLICIT_LITTLE:
        return TransferSyntax(uid, name(uid), True, True, False, False, False)
    if uid in _NATIVE:
        little = uid != EXPLICIT_BIG
        title = name(uid) or "GE private implicit VR big endian pixels"
        implicit = uid == "1.2.840.113619.5.2"
        return TransferSyntax(uid, title, implicit, little, uid == DEFLATED_LITTLE, False, not little)
    known = by_uid(uid)
    if known is None or known.kind != "Transfer Syntax":
        return None
    deflated = "Deflate" in known.name and "Image" not in known.name
    referenced = "JPIP" in known.name
    return TransferSyntax(uid, known.name, False, True, deflated, not referenced, known.retired)
