"""Icons; the expected pixels are pydicom's, averaged by numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.pixels import apply_modality_lut, apply_voi_lut, pixel_array

from chiasm import dicom
from chiasm.errors import ServiceError
from chiasm.pixels.icon import icon


def _pixels(path: Path) -> NDArray[np.uint8]:
    item = icon(dicom.read_file(path))
    element = item.element(0x7FE00010)
    assert element is not None
    return np.frombuffer(element.raw, np.uint8).reshape(64, 64)


def test_an_icon_is_the_image_at_half_its_size(pydicom_data: Path) -> None:
    path = pydicom_data / "test_files" / "CT_small.dcm"
    data = dcmread(path)
    values = apply_modality_lut(pixel_array(path), data).astype("f8")
    if "WindowWidth" in data:
        values = apply_voi_lut(values, data)
    low, high = values.min(), values.max()
    expected = ((values - low) / (high - low) * 255).reshape(64, 2, 64, 2).mean(axis=(1, 3))
    assert np.corrcoef(expected.ravel(), _pixels(path).ravel())[0, 1] > 0.98


def test_its_attributes_are_those_of_the_standard(pydicom_data: Path) -> None:
    """PS3.3 §F.7 and PS3.11 §E.3.3.3, for color and multi-frame images as well."""
    for name in ("CT_small.dcm", "SC_rgb_rle_2frame.dcm", "693_J2KI.dcm", "liver_1frame.dcm"):
        item = icon(dicom.read_file(pydicom_data / "test_files" / name))
        found = {one.tag: item.get(one.tag) for one in item if one.tag != 0x7FE00010}
        assert found == {
            0x00280002: 1, 0x00280004: "MONOCHROME2", 0x00280010: 64, 0x00280011: 64, 0x00280100: 8,
            0x00280101: 8, 0x00280102: 7, 0x00280103: 0,
        }  # fmt: skip


def test_what_is_wide_stands_in_the_middle_on_black(pydicom_data: Path) -> None:
    path = pydicom_data / "test_files" / "examples_overlay.dcm"
    data = dcmread(path, stop_before_pixels=True)
    rows, columns = int(data.Rows), int(data.Columns)
    pixels = _pixels(path)
    high = round(64 * rows / columns)
    assert high < 60
    assert pixels[32].any()
    assert not pixels[: (64 - high) // 2 - 1].any()
    assert not pixels[(64 + high) // 2 + 1 :].any()


def test_what_has_no_pixels_has_no_icon(pydicom_data: Path) -> None:
    with pytest.raises(ServiceError, match="no image"):
        icon(dicom.read_file(pydicom_data / "test_files" / "test-SR.dcm"))
