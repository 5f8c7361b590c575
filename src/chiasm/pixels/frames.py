"""The frames of an image, one at a time: stored bytes, or decoded samples. PS3.5 §8, §A.4."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..dicom.dataset import DataSet, Element
from ..dicom.package import Package
from ..dicom.scan import FRESH
from ..errors import ServiceError
from ..limits import DEFAULT, Limits
from ..standards.uids import TransferSyntax
from .decoding import Geometry, decoded

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLOAT_PIXELS, DOUBLE_PIXELS, PIXELS = 0x7FE00008, 0x7FE00009, 0x7FE00010
_HEAD = struct.Struct("<HHL")
_STARTS = (b"\xff\xd8", b"\xff\x4f\xff\x51")
"""How the codestreams of JPEG and JPEG-LS begin, and those of JPEG 2000."""


class Frames:
    """The frames of one package, numbered from 0; nothing is held but where they lie."""

    def __init__(
        self, element: Element, data: DataSet, syntax: TransferSyntax, geometry: Geometry, count: int
    ) -> None:
        self.geometry = geometry
        self.count = count
        self.syntax = syntax
        self._element = element
        self._data = data
        self._spans: list[list[tuple[int, int]]] | None = None

    @property
    def rows(self) -> int:
        """Rows of a frame."""
        return self.geometry.rows

    @property
    def columns(self) -> int:
        """Columns of a frame."""
        return self.geometry.columns

    @property
    def samples(self) -> int:
        """Samples of a pixel."""
        return self.geometry.samples

    def encoded(self, number: int) -> bytes:
        """The stored bytes of a frame: its fragments joined, or its native samples in stored byte order.

        A native frame of 1-bit samples that begins within an octet is shifted to begin with one. ServiceError
        `no-such-object` for a frame that is not there.
        """
        if not 0 <= number < self.count:
            raise ServiceError("no-such-object", f"there is no frame {number + 1} of {self.count}")
        if self.syntax.encapsulated:
            if self._spans is None:
                self._spans = _spans(self._element, self._data, self.count)
            return b"".join(self._bytes(start, start + length) for start, length in self._spans[number])
        bits = self.geometry.frame_bits
        first, last = number * bits, (number + 1) * bits
        if last > self._element.length * 8:
            raise ServiceError(
                "not-understood", f"the pixels end before frame {number + 1}", rule="PS3.5 §8.1.1"
            )
        if (
            not self.syntax.little_endian
            and self.geometry.bits_allocated == 8
            and self._element.wire_vr == "OW"
        ):
            return self._from_words(first // 8, last // 8)
        data = self._bytes(first // 8, (last + 7) // 8)
        return data if first % 8 == 0 else _shifted(data, first % 8, bits)

    def decoded(self, number: int) -> NDArray[Any]:
        """The samples of a frame: rows × columns, or rows × columns × samples; colors as they are stored.

        ServiceError `unknown-syntax` where no decoder takes it, `not-understood` for damaged pixels.
        """
        return self.decoded_as(number)[0]

    def decoded_as(self, number: int) -> tuple[NDArray[Any], str]:
        """The same with the photometric interpretation that the samples are in once they are decoded."""
        return decoded(self.encoded(number), self.geometry, self.syntax)

    def _from_words(self, first: int, last: int) -> bytes:
        """Octets out of big-endian words: PS3.5 §8.1.1, §7.3."""
        even = first - first % 2
        words = bytearray(self._bytes(even, last + last % 2))
        words[0::2], words[1::2] = words[1::2], words[0::2]
        return bytes(words[first - even : last - even])

    def _bytes(self, start: int, stop: int) -> bytes:
        tag_start = self._element.record[1]
        if self._element.record[3] == FRESH:
            return self._element.raw[start:stop]
        return bytes(self._data.buffer[tag_start + start : tag_start + stop])


def open_frames(package: Package, limits: Limits = DEFAULT) -> Frames:
    """The frames of an image. ServiceError `not-understood` for what is no image, `too-large` beyond
    `image_pixels` in one frame; sizes are checked before anything is allocated.
    """
    return frames_of(package.data, package.transfer_syntax, limits)


def frames_of(data: DataSet, syntax: TransferSyntax, limits: Limits = DEFAULT) -> Frames:
    """The frames of a data set, as of an item that holds an icon. PS3.3 §F.7."""
    element = next(
        (found for tag in (PIXELS, FLOAT_PIXELS, DOUBLE_PIXELS) if (found := data.element(tag))), None
    )
    if element is None:
        raise ServiceError("no-such-object", "it is no image: it has no pixel data", rule="PS3.3 §C.7.6.3")
    geometry = _geometry(data, element.tag)
    if geometry.rows * geometry.columns * geometry.samples > limits.image_pixels:
        raise ServiceError("too-large", f"a frame of {geometry.rows} × {geometry.columns} pixels",
                           rule="limits.image_pixels")  # fmt: skip
    count = _integer(data, "NumberOfFrames", 1)
    if element.record[3] != FRESH and element.length == 0:
        raise ServiceError("no-such-object", "its pixel data is empty", rule="PS3.3 §C.7.6.3")
    held = len(element.fragments) if syntax.encapsulated else element.length * 8 // geometry.frame_bits
    if count < 1 or count > max(held, 1):
        raise ServiceError("not-understood", f"it says {count} frames; there are at most {held}",
                           place="NumberOfFrames", rule="PS3.3 §C.7.6.6")  # fmt: skip
    return Frames(element, data, syntax, geometry, count)


def _geometry(data: DataSet, tag: int) -> Geometry:
    floating = tag != PIXELS
    bits = {FLOAT_PIXELS: 32, DOUBLE_PIXELS: 64}.get(tag) or _integer(data, "BitsAllocated", 0)
    stored = bits if floating else _integer(data, "BitsStored", bits)
    geometry = Geometry(
        _integer(data, "Rows", 0),
        _integer(data, "Columns", 0),
        _integer(data, "SamplesPerPixel", 1),
        bits,
        stored,
        bits - 1 if floating else _integer(data, "HighBit", stored - 1),
        not floating and _integer(data, "PixelRepresentation", 0) == 1,
        _integer(data, "PlanarConfiguration", 0),
        str(data.get("PhotometricInterpretation") or "MONOCHROME2").strip(),
        floating,
    )
    fits = geometry.rows > 0 and geometry.columns > 0 and 1 <= geometry.samples <= 4
    if not fits or bits not in (1, 8, 16, 32, 64) or not 0 < stored <= bits or not geometry.high_bit < bits:
        raise ServiceError(
            "not-understood", "the description of its pixels is none that can be", rule="PS3.5 §8.1.1"
        )
    if geometry.high_bit < stored - 1:
        raise ServiceError("not-understood", "its high bit is below its bits stored", rule="PS3.5 §8.1.1")
    return geometry


def _integer(data: DataSet, keyword: str, default: int) -> int:
    value = data.get(keyword)
    one = value[0] if isinstance(value, tuple) and value else value
    try:
        return default if one is None or isinstance(one, bytes) else int(str(one))
    except ValueError:
        raise ServiceError(
            "not-understood", f"{keyword} is {one!r}, no whole number", place=keyword
        ) from None


def _spans(element: Element, data: DataSet, count: int) -> list[list[tuple[int, int]]]:
    """The fragments of each frame: by the offset tables, or by where codestreams begin."""
    table, *parts = element.fragments or [(0, 0)]
    if not parts:
        raise ServiceError("not-understood", "its pixel data has no fragments", rule="PS3.5 §A.4")
    raw = element.raw if element.record[3] == FRESH else None

    def piece(at: int, length: int) -> bytes:
        begin = element.record[1] + at
        return raw[at : at + length] if raw is not None else bytes(data.buffer[begin : begin + length])

    if count == 1:
        return [parts]
    offsets: list[int] = []
    extended = data.element("ExtendedOffsetTable")
    if extended is not None and extended.length == 8 * count:
        offsets = list(struct.unpack(f"<{count}Q", extended.raw))
    elif table[1] == 4 * count:
        offsets = list(struct.unpack(f"<{count}L", piece(*table)))
    starts = {at - parts[0][0]: number for number, (at, _) in enumerate(parts)}
    firsts = [starts.get(offset, -1) for offset in offsets]
    if not firsts or firsts[0] != 0 or any(b <= a for a, b in pairwise(firsts)):
        if len(parts) == count:
            return [[one] for one in parts]
        firsts = [n for n, (at, length) in enumerate(parts) if piece(at, min(length, 4)).startswith(_STARTS)]
    if len(firsts) != count or firsts[0] != 0:
        text = f"{len(parts)} fragments cannot be told apart as {count} frames"
        raise ServiceError("not-understood", text, rule="PS3.5 §A.4")
    ends = [*firsts[1:], len(parts)]
    return [parts[a:b] for a, b in zip(firsts, ends, strict=True)]


def _shifted(data: bytes, shift: int, bits: int) -> bytes:
    value = int.from_bytes(data, "little") >> shift
    return (value & ((1 << bits) - 1)).to_bytes((bits + 7) // 8, "little")
