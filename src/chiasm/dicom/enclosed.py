"""Content of undefined length: finding where it ends, its items and its fragments, by offset.

One rule: nothing here recurses; the nesting lives on an explicit stack, and each container whose
end is found is remembered, so that opening it later walks nothing again.
"""

from __future__ import annotations

from typing import NamedTuple

from .reading import Buffer, Reading
from .vr import CODES, IMPLICIT_LITTLE, LONG_CODES, PIXEL_DATA, SHORT_CODES, UNDEFINED, Form

_ITEM, _ITEM_END, _SEQUENCE_END = 0xE000, 0xE00D, 0xE0DD
_BULK = frozenset((b"OB", b"OW", b"OF", b"OD", b"OL", b"OV"))


class ItemSpan(NamedTuple):
    """One item: where its header, its content, the end of its content and the next thing begin."""

    pos: int
    start: int
    stop: int
    end: int


class _Walk:
    """Finds the ends of nested containers of undefined length: PS3.5 §7.5."""

    __slots__ = ("buffer", "pos", "reading", "stack", "stop")

    def __init__(self, buffer: Buffer, start: int, stop: int, reading: Reading) -> None:
        self.buffer = buffer
        self.pos = start
        self.stop = stop
        self.reading = reading
        self.stack: list[tuple[bool, int, Form]] = []

    def run(self, sequence: bool, form: Form) -> tuple[int, int]:
        begin = self.pos
        self._push(sequence, form)
        while self.stack:
            in_sequence, _, form = self.stack[-1]
            if in_sequence:
                self._sequence_step(form)
            elif form.implicit:
                self._implicit_item(form)
            else:
                self._explicit_item(form)
        return self.reading.ends[begin]

    def _push(self, sequence: bool, form: Form) -> None:
        if len(self.stack) > 2 * self.reading.limits.dicom_depth:
            raise self.reading.exceeded("dicom_depth", self.pos)
        self.stack.append((sequence, self.pos, form))

    def _pop(self, width: int) -> None:
        _, begin, _ = self.stack.pop()
        end = min(self.pos, self.stop)
        self.pos = end + width
        self.reading.ends[begin] = (end, self.pos)

    def _truncated(self) -> None:
        if self.pos > self.stop or len(self.stack) == 1 or self.stop - self.pos < 8:
            message = "content of undefined length has no delimiter before the bytes end"
            self.reading.tolerate(self.stack[0][1], "truncated", message, "PS3.5 §7.5")
        self.pos = self.stop
        while self.stack:
            self._pop(0)

    def _sequence_step(self, form: Form) -> None:
        buffer, unpack = self.buffer, form.tagged.unpack_from
        count = 0
        while self.pos + 8 <= self.stop:
            group, number, length = unpack(buffer, self.pos)
            if group != 0xFFFE or number not in (_ITEM, _ITEM_END, _SEQUENCE_END):
                message = "a sequence of undefined length ends without its delimiter"
                self.reading.tolerate(self.pos, "missing-delimiter", message, "PS3.5 §7.5")
                self._pop(0)
                return
            if number == _SEQUENCE_END:
                self._pop(8)
                return
            if number == _ITEM_END:
                self.pos += 8
                continue
            count += 1
            self.pos += 8
            if length == UNDEFINED:
                self.reading.spend_elements(1, self.pos)
                self._push(False, item_form(buffer, self.pos, self.stop, form))
                return
            self.pos += length
        self._truncated()

    def _explicit_item(self, form: Form) -> None:
        buffer, stop, unpack, short = self.buffer, self.stop, form.head.unpack_from, SHORT_CODES.get
        pos = first = self.pos
        while pos + 8 <= stop:
            group, number, code, length = unpack(buffer, pos)
            if short(code) is not None:
                pos += 8 + length
                continue
            if group == 0xFFFE:
                self.pos = pos
                self._item_end(number)
                self.reading.spend_elements((pos - first) // 16, pos)
                return
            self.pos = pos
            if not self._long(group << 16 | number, code, form):
                return
            pos = self.pos
        self.pos = pos
        self._truncated()

    def _long(self, tag: int, code: bytes, form: Form) -> bool:
        """Hop over one long-form or odd element; False where the level changed."""
        pos, stop = self.pos, self.stop
        if code not in LONG_CODES or pos + 12 > stop:
            self.pos = odd_layout(self.buffer, pos, stop, form)[1]
            if self.pos > stop:
                self._truncated()
                return False
            return True
        (length,) = form.long.unpack_from(self.buffer, pos + 8)
        self.pos = pos + 12
        if length != UNDEFINED:
            self.pos += length
            return True
        if code in _BULK or tag == PIXEL_DATA:
            self.pos = hop_fragments(self.buffer, self.pos, stop, form, self.reading)[1]
            return True
        self.reading.spend_elements(1, pos)
        self._push(True, IMPLICIT_LITTLE if code == b"UN" else form)
        return False

    def _implicit_item(self, form: Form) -> None:
        buffer, stop, unpack = self.buffer, self.stop, form.tagged.unpack_from
        pos = first = self.pos
        while pos + 8 <= stop:
            group, number, length = unpack(buffer, pos)
            if group == 0xFFFE:
                self.pos = pos
                self._item_end(number)
                self.reading.spend_elements((pos - first) // 16, pos)
                return
            pos += 8
            if length != UNDEFINED:
                pos += length
            elif group << 16 | number == PIXEL_DATA:
                pos = hop_fragments(buffer, pos, stop, form, self.reading)[1]
            else:
                self.pos = pos
                self.reading.spend_elements(1, pos)
                self._push(True, form)
                return
        self.pos = pos
        self._truncated()

    def _item_end(self, number: int) -> None:
        if number == _ITEM_END:
            self._pop(8)
            return
        message = "an item of undefined length ends without its delimiter"
        self.reading.tolerate(self.pos, "missing-delimiter", message, "PS3.5 §7.5")
        self._pop(0)


def find_end(buffer: Buffer, start: int, stop: int, form: Form, vr: str, reading: Reading) -> tuple[int, int]:
    """Where a sequence of undefined length ends, and where the next element begins.

    The content of a UN of undefined length is in implicit little endian: PS3.5 §6.2.2.
    LimitError for nesting beyond `dicom_depth`.
    """
    known = reading.ends.get(start)
    if known is None:
        known = _Walk(buffer, start, stop, reading).run(True, IMPLICIT_LITTLE if vr == "UN" else form)
    return known


def find_items(buffer: Buffer, start: int, stop: int, form: Form, reading: Reading) -> list[ItemSpan]:
    """The items between two offsets; what follows the last one belongs to none of them."""
    spans: list[ItemSpan] = []
    pos, unpack, ends = start, form.tagged.unpack_from, reading.ends
    allowance = reading.limits.dicom_items - reading.items
    while pos + 8 <= stop:
        group, number, length = unpack(buffer, pos)
        if group != 0xFFFE or number != _ITEM:
            break
        begin = pos + 8
        if length == UNDEFINED:
            known = ends.get(begin)
            if known is None:
                walk = _Walk(buffer, begin, stop, reading)
                known = walk.run(False, item_form(buffer, begin, stop, form))
            spans.append(ItemSpan(pos, begin, known[0], known[1]))
        else:
            end = begin + length
            if end > stop:
                reading.tolerate(pos, "truncated", "an item is longer than its sequence", "PS3.5 §7.5")
                end = stop
            spans.append(ItemSpan(pos, begin, end, end))
        pos = spans[-1].end
        if len(spans) > allowance:
            raise reading.exceeded("dicom_items", pos)
    reading.spend_items(len(spans), pos)
    if pos < stop:
        reading.tolerate(pos, "sequence-tail", f"{stop - pos:,} bytes after the last item", "PS3.5 §7.5")
    return spans


def hop_fragments(buffer: Buffer, start: int, stop: int, form: Form, reading: Reading) -> tuple[int, int]:
    """Where encapsulated pixel data ends, and where the next element begins: PS3.5 §A.4."""
    pos, unpack = start, form.tagged.unpack_from
    while pos + 8 <= stop:
        group, number, length = unpack(buffer, pos)
        if group != 0xFFFE or number != _ITEM or length == UNDEFINED:
            if group == 0xFFFE and number == _SEQUENCE_END:
                reading.ends[start] = (pos, pos + 8)
            else:
                reading.tolerate(pos, "missing-delimiter", "fragments end without a delimiter", "PS3.5 §A.4")
                reading.ends[start] = (pos, pos)
            return reading.ends[start]
        pos += 8 + length
    reading.tolerate(start, "truncated", "encapsulated pixel data has no delimiter", "PS3.5 §A.4")
    reading.ends[start] = (stop, stop)
    return stop, stop


def fragments(buffer: Buffer, start: int, stop: int, form: Form) -> list[tuple[int, int]]:
    """Offset and length of each fragment between two offsets, the offset table first: PS3.5 §A.4."""
    found: list[tuple[int, int]] = []
    pos, unpack = start, form.tagged.unpack_from
    while pos + 8 <= stop:
        group, number, length = unpack(buffer, pos)
        if group != 0xFFFE or number != _ITEM:
            break
        found.append((pos + 8, min(length, stop - pos - 8)))
        pos += 8 + length
    return found


def item_form(buffer: Buffer, start: int, stop: int, form: Form) -> Form:
    """The form of one item: some writers put implicit items in an explicit data set."""
    if form.implicit or stop - start < 8 or not form.little:
        return form
    code = buffer[start + 4 : start + 6]
    if code in CODES or (code.isalpha() and code.isupper()) or buffer[start : start + 2] == b"\xfe\xff":
        return form
    (length,) = form.long.unpack_from(buffer, start + 4)
    return IMPLICIT_LITTLE if length == UNDEFINED or start + 8 + length <= stop else form


def odd_layout(buffer: Buffer, pos: int, stop: int, form: Form) -> tuple[int, int]:
    """Value start and end of an explicit element with unknown VR bytes; past `stop` where none fits.

    Tried in this order: a 32-bit length after two zero bytes (the layout of every future VR), a
    16-bit length, no VR and a 32-bit length; one fits when the end or a sane header follows:
    PS3.5 §7.1.2.
    """
    code = buffer[pos + 4 : pos + 6]
    candidates: list[tuple[int, int]] = []
    if pos + 12 <= stop and buffer[pos + 6 : pos + 8] == b"\0\0" and code != b"\0\0":
        candidates.append((pos + 12, form.long.unpack_from(buffer, pos + 8)[0]))
    candidates.append((pos + 8, form.head.unpack_from(buffer, pos)[3]))
    candidates.append((pos + 8, form.long.unpack_from(buffer, pos + 4)[0]))
    for start, length in candidates:
        end = start + length
        follows = buffer[end : end + 6] if end + 8 <= stop else b""
        if end == stop or follows[4:6] in CODES or follows[0:2] == form.head.pack(0xFFFE, 0, b"", 0)[0:2]:
            return start, end
    start, length = candidates[0]
    if code.isalpha() and code.isupper() and start + length <= stop:
        return start, start + length
    return pos + 8, stop + 1
