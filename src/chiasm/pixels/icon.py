"""Icons of images for the records of a DICOMDIR: PS3.3 §F.7."""

from __future__ import annotations

import io

from ..dicom.dataset import DataSet
from ..dicom.package import Package
from ..errors import ServiceError
from ..limits import DEFAULT, Limits
from .frames import open_frames
from .render import render

SIDE = 64
"""Rows and columns: what every reader that shows icons takes, and what PS3.11 §E.3.3.3 asks for."""


def icon(package: Package, limits: Limits = DEFAULT) -> DataSet:
    """The middle frame in 64 × 64 gray samples of 8 bits, its aspect kept, on black.

    ServiceError for what is no image, or cannot be decoded.
    """
    from PIL import Image

    frames = open_frames(package, limits)
    picture = render(package, frames.count // 2, viewport=(SIDE, SIDE), form="png", limits=limits)
    square = Image.new("L", (SIDE, SIDE))
    with Image.open(io.BytesIO(picture)) as shown:
        if shown.width > SIDE or shown.height > SIDE:
            raise ServiceError("fault", "its picture is larger than was asked for")
        square.paste(shown.convert("L"), ((SIDE - shown.width) // 2, (SIDE - shown.height) // 2))
    item = DataSet()
    for keyword, value in (
        ("SamplesPerPixel", 1), ("PhotometricInterpretation", "MONOCHROME2"), ("Rows", SIDE),
        ("Columns", SIDE), ("BitsAllocated", 8), ("BitsStored", 8), ("HighBit", 7),
        ("PixelRepresentation", 0),
    ):  # fmt: skip
        item.set(keyword, value)
    item.place(0x7FE00010, "OB", square.tobytes())
    return item
