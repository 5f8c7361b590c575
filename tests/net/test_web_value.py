"""Binary values in stretches: whatever the stretch, it is that of the whole value, which is pydicom's."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.encaps import encapsulate, generate_frames

from chiasm import dicom
from chiasm.errors import ServiceError
from chiasm.net.web_value import value_of

PIXELS = "7FE00010"


def package(path: Path) -> dicom.Package:
    return dicom.read_file(path)


@pytest.mark.parametrize(
    "name",
    ["CT_small.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm", "SC_rgb_rle_2frame.dcm", "JPEG2000.dcm"],
)
def test_any_stretch_is_that_of_the_whole(pydicom_data: Path, name: str) -> None:
    path = pydicom_data / "test_files" / name
    data = pydicom.dcmread(path)
    if data.file_meta.TransferSyntaxUID.is_compressed and not name.startswith("image_dfl"):
        wanted = pydicom.pixels.pixel_array(data, raw=True).tobytes()
    elif data.file_meta.TransferSyntaxUID.is_little_endian:
        wanted = data.PixelData
    else:
        wanted = np.frombuffer(data.PixelData, ">u2").astype("<u2").tobytes()
    value = value_of(package(path), PIXELS)
    assert value.size == len(wanted)

    @given(st.integers(0, len(wanted)), st.integers(0, len(wanted)))
    def check(one: int, other: int) -> None:
        start, stop = sorted((one, other))
        assert value.read(start, stop) == wanted[start:stop]

    check()


def test_frames_that_differ_in_size_are_no_value(pydicom_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = iter([b"1234", b"12"])
    monkeypatch.setattr("chiasm.net.web_value.frame_bytes", lambda *_: next(made))
    value = value_of(package(pydicom_data / "test_files" / "SC_rgb_rle_2frame.dcm"), PIXELS)
    assert value.size == 8
    assert value.read(0, 4) == b"1234"
    with pytest.raises(ServiceError, match="frame 2 has 2 bytes"):
        value.read(2, 6)


@pytest.mark.parametrize("place", ["00100010", "7FE00011", "no/such", "00081140/0/7FE00010"])
def test_what_is_no_binary_value_is_not_there(pydicom_data: Path, place: str) -> None:
    with pytest.raises(ServiceError) as caught:
        value_of(package(pydicom_data / "test_files" / "CT_small.dcm"), place)
    assert caught.value.failure.name == "no-such-object"


def test_a_value_within_a_sequence(pydicom_data: Path) -> None:
    data = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    icon = pydicom.Dataset()
    icon.Rows = icon.Columns = 2
    icon.BitsAllocated = 8
    icon.PixelData = b"\1\2\3\4"
    icon["PixelData"].VR = "OB"
    data.IconImageSequence = [icon]
    out = io.BytesIO()
    data.save_as(out)
    value = value_of(dicom.parse(out.getvalue()), "00880200/0/7FE00010")
    assert (value.size, value.read(1, 3)) == (4, b"\2\3")


@pytest.mark.parametrize("is_compressed", [True, False])
def test_an_icon_of_a_compressed_image_is_its_own(pydicom_data: Path, is_compressed: bool) -> None:
    data = pydicom.dcmread(pydicom_data / "test_files" / "SC_rgb_rle_2frame.dcm")
    icon = pydicom.Dataset()
    if is_compressed:  # the second frame of the image, which is in its transfer syntax: PS3.3 §F.7
        for keyword in ("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated"):
            icon[keyword] = data[keyword]
        for keyword in ("BitsStored", "HighBit", "PixelRepresentation", "PlanarConfiguration"):
            icon[keyword] = data[keyword]
        icon.PixelData = encapsulate([list(generate_frames(data.PixelData, number_of_frames=2))[1]])
        icon["PixelData"].is_undefined_length = True
        wanted = data.pixel_array[1].tobytes()
    else:
        icon.Rows = icon.Columns = 2
        icon.BitsAllocated = 8
        icon.PixelData = wanted = b"\1\2\3\4"
    icon["PixelData"].VR = "OB"
    data.IconImageSequence = [icon]
    out = io.BytesIO()
    data.save_as(out)
    value = value_of(dicom.parse(out.getvalue()), "00880200/0/7FE00010")
    assert value.read(0, value.size) == wanted
