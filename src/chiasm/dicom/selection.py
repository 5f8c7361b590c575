"""Chosen elements of a file, found in its beginning: what an index keeps, without the rest being read.

Nothing here tolerates: a beginning that deviates from the standard in any way, or that the chosen elements go
beyond, is left to `part10`, so that both give the same elements. PS3.10 §7.1, PS3.5 §7.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterable
from typing import Final

from ..errors import ChiasmError
from ..standards import uids
from . import meaning, values
from .dataset import DataSet
from .package import TRANSFER_SYNTAX, form_for
from .reading import Buffer, Reading
from .scan import Record, Scan
from .vr import CODES, LONG_VRS, SHORT_VRS, UNDEFINED, Form

BEGINNING: Final = 16 << 10
"""Bytes of a file in which the chosen elements are looked for: most headers are shorter."""

_SHORT_LAST: Final = 21
_SEQUENCE: Final = 22
_SIEVE: Final = 4096
_DEPTH: Final = 100
_OPEN: Final = 0xFFFFFFFF
_ITEM: Final = 0xFFFEE000
_ITEM_END: Final = 0xFFFEE00D
_SEQUENCE_END: Final = 0xFFFEE0DD
_MOST: Final = BEGINNING // 8
assert _OPEN == UNDEFINED


_VRS = ("", *sorted(SHORT_VRS), "SQ", *sorted(LONG_VRS - {"SQ"}))
"""By kind: 0 is none, then those of the short form, a sequence, and the others of the long form."""

assert (len(SHORT_VRS), _VRS[_SEQUENCE]) == (_SHORT_LAST, "SQ")


def _kinds() -> bytes:
    """The kind by the two bytes of a VR."""
    kinds = bytearray(1 << 16)
    for kind, vr in enumerate(_VRS):
        if vr:
            kinds[ord(vr[0]) << 8 | ord(vr[1])] = kind
    return bytes(kinds)


_KINDS = _kinds()
_FORMS: dict[bytes, Form] = {}
"""Forms by the value of Transfer Syntax UID as it stands in files."""


class Selection:
    """Some standard tags of the main data set, and the way to find them in many files."""

    __slots__ = ("last", "sieve", "tags")

    def __init__(self, tags: Iterable[int]) -> None:
        self.tags = frozenset(tags)
        self.last: int = max(self.tags)
        sieve = bytearray(_SIEVE)
        for tag in self.tags:
            sieve[((tag >> 16) * 37 + tag) & (_SIEVE - 1)] = 1
        self.sieve = bytes(
            sieve
        )  # mostly says of other tags that they are not among these, without a look-up

    def of_file(self, path: str | os.PathLike[str]) -> DataSet | None:
        """As `of`, of a file. OSError where it cannot be read."""
        handle = os.open(path, os.O_RDONLY)
        try:
            size = os.fstat(handle).st_size
            beginning = os.read(handle, BEGINNING)
            walk = _Walk(beginning, size, self)
            if not walk.run():
                return None
            if walk.tail < 0 or walk.is_regular_behind(lambda start: os.pread(handle, size - start, start)):
                return walk.data
            with mmap.mmap(handle, 0, access=mmap.ACCESS_READ) as mapped:
                return walk.data if self._is_settled(walk, mapped) else None
        except ValueError:  # it is empty, and nothing can be mapped
            return None
        finally:
            os.close(handle)

    def of(self, content: bytes) -> DataSet | None:
        """The chosen elements of the bytes of a file, as `part10.parse` finds them.

        They are all that the data set has. None where it takes `part10.parse` to find them.
        """
        walk = _Walk(content[:BEGINNING], len(content), self)
        if not walk.run():
            return None
        is_settled = walk.tail < 0 or walk.is_regular_behind(lambda start: content[start:])
        return walk.data if is_settled or self._is_settled(walk, content) else None

    def _is_settled(self, walk: _Walk, buffer: Buffer) -> bool:
        """Whether none of the chosen tags comes out of its order, behind what was walked over."""
        reading = Reading()
        reading.elements = _MOST
        try:
            rest = Scan(buffer, walk.tail, walk.size, walk.form, reading)
        except ChiasmError:
            return False
        return self.tags.isdisjoint(rest.records)


class _Walk:
    """One pass over the beginning of a file of some size.

    `tail` is where the element begins that the file is to be scanned on from, or -1; `behind` is where the
    next one follows it, or -1 where that is not known; `previous` is the last tag that was walked over.
    """

    __slots__ = (
        "_last", "_sieve", "_tags", "behind", "buffer", "data", "form", "previous", "records", "size", "stop",
        "tail",
    )  # fmt: skip

    def __init__(self, buffer: bytes, size: int, selection: Selection) -> None:
        self.buffer = buffer
        self.size = size
        self.stop = min(size, len(buffer))
        self.tail = self.behind = self.previous = -1
        self._tags = selection.tags
        self._sieve = selection.sieve
        self._last = selection.last
        self.records: dict[int, Record] = {}

    def run(self) -> bool:
        """Whether all is regular: then `data` has the elements."""
        start = self._meta()
        if start < 0 or not self._is_begun(start):
            return False
        self.data = DataSet.at(self.buffer, start, self.stop, self.form, Reading())
        self.data.found = self.records
        return self._elements(start)

    def is_regular_behind(self, read: Callable[[int], bytes]) -> bool:
        """Whether the little that follows the tail, mostly pixels, is in order to the file's end."""
        behind, tail, size = self.behind, self.tail, self.size
        if behind < 0 or size - behind > BEGINNING:
            return False
        self.buffer = read(behind)
        self.stop, self.size, self.tail = len(self.buffer), size - behind, -1
        is_regular = self._elements(0) and self.tail < 0
        self.size, self.tail = size, tail
        return is_regular

    def _meta(self) -> int:
        """Where the data set begins; -1 where group 0002 is irregular or does not say a plain form."""
        buffer, stop, pos, last = self.buffer, self.stop, 132, 0
        if buffer[128:132] != b"DICM":
            return -1
        syntax = b""
        while pos + 12 <= stop and buffer[pos] == 2 and buffer[pos + 1] == 0:
            tag = 0x20000 + buffer[pos + 2] + (buffer[pos + 3] << 8)
            code = buffer[pos + 4 : pos + 6]
            start = pos + 8
            if code == b"OB":
                start = pos + 12
                length = self._number(pos + 8)
            elif CODES.get(code) in SHORT_VRS:
                length = buffer[pos + 6] + (buffer[pos + 7] << 8)
            else:
                return -1
            end = start + length
            if tag <= last or end > stop:
                return -1
            if tag == TRANSFER_SYNTAX and code == b"UI":
                syntax = buffer[start:end]
            last = tag
            pos = end
        form = _FORMS.get(syntax)
        if form is None:
            uid = values.string(syntax)
            declared = uids.transfer_syntax(uid) if isinstance(uid, str) else None
            if declared is None or declared.deflated or not declared.little_endian:
                return -1
            form = form_for(declared)
            if len(syntax) <= 64:
                _FORMS[syntax] = form
        self.form = form
        return pos

    def _is_begun(self, pos: int) -> bool:
        """Whether the first element is one of group 0008 that lies within: `detect` takes that form, too."""
        buffer, stop = self.buffer, self.stop
        if pos + 12 > stop or buffer[pos] != 8 or buffer[pos + 1] != 0:
            return False
        number = buffer[pos + 2] + (buffer[pos + 3] << 8)
        if self.form.implicit:
            length = self._number(pos + 4)
        elif 0 < _KINDS[(buffer[pos + 4] << 8) + buffer[pos + 5]] <= _SHORT_LAST:
            length = buffer[pos + 6] + (buffer[pos + 7] << 8)
        else:
            return False
        is_known = length == 4 if number == 0 else bool(meaning.alternatives(0x80000 + number))
        return is_known and pos + 8 + length <= stop

    def _number(self, pos: int) -> int:
        buffer = self.buffer
        return buffer[pos] + (buffer[pos + 1] << 8) + (buffer[pos + 2] << 16) + (buffer[pos + 3] << 24)

    def _tag(self, pos: int) -> int:
        buffer = self.buffer
        return (buffer[pos + 1] << 24) + (buffer[pos] << 16) + (buffer[pos + 3] << 8) + buffer[pos + 2]

    def _elements(self, pos: int) -> bool:
        """Walk over the elements; whether they are regular as far as they lie in the buffer."""
        buffer, stop, kinds, implicit = self.buffer, self.stop, _KINDS, self.form.implicit
        previous, last, tags, sieve = self.previous, self._last, self._tags, self._sieve
        records, vrs = self.records, _VRS
        while pos + 8 <= stop:
            tag = self._tag(pos)
            start = pos + 8
            kind = _SEQUENCE
            if implicit:
                length = self._number(pos + 4)
            else:
                kind = kinds[(buffer[pos + 4] << 8) + buffer[pos + 5]]
                if 0 < kind <= _SHORT_LAST:
                    length = buffer[pos + 6] + (buffer[pos + 7] << 8)
                else:
                    start = pos + 12
                    if kind == 0 or start > stop:
                        return False
                    length = self._number(pos + 8)
            if tag <= previous or tag >= 0xFFFE0000:
                return False
            end = after = start + length
            if tag > last and (length == _OPEN or end > stop):
                if length == _OPEN or end < self.size:
                    self.tail = pos
                    self.previous = tag
                    self.behind = -1 if length == _OPEN else end
                return True
            if length == _OPEN:
                after = self._behind(start) if kind == _SEQUENCE else -1
                if after < 0:
                    return False
                end = after - 8
                self.data.reading.ends[start] = (end, after)
            elif end > stop:
                return False
            if tag <= last and sieve[((tag >> 16) * 37 + tag) & (_SIEVE - 1)] and tag in tags:
                records[tag] = ("" if implicit else vrs[kind], start, end, pos)
            previous = tag
            pos = after
        return stop == self.size

    def _behind(self, pos: int) -> int:
        """What follows the delimiter of a sequence of undefined length; -1 where it is irregular.

        Sequences and items of undefined length alternate, so that their depth says which one this is.
        """
        buffer, stop, kinds, implicit = self.buffer, self.stop, _KINDS, self.form.implicit
        depth = 1
        while pos + 8 <= stop and depth < _DEPTH:
            tag = self._tag(pos)
            length = self._number(pos + 4)
            start = pos + 8
            if depth & 1:
                if tag == _SEQUENCE_END and length == 0:
                    depth -= 1
                    if depth == 0:
                        return start
                elif tag != _ITEM:
                    return -1
                elif length == _OPEN:
                    depth += 1
                else:
                    start += length
            elif tag >= 0xFFFE0000:
                if tag != _ITEM_END or length:
                    return -1
                depth -= 1
            else:
                kind = _SEQUENCE
                if not implicit:
                    kind = kinds[(buffer[pos + 4] << 8) + buffer[pos + 5]]
                    if 0 < kind <= _SHORT_LAST:
                        length = buffer[pos + 6] + (buffer[pos + 7] << 8)
                    elif kind == 0 or pos + 12 > stop:
                        return -1
                    else:
                        start = pos + 12
                        length = self._number(pos + 8)
                if length != _OPEN:
                    start += length
                elif kind == _SEQUENCE and tag != 0x7FE00010:
                    depth += 1
                else:
                    return -1
            pos = start
        return -1
