"""The character sets of DICOM: defined terms, codecs and the escape sequences that designate them.

PS3.3 §C.12.1.1.2 and its Tables C.12-2 to C.12-5; PS3.5 §6.1.2.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Designation:
    """An escape sequence and what it puts where: G0 (bytes below 0x80) or G1 (those above).

    `codec` names the coded set: `ascii`, `jisx0201`, `jisx0208`, `jisx0212`, `ksx1001`, `gb2312` or a
    Python codec of ISO 8859; `width` is its bytes per character.
    """

    escape: bytes
    region: str
    codec: str
    width: int


@dataclass(frozen=True, slots=True)
class CharsetTerm:
    """One defined term.

    `kind` is `single` (one byte, no escapes), `extension` (one byte, with escapes), `multibyte` (only
    beside another, with escapes) or `whole` (a coding of its own, alone and without escapes). `codec`
    is the Python codec of text without escapes.
    """

    term: str
    name: str
    codec: str
    kind: str
    designations: tuple[Designation, ...]


@functools.cache
def terms() -> dict[str, CharsetTerm]:
    """All defined terms; not to be changed."""
    rows = json.loads((_DATA / "dicom-charsets.json").read_bytes())["terms"]
    return {
        row["term"]: CharsetTerm(
            row["term"],
            row["name"],
            row["codec"],
            row["kind"],
            tuple(
                Designation(b"\x1b" + bytes.fromhex(d["escape"]), d["region"], d["codec"], d["width"])
                for d in row["designations"]
            ),
        )
        for row in rows
    }


@functools.cache
def escapes() -> dict[bytes, Designation]:
    """All escape sequences with what they designate; not to be changed."""
    return {one.escape: one for term in terms().values() for one in term.designations}


_NUMBER = re.compile(r"(?:ISO[ _-]?(2022)?)[ _-]?IR[ _-]?(\d+)")
_LATIN = re.compile(r"(?:ISO)?[ _-]?8859[ _-](\d+)")
_OF_LATIN = {
    "1": "100",
    "2": "101",
    "3": "109",
    "4": "110",
    "5": "144",
    "6": "127",
    "7": "126",
    "8": "138",
    "9": "148",
    "15": "203",
}
_ALIASES = {
    "": "ISO_IR 6",
    "UTF8": "ISO_IR 192",
    "UTF-8": "ISO_IR 192",
    "ASCII": "ISO_IR 6",
    "GB 18030": "GB18030",
}


@functools.cache
def by_term(term: str) -> CharsetTerm | None:
    """The character set of a term; spellings that are often met for it are understood too.

    `ISO-IR 100`, `ISO IR 100`, `ISO_IR100`, `ISO 8859-1`, `UTF-8` are not defined terms but what devices
    write; None for what nobody would understand.
    """
    known = terms()
    text = term.strip().upper()
    if text in known:
        return known[text]
    if text in _ALIASES:
        return known[_ALIASES[text]]
    found = _NUMBER.fullmatch(text)
    if found:
        head = "ISO 2022 IR" if found[1] else "ISO_IR"
        return known.get(f"{head} {found[2]}")
    found = _LATIN.fullmatch(text)
    return known.get(f"ISO_IR {_OF_LATIN[found[1]]}") if found and found[1] in _OF_LATIN else None
