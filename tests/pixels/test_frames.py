"""Frames as stored and as decoded; the expected samples are pydicom's."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.pixels import pixel_array

from chiasm import dicom
from chiasm.errors import ServiceError
from chiasm.pixels.frames import open_frames

NAMES = ["CT_small.dcm", "MR_small_bigendian.dcm", "liver_1frame.dcm", "SC_rgb_rle_2frame.dcm", "examples_palette.dcm",
         "SC_rgb_small_odd_jpeg.dcm", "JPEG2000.dcm", "MR_small_jpeg_ls_lossless.dcm"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_those_of_pydicom(pydicom_data, name):
    path = pydicom_data / "test_files" / name
    if not path.exists():
        pytest.skip(f"{name} is not in this pydicom")
    frames = open_frames(dicom.read_file(path))
    expected = pixel_array(pydicom.dcmread(path), raw=True)
    for number in range(frames.count):
        assert np.array_equal(frames.decoded(number), expected[number] if frames.count > 1 else expected)
    with pytest.raises(ServiceError):
        frames.encoded(frames.count)


def test_a_size_beyond_the_bytes_is_refused_before_anything_is_allocated(pydicom_data):
    package = dicom.read_file(pydicom_data / "test_files" / "CT_small.dcm")
    package.set("Rows", 65535)
    package.set("NumberOfFrames", 100000)
    with pytest.raises(ServiceError):
        open_frames(package)
