"""Frames against the pixels that pydicom decodes."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from chiasm.errors import UsageError
from chiasm.net.web_frames import frame_numbers
from tests.net.web_node import WebNode


def test_frames_stored_and_decoded(web: WebNode, pydicom_data: Path) -> None:
    data = pydicom.dcmread(pydicom_data / "test_files" / "rtdose_rle.dcm")
    path = f"/studies/{data.StudyInstanceUID}/series/{data.SeriesInstanceUID}/instances/{data.SOPInstanceUID}"
    octets = 'multipart/related; type="application/octet-stream"'
    parts = web.get(f"{path}/frames/3,1", octets).parts()
    pixels = data.pixel_array
    assert [np.frombuffer(body, pixels.dtype).reshape(pixels.shape[1:]).tolist() for _, body in parts] == [
        pixels[2].tolist(),
        pixels[0].tolist(),
    ]
    (stored,) = web.get(f"{path}/frames/1", octets + "; transfer-syntax=*").parts()
    assert stored[0] == "image/dicom-rle; transfer-syntax=1.2.840.10008.1.2.5"
    assert web.get(f"{path}/frames/16").status == 404
    assert web.get(f"{path}/frames/0").status == 400


def test_a_jpeg_frame_is_a_jpeg(web: WebNode, pydicom_data: Path) -> None:
    data = pydicom.dcmread(pydicom_data / "test_files" / "SC_rgb_jpeg_dcmtk.dcm")
    path = f"/studies/{data.StudyInstanceUID}/series/{data.SeriesInstanceUID}/instances/{data.SOPInstanceUID}"
    reply = web.get(f"{path}/frames/1", "image/jpeg")
    assert Image.open(io.BytesIO(reply.body)).size == (data.Columns, data.Rows)


@pytest.mark.parametrize("name", ["CT_small.dcm", "rtdose_rle.dcm", "SC_rgb_jpeg_dcmtk.dcm"])
def test_frames_compressed_anew_hold_the_same_samples(web: WebNode, pydicom_data: Path, name: str) -> None:
    data = pydicom.dcmread(pydicom_data / "test_files" / name)
    path = f"/studies/{data.StudyInstanceUID}/series/{data.SeriesInstanceUID}/instances/{data.SOPInstanceUID}"
    (octets,) = web.get(f"{path}/frames/1", 'multipart/related; type="application/octet-stream"').parts()
    for media, syntax in (
        ("image/jls", "1.2.840.10008.1.2.4.80"),
        ("image/jp2", "1.2.840.10008.1.2.4.90"),
        ("image/dicom-rle", "1.2.840.10008.1.2.5"),
    ):
        if data.BitsAllocated == 32 and media != "image/dicom-rle":
            assert web.get(f"{path}/frames/1", media).status == 406
            continue
        ((kind, body),) = web.get(f"{path}/frames/1", f'multipart/related; type="{media}"').parts()
        assert kind == f"{media}; transfer-syntax={syntax}"
        copy = pydicom.dcmread(pydicom_data / "test_files" / name)
        copy.file_meta.TransferSyntaxUID, copy.NumberOfFrames = pydicom.uid.UID(syntax), 1
        copy.PhotometricInterpretation = (
            "RGB" if data.SamplesPerPixel == 3 else data.PhotometricInterpretation
        )
        copy.PixelData = pydicom.encaps.encapsulate([body])
        copy["PixelData"].is_undefined_length = True
        wanted = np.frombuffer(octets[1], copy.pixel_array.dtype).reshape(copy.pixel_array.shape)
        assert np.array_equal(copy.pixel_array, wanted)


@pytest.mark.parametrize("text", ["", "0", "-1", "1,", "a", "1" * 10, "١"])
def test_what_is_no_list_of_numbers(text: str) -> None:
    with pytest.raises(UsageError):
        frame_numbers(text)
