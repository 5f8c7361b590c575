"""Overlay planes: graphics of one bit for each pixel, in elements of their own or in unused bits.

PS3.3 §C.9.2; in unused bits of the pixels only older files have them, PS3.5 §8.1.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..dicom.dataset import DataSet
from ..dicom.package import Package
from ..errors import ServiceError
from ..limits import DEFAULT, Limits
from .frames import Frames, open_frames

_GROUPS = range(0x6000, 0x6020, 2)


@dataclass(frozen=True, slots=True)
class Plane:
    """One plane of one frame: `data` has a bit for each pixel, row by row, the lowest bit of a byte first.

    `row` and `column` say where its first pixel lies on the image, counted from 1. `kind` is G for graphics,
    R for a region of interest.
    """

    rows: int
    columns: int
    row: int
    column: int
    kind: str
    label: str
    data: bytes


def planes(package: Package, number: int, limits: Limits = DEFAULT) -> list[Plane]:
    """The planes over one frame, counted from 0. ServiceError where one is larger than the limits allow."""
    found = []
    for group in _GROUPS:
        plane = _plane(package, group << 16, number, limits)
        if plane is not None:
            found.append(plane)
    return found


def _plane(package: Package, group: int, number: int, limits: Limits) -> Plane | None:
    data = package.data
    rows, columns = _number(data, group | 0x0010, 0), _number(data, group | 0x0011, 0)
    if rows <= 0 or columns <= 0:
        return None
    if rows * columns > limits.image_pixels:
        raise ServiceError("too-large", f"an overlay of {rows} × {columns}", rule="PS3.3 §C.9.2")
    frame = number - (_number(data, group | 0x0051, 1) - 1)
    stored = data.element(group | 0x3000)
    if stored is not None:
        bits = _bits(stored.raw, frame, rows * columns, _number(data, group | 0x0015, 1))
    else:
        bits = _embedded(package, _number(data, group | 0x0102, 0), number, (rows, columns))
    if bits is None:
        return None
    origin = data.get(group | 0x0050)
    row, column = origin if isinstance(origin, tuple) and len(origin) == 2 else (1, 1)
    label = data.get(group | 0x1500) or data.get(group | 0x0022)
    return Plane(
        rows, columns, _whole(row, 1), _whole(column, 1), str(data.get(group | 0x0040) or "G"),
        label if isinstance(label, str) else "", bits,
    )  # fmt: skip


def _bits(data: bytes | memoryview, frame: int, count: int, frames: int) -> bytes | None:
    """The bits of one frame of a plane; one that has a single frame lies over all."""
    frame = 0 if frames == 1 else frame
    if not 0 <= frame < frames:
        return None
    first = frame * count
    last = first + count
    part = bytes(data[first // 8 : (last + 7) // 8])
    if len(part) * 8 < count:
        return None
    if first % 8 == 0:
        return part
    whole = int.from_bytes(part, "little") >> first % 8
    return (whole & ((1 << count) - 1)).to_bytes((count + 7) // 8, "little")


def _embedded(package: Package, position: int, number: int, size: tuple[int, int]) -> bytes | None:
    """The bits of a plane within the pixels' words; none where the pixels are compressed."""
    import numpy as np

    if package.transfer_syntax.encapsulated:
        return None
    frames: Frames = open_frames(package)
    allocated = frames.geometry.bits_allocated
    if (frames.rows, frames.columns) != size or frames.samples != 1 or allocated not in {8, 16}:
        return None
    stored = frames.geometry.high_bit + 1
    if not 0 < position < allocated or stored - frames.geometry.bits_stored <= position < stored:
        return None
    order = "<" if package.transfer_syntax.little_endian else ">"
    words = np.frombuffer(frames.encoded(number), f"{order}u{allocated // 8}", size[0] * size[1])
    return np.packbits((words >> position) & 1, bitorder="little").tobytes()


def _number(data: DataSet, tag: int, default: int) -> int:
    return _whole(data.get(tag), default)


def _whole(value: object, default: int) -> int:
    first = value[0] if isinstance(value, tuple) and value else value
    try:
        return int(str(first))
    except ValueError:
        return default
