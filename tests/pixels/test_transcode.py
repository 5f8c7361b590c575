"""Transcoding keeps every sample; the expected samples are pydicom's."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from pydicom.pixels import pixel_array

from chiasm import dicom
from chiasm.errors import ServiceError
from chiasm.limits import DEFAULT
from chiasm.pixels.transcode import TARGETS, recoded, transcode


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small_RLE.dcm", "SC_rgb_rle_2frame.dcm", "MR_small_jpeg_ls_lossless.dcm"]
)
def test_samples_stay_exact(pydicom_data, name, target):
    path = pydicom_data / "test_files" / name
    if not path.exists():
        pytest.skip(f"{name} is not in this pydicom")
    made = transcode(dicom.read_file(path), target)
    after = pydicom.dcmread(io.BytesIO(made))
    assert after.file_meta.TransferSyntaxUID == target
    assert np.array_equal(pixel_array(pydicom.dcmread(path), raw=True), pixel_array(after, raw=True))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", ["MR_small_implicit.dcm", "MR_small_bigendian.dcm", "SC_rgb_rle_2frame.dcm"])
def test_what_goes_by_way_of_a_file_is_the_same(pydicom_data, tmp_path, monkeypatch, name, target):
    package = dicom.read_file(pydicom_data / "test_files" / name)
    held = transcode(package, target)
    monkeypatch.setattr("chiasm.pixels.spool._HELD", -1)
    made = recoded(package, target, folder=tmp_path)
    assert made.encode(target) == b"".join(made.parts(target)) == held
    assert list(tmp_path.iterdir()) == []


def test_more_than_the_budget_is_refused_before_anything_is_decoded(pydicom_data):
    package = dicom.read_file(pydicom_data / "test_files" / "SC_rgb_rle_2frame.dcm")
    size = 2 * 100 * 100 * 3
    for budget in (size, size - 1):
        limits = replace(DEFAULT, spool_bytes=budget)
        if budget == size:
            assert recoded(package, TARGETS[0], limits).encode()
            continue
        with pytest.raises(ServiceError) as caught:
            recoded(package, TARGETS[0], limits)
        assert caught.value.failure.name == "too-large"


def test_an_object_without_pixels_is_not_compressed(pydicom_data):
    report = dicom.read_file(pydicom_data / "test_files" / "reportsi.dcm")
    with pytest.raises(ServiceError):
        transcode(report, TARGETS[-1])


def test_a_syntax_that_is_lossy_is_never_made(pydicom_data):
    with pytest.raises(ServiceError):
        transcode(dicom.read_file(pydicom_data / "test_files" / "CT_small.dcm"), "1.2.840.10008.1.2.4.50")


@pytest.mark.parametrize("target", TARGETS)
def test_every_small_sample_keeps_its_first_frame(pydicom_files, target):
    """What can be made is exact; what cannot is told as a form that is not taken, never as damage."""
    made = 0
    for path in pydicom_files:
        if path.name == "SC_rgb_jpeg.dcm":  # its transfer syntax is not that of its pixels
            continue
        try:
            before = pixel_array(pydicom.dcmread(path), raw=True, index=0)
        except Exception:  # no image, or none that pydicom decodes
            continue
        if before.size >= 600_000:
            continue
        try:
            content = transcode(dicom.read_file(path), target)
        except ServiceError as error:
            if error.failure.name != "unknown-syntax":
                pytest.fail(f"{path.name}: {error}")
            continue
        after = pixel_array(pydicom.dcmread(io.BytesIO(content)), raw=True, index=0)
        assert np.array_equal(after, before), path.name
        made += 1
    assert made > 30
