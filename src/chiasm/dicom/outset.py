"""The outset of a data set: the UIDs by which it is known, found without reading the rest."""

from __future__ import annotations

from ..errors import ChiasmError
from . import enclosed
from .reading import Buffer, Reading
from .vr import LONG_CODES, SHORT_CODES, UNDEFINED, Form

SOP_CLASS, SOP_INSTANCE, STUDY, SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E

_WANTED = frozenset((SOP_CLASS, SOP_INSTANCE, STUDY, SERIES))
_MOST = 2_000
_UID = frozenset("0123456789.")


def uids_of(buffer: Buffer, start: int, form: Form) -> dict[int, str] | None:
    """SOP Class, SOP Instance, Study and Series Instance UID by tag, of a data set that begins at `start`.

    None where any of them is absent or no UID, where elements are out of order, where the buffer ends before
    all are found, or behind 2,000 elements: what such a data set is takes a whole reading. PS3.5 §7.1, §9.1.
    """
    found: dict[int, str] = {}
    pos, stop, last = start, len(buffer), -1
    for _ in range(_MOST):
        if pos + 12 > stop:
            return None
        group, number, code, length = form.head.unpack_from(buffer, pos)
        tag = group << 16 | number
        if tag <= last or group == 0xFFFE:
            return None
        last = tag
        at = pos + 8
        if form.implicit:
            length = form.long.unpack_from(buffer, pos + 4)[0]
        elif code not in SHORT_CODES:
            if code not in LONG_CODES:
                return None
            length = form.long.unpack_from(buffer, at)[0]
            at = pos + 12
        pos = at + length
        if length == UNDEFINED:
            pos = _behind(buffer, at, form, LONG_CODES.get(code, ""))
        if pos > stop:
            return None
        if tag in _WANTED:
            uid = buffer[at:pos].decode("latin-1").rstrip("\0 ")
            if not uid or not _UID.issuperset(uid):
                return None
            found[tag] = uid
            if tag == SERIES:
                return found if len(found) == len(_WANTED) else None
    return None


def _behind(buffer: Buffer, at: int, form: Form, name: str) -> int:
    """Where a sequence of undefined length ends; behind the buffer where it is not whole within it."""
    reading = Reading()
    try:
        _, end = enclosed.find_end(buffer, at, len(buffer), form, name, reading)
    except ChiasmError:
        return len(buffer) + 1
    return len(buffer) + 1 if reading.findings else end
