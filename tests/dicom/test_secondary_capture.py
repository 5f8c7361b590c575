"""Secondary Captures: the class by the pixels, the pixels as pydicom reads them."""

from __future__ import annotations

import numpy as np
import pytest

from chiasm import dicom
from chiasm.dicom.secondary_capture import (
    MULTI_BYTE,
    MULTI_COLOR,
    MULTI_WORD,
    SINGLE,
    Raster,
    secondary_capture,
)
from chiasm.dicom.validate import validate
from chiasm.errors import UsageError


def raster(samples: int = 1, bits: int = 8, frames: int = 1, lossy: float = 0.0) -> Raster:
    count = 3 * 5 * samples * bits // 8
    data = tuple(bytes((number * 7 + place) % 256 for place in range(count)) for number in range(frames))
    return Raster(3, 5, samples, bits, data, lossy)


@pytest.mark.parametrize(
    ("one", "sop_class"),
    [
        (raster(), SINGLE),
        (raster(bits=16), SINGLE),
        (raster(samples=3), SINGLE),
        (raster(frames=3), MULTI_BYTE),
        (raster(bits=16, frames=2), MULTI_WORD),
        (raster(samples=3, frames=2), MULTI_COLOR),
        (raster(samples=3, frames=2, lossy=8.5), MULTI_COLOR),
        (raster(lossy=12.25), SINGLE),
    ],
)
def test_class_pixels_and_check(one, sop_class):
    package = dicom.create(secondary_capture(one, {"PatientID": "1"}))
    assert package["SOPClassUID"] == sop_class
    read = package.to_pydicom()
    dtype = "<u2" if one.bits == 16 else "u1"
    expected = np.frombuffer(b"".join(one.frames), dtype)
    assert np.array_equal(read.pixel_array.ravel(), expected)
    assert read.pixel_array.size == 15 * one.samples * len(one.frames)
    assert [f for f in validate(dicom.parse(package.encode())) if f.rule != "retired"] == []


def test_what_was_lossy_says_so():
    data = secondary_capture(raster(lossy=12.25), {})
    assert (data["LossyImageCompression"], data["LossyImageCompressionRatio"]) == ("01", "12.25")
    assert data["LossyImageCompressionMethod"] == "ISO_10918_1"


def test_laterality_is_empty_only_where_the_body_part_is_unknown():
    assert secondary_capture(raster(), {})["Laterality"] is None
    assert "Laterality" not in secondary_capture(raster(), {"BodyPartExamined": "CHEST"})
    assert secondary_capture(raster(), {"Laterality": "L"})["Laterality"] == "L"


@pytest.mark.parametrize(
    "one",
    [
        Raster(0, 5, 1, 8, (b"",)),
        Raster(70_000, 1, 1, 8, (b"",)),
        Raster(1, 1, 2, 8, (b"ab",)),
        Raster(1, 1, 1, 12, (b"ab",)),
        Raster(1, 1, 3, 16, (b"abcdef",)),
        Raster(2, 2, 1, 8, (b"abc",)),
        Raster(2, 2, 1, 8, ()),
    ],
)
def test_what_is_no_raster(one):
    with pytest.raises(UsageError):
        secondary_capture(one, {})
