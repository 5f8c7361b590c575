"""The outset of a data set: the UIDs by which it is known, found without reading the rest."""

from __future__ import annotations

from typing import Final

from ..errors import ChiasmError
from . import enclosed
from .reading import Reading
from .vr import LONG_CODES, SHORT_CODES, UNDEFINED, Form

SOP_CLASS: Final = 0x00080016
SOP_INSTANCE: Final = 0x00080018
STUDY: Final = 0x0020000D
SERIES: Final = 0x0020000E
"""The tags of the UIDs."""

_MOST: Final = 2_000
_UID = frozenset("0123456789.")


def _kinds() -> bytes:
    """How the length of an element is written, by its VR's two letters as a number: in 2 bytes, or in 4."""
    kinds = bytearray(65536)
    for codes, size in ((SHORT_CODES, 2), (LONG_CODES, 4)):
        for code in codes:
            kinds[int.from_bytes(code, "big")] = size
    return bytes(kinds)


_KINDS = _kinds()


def uids_of(buffer: bytes, start: int, form: Form) -> dict[int, str] | None:
    """SOP Class, SOP Instance, Study and Series Instance UID by tag, of a data set that begins at `start`.

    None where any of them is absent or no UID, where elements are out of order, where the buffer ends before
    all are found, behind 2,000 elements, and for big endian: what such a data set is takes a whole reading.
    PS3.5 §7.1, §9.1.
    """
    if not form.little:
        return None
    found: dict[int, str] = {}
    implicit, kinds = form.implicit, _KINDS
    pos, stop, last = start, len(buffer), -1
    for _ in range(_MOST):
        if pos + 12 > stop:
            return None
        tag = buffer[pos + 1] << 24 | buffer[pos] << 16 | buffer[pos + 3] << 8 | buffer[pos + 2]
        if tag <= last or tag >> 16 == 0xFFFE:
            return None
        last, at = tag, pos + 8
        if implicit:
            length = _long(buffer, pos + 4)
        else:
            kind = kinds[buffer[pos + 4] << 8 | buffer[pos + 5]]
            if kind == 2:
                length = buffer[pos + 7] << 8 | buffer[pos + 6]
            elif kind == 4:
                length, at = _long(buffer, at), pos + 12
            else:
                return None
        pos = at + length
        if length == UNDEFINED:
            name = "" if implicit else LONG_CODES[buffer[at - 8 : at - 6]]
            pos = _behind(buffer, at, form, name)
        if pos > stop:
            return None
        # Not `in`: compiled, that makes objects of each tag.
        if tag == SOP_CLASS or tag == SOP_INSTANCE or tag == STUDY or tag == SERIES:  # noqa: PLR1714, SIM109
            uid = buffer[at:pos].decode("latin-1").rstrip("\0 ")
            if not uid or not _UID.issuperset(uid):
                return None
            found[tag] = uid
            if tag == SERIES:
                return found if len(found) == 4 else None
    return None


def _long(buffer: bytes, at: int) -> int:
    return buffer[at + 3] << 24 | buffer[at + 2] << 16 | buffer[at + 1] << 8 | buffer[at]


def _behind(buffer: bytes, at: int, form: Form, name: str) -> int:
    """Where a sequence of undefined length ends; behind the buffer where it is not whole within it."""
    reading = Reading()
    try:
        _, end = enclosed.find_end(buffer, at, len(buffer), form, name, reading)
    except ChiasmError:
        return len(buffer) + 1
    return len(buffer) + 1 if reading.findings else end
