"""The unique identifiers of DICOM: SOP classes, transfer syntaxes, and all others. PS3.6 §A."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED_LITTLE = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"


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
    """How a data set is encoded; `encapsulated` is whether pixel data comes in fragments. PS3.5 §10, §A."""

    uid: str
    name: str
    implicit_vr: bool
    little_endian: bool
    deflated: bool
    encapsulated: bool
    retired: bool


@functools.cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((_DATA / "dicom-uids.json").read_bytes())
    return content


@functools.cache
def _load() -> dict[str, list[str]]:
    return {row[0]: row for row in _content()["uids"]}


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

    The private ones that devices are known to write are among them. PS3.5 §10, §A.
    """
    row = _content()["transfer_syntaxes"].get(uid)
    if row is None:
        return None
    title, flags, retired = row
    return TransferSyntax(
        uid, title, "i" in flags, "b" not in flags, "d" in flags, "e" in flags, bool(retired)
    )


def transfer_syntaxes() -> tuple[TransferSyntax, ...]:
    """All transfer syntaxes, by UID; the retired ones too."""
    return tuple(found for uid in _content()["transfer_syntaxes"] if (found := transfer_syntax(uid)))
