"""A zip archive that is written as it goes: nothing is held, nothing is sought back to. APPNOTE.TXT 6.3.

Every member is in deflate form, those that are not to be squeezed in its stored blocks, so that readers that
do not seek take it too; sizes follow the members. What may reach 4 GB is in the form of zip64.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from ..errors import UsageError

_LOCAL, _CENTRAL, _DESCRIPTOR = 0x04034B50, 0x02014B50, 0x08074B50
_END64, _LOCATOR64, _END = 0x06064B50, 0x07064B50, 0x06054B50
_FLAGS = 0x0808  # sizes follow the data; the name is in UTF-8
_DEFLATE, _DAY = 8, 0x0021  # 1980-01-01: an archive says nothing of when it was made
_FULL, _MANY = 0xFFFFFFFF, 0xFFFF
_SAFE = 0xFF000000
"""The largest size said before that is kept in the plain form; blocks of deflate need a little more."""


@dataclass(slots=True)
class _Member:
    name: bytes
    offset: int
    is_large: bool
    check: int = 0
    packed: int = 0
    size: int = 0


class ZipStream:
    """Gives the bytes of an archive, piece by piece: `begin`, `write` and `end` a member; at last `close`."""

    def __init__(self) -> None:
        self._members: list[_Member] = []
        self._open: _Member | None = None
        self._at = 0
        self._squeeze = zlib.compressobj(0)

    def begin(self, name: str, size: int | None = None, *, squeezed: bool = True) -> bytes:
        """The head of a new member; `size` is how large it will be at most, None where that is not known.

        `name` has slashes between its parts. UsageError for one that is no relative path.
        """
        if self._open is not None or any(part in {"", ".", ".."} for part in name.split("/")) or "\\" in name:
            raise UsageError(f"{name!r} is no name of a member of an archive")
        is_large = size is None or size > _SAFE
        member = self._open = _Member(name.encode("utf-8"), self._at, is_large)
        self._squeeze = zlib.compressobj(1 if squeezed else 0, zlib.DEFLATED, -15)
        extra = struct.pack("<HHQQ", 1, 16, 0, 0) if is_large else b""
        full = _FULL if is_large else 0
        head = struct.pack(
            "<LHHHHHLLLHH", _LOCAL, 45 if is_large else 20, _FLAGS, _DEFLATE, 0, _DAY, 0, full, full,
            len(member.name), len(extra),
        )  # fmt: skip
        return self._given(head + member.name + extra)

    def write(self, data: bytes | bytearray | memoryview) -> bytes:
        """What a piece of the member becomes; it may be nothing yet."""
        member = self._current()
        member.check = zlib.crc32(data, member.check)
        member.size += len(data)
        packed = self._squeeze.compress(data)
        member.packed += len(packed)
        return self._given(packed)

    def end(self) -> bytes:
        """The rest of the member, and its sizes. UsageError where it became larger than was said."""
        member = self._current()
        rest = self._squeeze.flush()
        member.packed += len(rest)
        if not member.is_large and max(member.packed, member.size) >= _FULL:
            raise UsageError("a member is larger than was said", place=member.name.decode())
        form = "<LLQQ" if member.is_large else "<LLLL"
        self._members.append(member)
        self._open = None
        return self._given(rest + struct.pack(form, _DESCRIPTOR, member.check, member.packed, member.size))

    def drop(self) -> int:
        """Forget the member that was begun: how many bytes of the archive stay."""
        self._at, self._open = self._current().offset, None
        return self._at

    def close(self) -> bytes:
        """The directory of the archive."""
        start = self._at
        parts = [_central(member) for member in self._members]
        size, count = sum(map(len, parts)), len(parts)
        if start + size >= _FULL or count >= _MANY:
            at = start + size
            parts.append(
                struct.pack("<LQHHLLQQQQ", _END64, 44, 45, 45, 0, 0, count, count, size, start)
                + struct.pack("<LLQL", _LOCATOR64, 0, at, 1)
            )
        few = min(count, _MANY)
        parts.append(struct.pack("<LHHHHLLH", _END, 0, 0, few, few, min(size, _FULL), min(start, _FULL), 0))
        return self._given(b"".join(parts))

    def _current(self) -> _Member:
        if self._open is None:
            raise UsageError("no member of the archive was begun")
        return self._open

    def _given(self, data: bytes) -> bytes:
        self._at += len(data)
        return data


def _central(member: _Member) -> bytes:
    large = [value for value in (member.size, member.packed, member.offset) if value >= _FULL]
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    version = 45 if large or member.is_large else 20
    head = struct.pack(
        "<LHHHHHHLLLHHHHHLL", _CENTRAL, version, version, _FLAGS, _DEFLATE, 0, _DAY, member.check,
        min(member.packed, _FULL), min(member.size, _FULL), len(member.name), len(extra), 0, 0, 0, 0,
        min(member.offset, _FULL),
    )  # fmt: skip
    return head + member.name + extra
