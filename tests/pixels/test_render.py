"""Pictures; the expected pixels are DCMTK's, within one level of gray."""

from __future__ import annotations

import io
import subprocess

import numpy as np
import pytest
from PIL import Image

from chiasm import dicom
from chiasm.errors import ServiceError
from chiasm.pixels.render import render, thumbnail
from chiasm.pixels.samples import frame_samples


@pytest.mark.parametrize(("name", "window"), [("CT_small.dcm", (40, 400)), ("MR_small.dcm", (600, 1600))])
def test_a_window_shows_what_dcmtk_shows(pydicom_data, needs_tool, tmp_path, name, window):
    path, out = pydicom_data / "test_files" / name, tmp_path / "out.pgm"
    tool = needs_tool("dcm2pnm")
    subprocess.run([tool, "+Ww", str(window[0]), str(window[1]), str(path), str(out)], check=True)
    shown = np.asarray(Image.open(io.BytesIO(render(
        dicom.read_file(path), window=(*window, "LINEAR"), form="png"))), "i4")  # fmt: skip
    with Image.open(out) as image:
        assert np.abs(shown - np.asarray(image, "i4")).max() <= 1


def test_a_viewport_cuts_flips_and_fits(pydicom_data):
    package = dicom.read_file(pydicom_data / "test_files" / "CT_small.dcm")
    whole = np.asarray(Image.open(io.BytesIO(render(package, form="png"))))
    part = np.asarray(Image.open(io.BytesIO(render(package, viewport=(20, 10, 5, 7, -20, 10), form="png"))))
    assert np.array_equal(part, whole[7:17, 5:25][:, ::-1])
    assert max(Image.open(io.BytesIO(thumbnail(package, 64))).size) == 64


def test_what_is_no_image_says_so(pydicom_data):
    with pytest.raises(ServiceError):
        render(dicom.read_file(pydicom_data / "test_files" / "reportsi.dcm"))


def test_samples_for_a_viewer(pydicom_data):
    samples = frame_samples(dicom.read_file(pydicom_data / "test_files" / "CT_small.dcm"), 0)
    assert (samples.kind, samples.rows, samples.columns, len(samples.data)) == ("int16", 128, 128, 32768)
    assert (samples.slope, samples.intercept) == (1.0, -1024.0)


def test_an_annotation_is_burned_in_at_its_corner(pydicom_data):
    package = dicom.read_file(pydicom_data / "test_files" / "CT_small.dcm")
    plain, patient, technique = (
        np.asarray(Image.open(io.BytesIO(render(package, form="png", annotation=wanted))))
        for wanted in ((), ("patient",), ("technique",))
    )
    assert (patient != plain)[:64].any()
    assert not (patient != plain)[70:].any()
    assert (technique != plain)[64:].any()


def test_all_frames_are_a_moving_gif(pydicom_data):
    package = dicom.read_file(pydicom_data / "test_files" / "SC_rgb_rle_2frame.dcm")
    with Image.open(io.BytesIO(render(package, None, form="gif"))) as image:
        assert (image.format, image.n_frames) == ("GIF", 2)
    with Image.open(io.BytesIO(render(package, 1, form="gif"))) as image:
        assert image.n_frames == 1
