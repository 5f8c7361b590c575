"""One frame as plain numbers with what a viewer must know to show them."""

from __future__ import annotations

from dataclasses import dataclass

from ..dicom.package import Package
from ..errors import ServiceError
from . import tones
from .frames import open_frames


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of one frame: `data` in little endian, row by row, of type `kind`: int8, uint8, int16, uint16,
    int32, uint32, float32, float64 or rgb8.

    `windows` are centers, widths; `spacing` millimeters between rows and between columns, empty if unknown.
    Where the image has a Modality LUT, it is applied. `has_levels`: a VOI LUT is to be applied, see `levels`.
    `inverse`: the least value is shown white.
    """

    data: bytes
    kind: str
    rows: int
    columns: int
    samples: int
    signed: bool
    slope: float
    intercept: float
    windows: tuple[tuple[float, float], ...]
    photometric: str
    spacing: tuple[float, ...]
    count: int
    inverse: bool
    has_levels: bool


@dataclass(frozen=True, slots=True)
class Levels:
    """A VOI LUT as levels of gray from 0 to 255: of `first`, the value after it, and so on."""

    first: int
    levels: bytes


def frame_levels(package: Package, number: int) -> Levels | None:
    """The VOI LUT of a frame; None where it has none. ServiceError for one that cannot be."""
    found = tones.voi_levels(package.data, number)
    return None if found is None else Levels(found[0], found[1].tobytes())


def frame_samples(package: Package, number: int) -> Samples:
    """The samples of one frame, colors and palettes as RGB. ServiceError as `Frames.decoded`."""
    frames = open_frames(package)
    data, geometry = package.data, frames.geometry
    values, photometric = frames.decoded_as(number)
    kind = values.dtype.name
    if photometric == "PALETTE COLOR" or geometry.samples > 1:
        values = tones.display(data, geometry, values, photometric, number, None)
        kind, photometric = "rgb8", "RGB"
        if values.ndim != 3:
            raise ServiceError("unknown-syntax", f"{geometry.samples} samples for each pixel are not shown")
    mapped = None if kind == "rgb8" else tones.looked_up(data, values)
    if mapped is not None:
        values, kind = mapped, mapped.dtype.name
    where = tones.groups(data, number, "PixelValueTransformationSequence")
    voi = tones.groups(data, number, "FrameVOILUTSequence")
    slope, intercept = tones.numbers(where, "RescaleSlope"), tones.numbers(where, "RescaleIntercept")
    measures = tones.groups(data, number, "PixelMeasuresSequence")
    spacing = tones.numbers(measures, "PixelSpacing") or tones.numbers(data, "ImagerPixelSpacing")
    windows = zip(tones.numbers(voi, "WindowCenter"), tones.numbers(voi, "WindowWidth"), strict=False)
    return Samples(
        values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes(),
        kind, geometry.rows, geometry.columns, 3 if kind == "rgb8" else 1, values.dtype.kind == "i",
        slope[0] if slope and mapped is None else 1.0, intercept[0] if intercept and mapped is None else 0.0,
        tuple(windows), photometric, tuple(spacing) if len(spacing) == 2 else (), frames.count,
        tones.is_inverse(data, photometric), kind != "rgb8" and tones.voi_levels(data, number) is not None,
    )  # fmt: skip
