"""What an object is, told from its file's first bytes alone. PS3.10 §7.1, PS3.3 §C.12.1."""

from __future__ import annotations

from dataclasses import dataclass

from ..standards import uids
from .vr import CODES, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, LONG_CODES, Form

HEAD = 4096
"""So many bytes are enough for nearly all files."""

_SYNTAX, _CLASS, _INSTANCE = 0x0010, 0x0016, 0x0018
_UID = frozenset("0123456789.")


@dataclass(frozen=True, slots=True)
class Identity:
    """SOP class, instance, transfer syntax, and the byte at which the data set begins."""

    sop_class: str
    sop_instance: str
    transfer_syntax: str
    start: int


def identity(head: bytes) -> Identity | None:
    """The identity of a Part 10 file of which these are the first bytes; never of anything else.

    None where it takes more than a look: no DICM, no group length, a deflated data set, one that is not in
    the syntax that the header says, or whose SOP class and instance do not lie within these bytes. `parse`
    tells then.
    """
    if head[128:140] != b"DICM\2\0\0\0UL\4\0" or len(head) < 160:
        return None
    start = 144 + int.from_bytes(head[140:144], "little")
    if start > len(head):
        return None
    syntax = _transfer_syntax(head, start)
    known = uids.transfer_syntax(syntax) if syntax else None
    if known is None or known.deflated:
        return None
    form = EXPLICIT_LITTLE if known.little_endian else EXPLICIT_BIG
    found = _names(head, start, IMPLICIT_LITTLE if known.implicit_vr else form)
    return None if found is None else Identity(*found, syntax, start)


def _transfer_syntax(head: bytes, stop: int) -> str:
    """The value of (0002,0010), empty where the group is none that ends where it says."""
    at, found, form = 144, "", EXPLICIT_LITTLE
    while at + 12 <= stop:
        group, number, code, size = form.head.unpack_from(head, at)
        if group != 2:
            return ""
        at += 8
        if code in LONG_CODES:
            size = form.long.unpack_from(head, at)[0]
            at += 4
        if number == _SYNTAX:
            found = head[at : at + size].rstrip(b"\0 ").decode("ascii", "replace")
        at += size
    return found if at == stop and head[stop : stop + 2] != b"\2\0" else ""


def _names(head: bytes, at: int, form: Form) -> tuple[str, str] | None:
    """SOP class and instance, both in group 0008, whose elements are in order."""
    total, sop_class = len(head), ""
    while at + 12 <= total:
        group, number, code, size = form.head.unpack_from(head, at)
        if group != 8 or number > _INSTANCE or not (form.implicit or code in CODES):
            return None
        at += 8
        if form.implicit:
            size = form.long.unpack_from(head, at - 4)[0]
        elif code in LONG_CODES:
            size = form.long.unpack_from(head, at)[0]
            at += 4
        value, at = at, at + size
        if at > total:
            return None
        if number in {_CLASS, _INSTANCE}:
            text = head[value:at].rstrip(b"\0 ").decode("ascii", "replace")
            if not text or not _UID.issuperset(text):
                return None
            if number == _INSTANCE:
                return (sop_class, text) if sop_class else None
            sop_class = text
    return None
