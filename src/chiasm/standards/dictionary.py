"""The DICOM data dictionary: elements by tag and keyword, and the private elements known by creator.

PS3.6 §6 to §8; PS3.7 §E; repeating groups as (60xx,3000) are found under each of their groups.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Entry:
    """One element of the dictionary; `vr` has the alternatives where the data set decides, as US or SS."""

    tag: int
    vr: tuple[str, ...]
    vm: str
    name: str
    keyword: str
    retired: bool


@dataclass(frozen=True, slots=True)
class PrivateEntry:
    """One private element of a creator; its group and block are those of the data set. PS3.5 §7.8."""

    creator: str
    vr: str
    vm: str
    name: str


class _Dictionary:
    """The dictionary as it is on disk: parallel columns, and the two indexes into them."""

    __slots__ = ("columns", "index", "keywords", "repeating", "retired", "vrs")

    def __init__(self) -> None:
        content = json.loads((_DATA / "dicom-dictionary.json").read_bytes())
        tags: list[int] = content["tags"]
        self.columns: tuple[list[str], list[str], list[str], list[str]] = (
            content["vr"],
            content["vm"],
            content["names"],
            content["keywords"],
        )
        self.index = dict(zip(tags, range(len(tags)), strict=True))
        self.keywords: dict[str, int] = dict(zip(content["keywords"], tags, strict=True))
        self.keywords.pop("", None)
        # The keyword of a repeating group means the first of its groups: OverlayRows is (6000,0010).
        self.keywords.update(content["repeating_keywords"])
        self.vrs: dict[int, str] = dict(zip(tags, [vr[:2] for vr in content["vr"]], strict=True))
        self.retired = frozenset(content["retired"])
        self.repeating: dict[str, list[Any]] = content["repeating"]


@functools.cache
def _load() -> _Dictionary:
    return _Dictionary()


def by_tag(tag: int) -> Entry | None:
    """The element of a tag; None for one that the dictionary does not have, private ones among them."""
    known = _load()
    at = known.index.get(tag)
    if at is not None:
        vr, vm, names, keywords = known.columns
        return Entry(tag, _alternatives(vr[at]), vm[at], names[at], keywords[at], tag in known.retired)
    row = _repeating(tag)
    if row is None:
        return None
    return Entry(tag, _alternatives(row[0]), row[1], row[2], row[3], row[4])


def _alternatives(vr: str) -> tuple[str, ...]:
    """The VRs of an element: none for the delimiters of items, several where the data set decides."""
    return tuple(vr.split("/")) if vr else ()


def _repeating(tag: int) -> list[Any] | None:
    """The row of a repeating group or element: the mask whose fixed digits are those of the tag."""
    group = tag >> 24
    if group not in {0x00, 0x10, 0x50, 0x60, 0x7F} or (tag >> 16) & 1:
        return None
    text = f"{tag:08x}"
    for mask, row in _load().repeating.items():
        if all(m in ("x", t) for m, t in zip(mask, text, strict=True)):
            return row
    return None


def by_keyword(keyword: str) -> Entry | None:
    """The element of a keyword, as `PatientName`."""
    found = tag(keyword)
    return None if found is None else by_tag(found)


def tag(keyword: str) -> int | None:
    """The tag of a keyword, for repeating groups that of the first; None for an unknown one."""
    return _load().keywords.get(keyword)


def tags() -> tuple[int, ...]:
    """All tags of the dictionary in order, repeating groups left out."""
    return tuple(_load().index)


def keywords() -> dict[str, int]:
    """All keywords with their tags; not to be changed."""
    return _load().keywords


def keyword(tag: int) -> str:
    """The keyword of a tag; empty for an unknown or private one."""
    known = _load()
    at = known.index.get(tag)
    if at is not None:
        return known.columns[3][at]
    row = _repeating(tag)
    return str(row[3]) if row else ""


def vr(tag: int) -> str:
    """The VR of a tag, the first where there are several; UN for what nobody knows.

    Group lengths are UL, private creators LO. PS3.5 §7.2, §7.8.1.
    """
    known = _load().vrs.get(tag)
    if known:
        return known
    element = tag & 0xFFFF
    if element == 0:
        return "UL"
    if (tag >> 16) & 1:
        return "LO" if 0x10 <= element <= 0xFF else "UN"
    row = _repeating(tag)
    return str(row[0])[:2] if row and row[0] else "UN"


@functools.cache
def _private() -> dict[str, dict[str, list[str]]]:
    content: dict[str, dict[str, list[str]]] = json.loads((_DATA / "dicom-private.json").read_bytes())[
        "creators"
    ]
    return content


def private(creator: str, tag: int) -> PrivateEntry | None:
    """The private element of a creator; the block number of the tag does not matter. PS3.5 §7.8.1."""
    rows = _private().get(creator)
    if rows is None:
        return None
    row = rows.get(f"{tag >> 16:04x}xx{tag & 0xFF:02x}") or rows.get(f"{tag:08x}")
    return PrivateEntry(creator, row[0], row[1], row[2]) if row else None


def private_creators() -> tuple[str, ...]:
    """The creators whose private elements are known."""
    return tuple(_private())
