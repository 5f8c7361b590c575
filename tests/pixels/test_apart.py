"""Decoders in other processes: what crashes or holds one of them harms neither this one nor the next frame."""

from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pydicom
import pytest
from pydicom.encaps import get_frame
from pydicom.pixels import pixel_array

from chiasm.errors import ServiceError
from chiasm.limits import DEFAULT
from chiasm.pixels import apart

OPTIONS = {
    "rows": 4, "columns": 6, "samples_per_pixel": 1, "bits_allocated": 16, "bits_stored": 16,
    "pixel_representation": 0, "photometric_interpretation": "MONOCHROME2", "planar_configuration": 0,
    "number_of_frames": 1, "pixel_keyword": "PixelData",
}  # fmt: skip
LOSSLESS, JPEG_LS, JPEG_2000 = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"


@pytest.fixture
def good(pydicom_data):
    content = pydicom.dcmread(pydicom_data / "test_files" / "MR_small_jpeg_ls_lossless.dcm")
    options = {**OPTIONS, "rows": content.Rows, "columns": content.Columns, "pixel_representation": 1}
    data = get_frame(content.PixelData, 0, number_of_frames=1)

    def decodes():
        values, photometric = apart.decode_apart(JPEG_LS, data, options)
        return photometric == "MONOCHROME2" and np.array_equal(values, pixel_array(content, raw=True))

    return decodes


@pytest.mark.parametrize("uid", [LOSSLESS, JPEG_LS, JPEG_2000])
@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\0" * 64, b"\xff\x4f\xff\x51" + b"\xff" * 40])
def test_hostile_bytes_are_a_failure_and_the_next_frame_is_decoded(good, uid, data):
    with pytest.raises(ServiceError) as caught:
        apart.decode_apart(uid, data, OPTIONS)
    assert caught.value.failure.name == "not-understood"
    assert good()


def test_a_process_that_is_killed_between_frames_is_replaced(good):
    assert good()
    for process in list(apart._idle):
        process.kill()
        process.wait()
    assert good()


def test_a_frame_that_takes_too_long_is_given_up(pydicom_data, good):
    limits = dataclasses.replace(DEFAULT, codec_seconds=0)
    apart.close()
    with pytest.raises(ServiceError):
        apart.decode_apart(JPEG_LS, b"\xff\xd8", OPTIONS, limits)
    assert good()


def test_frames_of_several_threads(good):
    seen = []
    threads = [threading.Thread(target=lambda: seen.append(good())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 5
    assert len(apart._idle) <= 2


def test_closing_leaves_no_process(good):
    assert good()
    held = list(apart._idle)
    apart.close()
    assert all(process.returncode == 0 for process in held)
    assert good()
