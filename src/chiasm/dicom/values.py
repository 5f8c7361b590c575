"""The values of the VRs that no character set governs, from the bytes of their value fields.

Empty is None, one value is that value, several are a tuple. Texts lose their padding alone; DS, IS,
DA, TM and DT stay the texts they are. Numbers whose field is not a whole number of words come out as
the bytes they are. PS3.5 §6.2.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from . import escaped
from .charset import CharacterSet
from .names import PersonName

Leaf = str | int | float | bytes | tuple[str, ...] | tuple[int, ...] | tuple[float, ...] | None
Decoder = Callable[[bytes], Leaf]

_PADDING = " \0"


def string(data: bytes) -> Leaf:
    """A text in the default repertoire that may have several values, padded on either side."""
    try:
        text = data.decode("ascii").strip(_PADDING)
    except UnicodeDecodeError:
        text = data.decode("ascii", "surrogateescape").strip(_PADDING)
        parts = tuple([escaped.show(part.strip(_PADDING)) for part in text.split("\\")])
        return parts if len(parts) > 1 else parts[0]
    if "\\" in text:
        return tuple([part.strip(_PADDING) for part in text.split("\\")])
    return text or None


def locator(data: bytes) -> Leaf:
    """A UR: one text in the default repertoire, a backslash being a character of it."""
    return escaped.show(data.decode("ascii", "surrogateescape").rstrip(_PADDING)) or None


def _numbers(order: str, code: str) -> Decoder:
    one = struct.Struct(order + code)
    width, unpack = one.size, one.unpack

    def numbers(data: bytes) -> Leaf:
        size = len(data)
        if size == width:
            number: int | float = unpack(data)[0]
            return number
        if size == 0:
            return None
        if size % width:
            return data
        return struct.unpack(f"{order}{size // width}{code}", data)

    return numbers


def _tags(order: str) -> Decoder:
    pair = struct.Struct(order + "HH")

    def tags(data: bytes) -> Leaf:
        if not data:
            return None
        if len(data) % 4:
            return data
        found = tuple([group << 16 | element for group, element in pair.iter_unpack(data)])
        return found[0] if len(found) == 1 else found

    return tags


def _bytes(data: bytes) -> Leaf:
    return data or None


_STRINGS = ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI")
_NUMBERS = {"FD": "d", "FL": "f", "SL": "l", "SS": "h", "SV": "q", "UL": "L", "US": "H", "UV": "Q"}


def _table(order: str) -> dict[str, Decoder]:
    table: dict[str, Decoder] = dict.fromkeys(_STRINGS, string)
    table |= {vr: _numbers(order, code) for vr, code in _NUMBERS.items()}
    table |= dict.fromkeys(("OB", "OD", "OF", "OL", "OV", "OW", "UN"), _bytes)
    return table | {"AT": _tags(order), "UR": locator}


LITTLE = _table("<")
BIG = _table(">")


def text_values(data: bytes, charset: CharacterSet) -> Leaf:
    """LO, SH or UC: texts under the character set, several split by backslashes."""
    text = charset.decode(data).rstrip(_PADDING)
    if "\\" in text:
        return tuple([escaped.show(part.rstrip(_PADDING)) for part in text.split("\\")])
    return escaped.show(text) or None


def text(data: bytes, charset: CharacterSet) -> Leaf:
    """LT, ST or UT: one text under the character set; its backslashes are characters."""
    return escaped.show(charset.decode(data, b"").rstrip(_PADDING)) or None


def person_names(data: bytes, charset: CharacterSet) -> Leaf:
    """PN: names under the character set."""
    text = charset.decode(data, PERSON_NAME_DELIMITERS).rstrip(_PADDING)
    if "\\" in text:
        return tuple([PersonName(escaped.show(part.rstrip(_PADDING))) for part in text.split("\\")])
    return PersonName(escaped.show(text)) if text else None


PERSON_NAME_DELIMITERS = b"\\^="

TEXTS: dict[str, Callable[[bytes, CharacterSet], Leaf]] = {
    "LO": text_values, "SH": text_values, "UC": text_values,
    "LT": text, "ST": text, "UT": text, "PN": person_names,
}  # fmt: skip


def delimiters(vr: str) -> bytes:
    """The characters at which code extensions are reset in a VR: PS3.5 §6.1.2.5.3."""
    if vr == "PN":
        return PERSON_NAME_DELIMITERS
    return b"" if vr in ("LT", "ST", "UT") else b"\\"
