"""The one-pass scanner: where the elements of a data set lie, and nothing decoded.

A record is (VR, start of value, end of value, start of element); the VR is "" in implicit form.
Values are hopped over, so pixel data is never touched. What cannot be an element ends the scan;
the bytes from there on are the remainder, kept as they are.
"""

from __future__ import annotations

from . import enclosed
from .reading import Buffer, Reading
from .vr import LONG_CODES, PIXEL_DATA, SHORT_CODES, UNDEFINED, Form

Record = tuple[str, int, int, int]

FRESH = -1
"""The start of an element that was not parsed but set."""


class Scan:
    """The elements found in one region, first occurrence by tag, and where reading stopped.

    `strays` are repeated tags and delimiters without a beginning: kept for re-encoding, each with the tag it
    stands after; they are no values.
    """

    __slots__ = ("buffer", "end", "form", "last", "reading", "records", "stop", "strays")

    def __init__(self, buffer: Buffer, start: int, stop: int, form: Form, reading: Reading) -> None:
        self.buffer = buffer
        self.stop = stop
        self.form = form
        self.reading = reading
        self.records: dict[int, Record] = {}
        self.strays: list[tuple[int, Record]] = []
        self.last = -1
        self.end = start
        run = self._implicit if form.implicit else self._explicit
        while stop - self.end >= 8:
            allowance = reading.limits.dicom_elements - reading.elements
            known = len(self.records) + len(self.strays)
            before = self.end
            if allowance <= 0:
                raise reading.exceeded("dicom_elements", before)
            run(min(stop - 8, before + 8 * allowance))
            reading.elements += len(self.records) + len(self.strays) - known
            if self.end == before:
                break
        self._close()

    def _explicit(self, last_header: int) -> None:
        buffer, records, unpack, short = (
            self.buffer,
            self.records,
            self.form.head.unpack_from,
            SHORT_CODES.get,
        )
        pos, last = self.end, self.last
        while pos <= last_header:
            group, number, code, length = unpack(buffer, pos)
            name = short(code)
            if name is None:
                self.end, self.last = pos, last
                if not self._long(group << 16 | number, code):
                    return
                pos, last = self.end, self.last
                continue
            tag = group << 16 | number
            start = pos + 8
            end = start + length
            if tag <= last or end > self.stop:
                self.last = last
                self._place(tag, (name, start, end, pos))
                pos, last = self.end, self.last
                continue
            records[tag] = (name, start, end, pos)
            last = tag
            pos = end
        self.end, self.last = pos, last

    def _implicit(self, last_header: int) -> None:
        buffer, records, unpack = self.buffer, self.records, self.form.tagged.unpack_from
        pos, last, stop = self.end, self.last, self.stop
        while pos <= last_header:
            group, number, length = unpack(buffer, pos)
            tag = group << 16 | number
            start = pos + 8
            end = start + length
            if tag <= last or end > stop or group == 0xFFFE:
                self.end = pos
                if not self._unusual("", tag, start, length):
                    return
                pos, last = self.end, self.last
                continue
            records[tag] = ("", start, end, pos)
            self.last = last = tag
            pos = end
        self.end = pos

    def _long(self, tag: int, code: bytes) -> bool:
        name = LONG_CODES.get(code)
        pos = self.end
        if name is None or pos + 12 > self.stop:
            return self._odd(tag, code)
        (length,) = self.form.long.unpack_from(self.buffer, pos + 8)
        start = pos + 12
        if tag > self.last and start + length <= self.stop:
            self.records[tag] = (name, start, start + length, pos)
            self.last = tag
            self.end = start + length
            return True
        return self._unusual(name, tag, start, length)

    def _unusual(self, name: str, tag: int, start: int, length: int) -> bool:
        pos = self.end
        if tag >> 16 == 0xFFFE:
            return self._delimiter(tag, length)
        if tag == 0 and length == 0 and self.last >= 0:
            return False  # zeros after the last element: padding, not (0000,0000)
        if length == UNDEFINED:
            if name in ("OB", "OW", "OF", "OD", "OL", "OV") or tag == PIXEL_DATA:
                end, after = enclosed.hop_fragments(self.buffer, start, self.stop, self.form, self.reading)
            else:
                end, after = enclosed.find_end(self.buffer, start, self.stop, self.form, name, self.reading)
            self._place(tag, (name, start, end, pos))
            self.end = after
            return True
        if (
            self.form.implicit
            and start + length > self.stop
            and self.last >= 0
            and not _plausible(tag, self.last)
        ):
            return False
        self._place(tag, (name, start, start + length, pos))
        return True

    def _place(self, tag: int, record: Record) -> None:
        name, start, end, pos = record
        if end > self.stop:
            left = f"{end - start:,} bytes, {self.stop - start:,} are left"
            message = f"({tag >> 16:04X},{tag & 0xFFFF:04X}) has {left}"
            self.reading.tolerate(pos, "truncated", message, "PS3.5 §7.1")
            record = (name, start, self.stop, pos)
        self.end = record[2]
        if tag <= self.last:
            message = f"({tag >> 16:04X},{tag & 0xFFFF:04X}) does not come after the element before it"
            self.reading.tolerate(pos, "element-order", message, "PS3.5 §7.1")
            if tag in self.records:
                self.reading.tolerate(pos, "repeated-element", "the first occurrence counts", "PS3.5 §7.1")
                self.strays.append((self.last, record))
                return
        self.records[tag] = record
        self.last = tag

    def _delimiter(self, tag: int, length: int) -> bool:
        pos = self.end
        if length or tag == 0xFFFEE000:
            return False
        self.reading.tolerate(pos, "stray-delimiter", "a delimiter that closes nothing", "PS3.5 §7.5")
        self.strays.append((self.last, ("", pos + 8, pos + 8, pos)))
        self.end = pos + 8
        return True

    def _odd(self, tag: int, code: bytes) -> bool:
        pos, buffer, form = self.end, self.buffer, self.form
        if tag >> 16 == 0xFFFE:
            return self._delimiter(tag, form.tagged.unpack_from(buffer, pos)[2])
        if tag <= self.last and code == b"\0\0":
            return False
        start, end = enclosed.odd_layout(buffer, pos, self.stop, form)
        if end > self.stop:
            return False
        message = f"({tag >> 16:04X},{tag & 0xFFFF:04X}) has the VR {code!r}; its value is kept as UN"
        self.reading.tolerate(pos, "unknown-vr", message, "PS3.5 §6.2")
        self._place(tag, ("UN", start, end, pos))
        return True

    def _close(self) -> None:
        left = self.stop - self.end
        if left <= 0:
            return
        sample = self.buffer[self.end : self.end + 4096]
        rule = "unreadable" if sample.strip(b"\0") else "trailing-padding"
        self.reading.tolerate(
            self.end, rule, f"{left:,} bytes from here on are no element; kept as they are", "PS3.5 §7.1"
        )


def _plausible(tag: int, last: int) -> bool:
    return (tag > last and tag >> 16 <= 0x7FFF) or tag >> 16 == last >> 16


def settled(records: dict[int, Record]) -> dict[int, Record]:
    """The records with those that were set at the end put before the first of a greater tag."""
    parsed = {tag: record for tag, record in records.items() if record[3] != FRESH}
    tags = sorted(records.keys() - parsed.keys(), reverse=True)
    merged: dict[int, Record] = {}
    for tag, record in parsed.items():
        while tags and tags[-1] < tag:
            new = tags.pop()
            merged[new] = records[new]
        merged[tag] = record
    return merged | {tag: records[tag] for tag in reversed(tags)}
