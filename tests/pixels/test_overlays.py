"""Overlay planes; the expected bits are pydicom's."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest

from chiasm import dicom
from chiasm.errors import ServiceError
from chiasm.pixels.overlays import Plane, planes


def unpacked(plane: Plane) -> np.ndarray:  # type: ignore[type-arg]  # any numbers
    bits = np.unpackbits(np.frombuffer(plane.data, "u1"), bitorder="little")
    return bits[: plane.rows * plane.columns].reshape(plane.rows, plane.columns)


def of(content: pydicom.Dataset, frame: int = 0) -> list[Plane]:
    out = io.BytesIO()
    content.save_as(out)
    return planes(dicom.parse(out.getvalue()), frame)


@pytest.fixture
def content(pydicom_data: Path) -> pydicom.Dataset:
    return pydicom.dcmread(pydicom_data / "test_files/examples_overlay.dcm")


def test_a_plane_of_its_own_element(content: pydicom.Dataset) -> None:
    (plane,) = of(content)
    assert np.array_equal(unpacked(plane), content.overlay_array(0x6000))
    assert (plane.row, plane.column, plane.kind) == (1, 1, "G")


def test_a_frame_of_several_that_begins_within_a_byte(content: pydicom.Dataset) -> None:
    bits = np.random.default_rng(1).integers(0, 2, (3, 5, 7), dtype="u1")
    content[0x6000, 0x0010].value, content[0x6000, 0x0011].value = 5, 7
    content.add_new((0x6000, 0x0015), "IS", 3)
    data = np.packbits(bits.ravel(), bitorder="little").tobytes()
    content[0x6000, 0x3000].value = data + b"\0" * (len(data) % 2)
    for number in range(3):
        (plane,) = of(content, number)
        assert np.array_equal(unpacked(plane), bits[number])
    assert of(content, 3) == []


def test_a_plane_in_the_unused_bits_of_the_pixels(pydicom_data: Path) -> None:
    content = pydicom.dcmread(pydicom_data / "test_files/CT_small.dcm")
    content.BitsStored, content.HighBit, content.PixelRepresentation = 12, 11, 0
    words = np.frombuffer(content.PixelData, "<u2").copy() & 0x0FFF
    drawn = np.random.default_rng(2).integers(0, 2, words.size, dtype="u2")
    content.PixelData = (words | (drawn << 13)).tobytes()
    for element, vr, value in (
        (0x10, "US", 128), (0x11, "US", 128), (0x40, "CS", "R"), (0x50, "SS", [1, 1]), (0x100, "US", 16),
        (0x102, "US", 13),
    ):  # fmt: skip
        content.add_new((0x6002, element), vr, value)
    (plane,) = of(content)
    assert np.array_equal(unpacked(plane).ravel(), drawn)
    assert plane.kind == "R"
    content[0x6002, 0x0102].value = 5
    assert of(content) == []


def test_a_plane_that_is_cut_or_too_large(content: pydicom.Dataset) -> None:
    content[0x6000, 0x3000].value = content[0x6000, 0x3000].value[:100]
    assert of(content) == []
    content[0x6000, 0x0010].value = content[0x6000, 0x0011].value = 65535
    with pytest.raises(ServiceError):
        of(content)


def test_without_overlays_there_are_none(pydicom_data: Path) -> None:
    assert planes(dicom.read_file(pydicom_data / "test_files/CT_small.dcm"), 0) == []
