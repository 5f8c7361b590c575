"""The value representations and the three plain encodings of a data set.

A `Form` says how elements are laid out: implicit or explicit VR, little or big endian. The long
form of an explicit element has two reserved bytes and a 32-bit length (PS3.5 §7.1.2).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

LONG_VRS = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"))
SHORT_VRS = frozenset(
    ("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST")
) | {"TM", "UI", "UL", "US"}
ALL_VRS = LONG_VRS | SHORT_VRS
SHORT_CODES: dict[bytes, str] = {name.encode(): name for name in SHORT_VRS}
LONG_CODES: dict[bytes, str] = {name.encode(): name for name in LONG_VRS}
CODES: dict[bytes, str] = SHORT_CODES | LONG_CODES

TEXT_VRS = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UT"))
"""The VRs whose bytes the Specific Character Set governs: PS3.5 §6.1.2.3."""

SINGLE_VALUED = frozenset(("LT", "ST", "UT", "UR"))
"""Texts in which a backslash is a character, not a delimiter: PS3.5 §6.2."""

BYTE_VRS = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN"))

WORD_SIZES = {"AT": 2, "FD": 8, "FL": 4, "OD": 8, "OF": 4, "OL": 4, "OV": 8, "OW": 2} | {
    "SL": 4, "SS": 2, "SV": 8, "UL": 4, "US": 2, "UV": 8
}  # fmt: skip
"""Bytes in one word of each VR whose bytes the byte order turns round: PS3.5 §7.3."""

UNDEFINED: Final = 0xFFFFFFFF
ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD
PIXEL_DATA = 0x7FE00010
SPECIFIC_CHARACTER_SET = 0x00080005


@dataclass(frozen=True, slots=True)
class Form:
    """How the elements of one data set are laid out, with the precompiled readers for it.

    `head` reads (group, element, VR, 16-bit length), `tagged` (group, element, 32-bit length),
    `long` a 32-bit length: PS3.5 §7.1.
    """

    implicit: bool
    little: bool
    head: struct.Struct = field(repr=False, compare=False)
    tagged: struct.Struct = field(repr=False, compare=False)
    long: struct.Struct = field(repr=False, compare=False)


def _form(implicit: bool, order: str) -> Form:
    return Form(
        implicit, order == "<", struct.Struct(order + "HH2sH"), struct.Struct(order + "HHL"),
        struct.Struct(order + "L"),
    )  # fmt: skip


IMPLICIT_LITTLE = _form(True, "<")
EXPLICIT_LITTLE = _form(False, "<")
EXPLICIT_BIG = _form(False, ">")
IMPLICIT_BIG = _form(True, ">")


def header(form: Form, tag: int, vr: str, length: int) -> bytes:
    """The header of one element; a short-form VR with 65,535 bytes or more becomes UN.

    Delimiters and items (group FFFE) have no VR in any form: PS3.5 §7.1.2, §7.5.
    """
    group, number = tag >> 16, tag & 0xFFFF
    if form.implicit or group == 0xFFFE:
        return form.tagged.pack(group, number, length)
    if vr in SHORT_VRS:
        if length < 0xFFFF:
            return form.head.pack(group, number, vr.encode(), length)
        vr = "UN"
    return form.head.pack(group, number, vr.encode(), 0) + form.long.pack(length)
