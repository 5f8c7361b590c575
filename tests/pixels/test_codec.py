"""The decoder as a program: its answers are pydicom's samples, or failures in words."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pydicom
import pytest
from pydicom.encaps import get_frame
from pydicom.pixels import pixel_array

from chiasm.errors import ServiceError
from chiasm.pixels import codec


def asked(path):
    content = pydicom.dcmread(path)
    options = {
        "rows": content.Rows, "columns": content.Columns, "samples_per_pixel": content.SamplesPerPixel,
        "bits_allocated": content.BitsAllocated, "bits_stored": content.BitsStored,
        "pixel_representation": content.PixelRepresentation, "number_of_frames": 1,
        "photometric_interpretation": content.PhotometricInterpretation,
        "planar_configuration": content.get("PlanarConfiguration", 0), "pixel_keyword": "PixelData",
    }  # fmt: skip
    request = {"uid": str(content.file_meta.TransferSyntaxUID), "options": options}
    return request, get_frame(content.PixelData, 0, number_of_frames=1), pixel_array(content, raw=True)


NAMES = ["MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm", "SC_rgb_jpeg_dcmtk.dcm", "JPEG2000.dcm"]


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_is_decoded(pydicom_data, name):
    request, data, wanted = asked(pydicom_data / "test_files" / name)
    values, _ = codec.decode(request["uid"], data, request["options"])
    assert np.array_equal(values, wanted)


def test_the_program_answers_each_request_and_ends_with_its_input(pydicom_data):
    requests = io.BytesIO()
    wanted = []
    for name in NAMES:
        request, data, samples = asked(pydicom_data / "test_files" / name)
        codec.send(requests, request, data)
        wanted.append(samples)
    codec.send(requests, {"uid": "1.2.3", "options": {}}, b"")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "chiasm.pixels.codec"], input=requests.getvalue(), capture_output=True,
        timeout=120, check=True,
    )  # fmt: skip
    answers = io.BytesIO(done.stdout)
    for samples in wanted:
        told, data = codec.receive(answers)
        assert np.array_equal(np.frombuffer(data, told["kind"]).reshape(told["shape"]), samples)
    assert codec.receive(answers)[0]["failure"] == "unknown-syntax"
    assert codec.receive(answers) is None


def test_messages_cut_short_are_none():
    whole = io.BytesIO()
    codec.send(whole, {"uid": "1.2"}, b"abc")
    content = whole.getvalue()
    assert codec.receive(io.BytesIO(content)) == ({"uid": "1.2"}, b"abc")
    for length in range(len(content)):
        assert codec.receive(io.BytesIO(content[:length])) is None


def test_what_no_decoder_takes():
    for uid in ("1.2.3", "1.2.840.10008.1.2.4.102"):
        with pytest.raises(ServiceError) as caught:
            codec.decode(uid, b"", {})
        assert caught.value.failure.name == "unknown-syntax"
