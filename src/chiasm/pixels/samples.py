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
    where = tones.groups(data, number, "PixelValueTransformationSequence")
    voi = tones.groups(data, number, "FrameVOILUTSequence")
    slope, intercept = tones.numbers(where, "RescaleSlope"), tones.numbers(where, "RescaleIntercept")
    measures = tones.groups(data, number, "PixelMeasuresSequence")
    spacing = tones.numbers(measures, "PixelSpacing") or tones.numbers(data, "ImagerPixelSpacing")
    windows = zip(tones.numbers(voi, "WindowCenter"), tones.numbers(voi, "WindowWidth"), strict=False)
    return Samples(
        values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes(),
        kind, geometry.rows, geometry.columns, 3 if kind == "rgb8" else 1, values.dtype.kind == "i",
        slope[0] if slope else 1.0, intercept[0] if intercept else 0.0, tuple(windows), photometric,
        tuple(spacing) if len(spacing) == 2 else (), frames.count,
    )  # fmt: skip
