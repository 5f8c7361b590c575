"""Pictures beside those of DCMTK's dcmj2pnm: gray within one level, colors within two."""

from __future__ import annotations

import io
import subprocess

import numpy as np
import pydicom
import pytest
from PIL import Image

from chiasm import dicom
from chiasm.pixels.render import render


def of_dcmtk(tool, path, out, *options):
    subprocess.run([tool, *options, str(path), str(out)], check=True, capture_output=True, timeout=60)
    with Image.open(out) as image:
        return np.asarray(image, "i4")


def of_chiasm(path, **options):
    with Image.open(io.BytesIO(render(dicom.read_file(path), form="png", **options))) as image:
        return np.asarray(image, "i4")


@pytest.mark.parametrize(
    ("name", "window", "option"),
    [("CT_small.dcm", (40, 400, "LINEAR"), "+Wfl"), ("CT_small.dcm", (-50, 1000, "SIGMOID"), "+Wfs"),
     ("MR_small_bigendian.dcm", (600, 1600, "LINEAR"), "+Wfl"), ("MR_small_RLE.dcm", (900, 300, "SIGMOID"), "+Wfs")],
)  # fmt: skip
def test_windows(pydicom_data, needs_tool, tmp_path, name, window, option):
    path = pydicom_data / "test_files" / name
    wanted = of_dcmtk(
        needs_tool("dcmj2pnm"), path, tmp_path / "a.pgm", "+Ww", str(window[0]), str(window[1]), option
    )
    assert np.abs(of_chiasm(path, window=window) - wanted).max() <= 1


@pytest.mark.parametrize("model", ["MONOCHROME1", "MONOCHROME2"])
def test_both_models_of_gray(pydicom_data, needs_tool, tmp_path, model):
    content = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    content.PhotometricInterpretation, content.WindowCenter, content.WindowWidth = model, 40, 400
    path = tmp_path / "a.dcm"
    content.save_as(path)
    wanted = of_dcmtk(needs_tool("dcmj2pnm"), path, tmp_path / "a.pgm", "+Wi", "1")
    assert np.abs(of_chiasm(path) - wanted).max() <= 1


@pytest.mark.parametrize(
    "name",
    [
        "examples_palette.dcm",
        "SC_rgb_rle.dcm",
        "SC_rgb_dcmtk_+eb+cy+np.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
    ],
)
def test_colors(pydicom_data, needs_tool, tmp_path, name):
    path = pydicom_data / "test_files" / name
    wanted = of_dcmtk(needs_tool("dcmj2pnm"), path, tmp_path / "a.ppm")
    assert np.abs(of_chiasm(path) - wanted).max() <= 2


def test_pixels_that_are_not_square(pydicom_data, needs_tool, tmp_path):
    content = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    content.PixelSpacing = [2, 1]
    path = tmp_path / "a.dcm"
    content.save_as(path)
    wanted = of_dcmtk(needs_tool("dcmj2pnm"), path, tmp_path / "a.pgm", "+Ww", "40", "400", "+Sxv", "128")
    assert of_chiasm(path, window=(40, 400, "LINEAR")).shape == wanted.shape == (256, 128)
