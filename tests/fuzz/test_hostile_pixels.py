"""Hostile images: whatever they say of themselves, what comes of them is pixels or a ChiasmError. PS3.5 §8, §A.4."""

from __future__ import annotations

import contextlib
import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm import dicom
from chiasm.errors import ChiasmError
from chiasm.limits import DEFAULT
from chiasm.pixels.frames import open_frames
from chiasm.pixels.render import render, thumbnail
from chiasm.pixels.samples import frame_samples
from chiasm.pixels.transcode import TARGETS, transcode

SMALL = dataclasses.replace(DEFAULT, image_pixels=1_000_000, spool_bytes=8_000_000)
NAMES = ["CT_small.dcm", "MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm", "SC_rgb_rle_2frame.dcm",
         "SC_rgb_small_odd_jpeg.dcm", "MR_small_jp2klossless.dcm", "examples_palette.dcm",
         "SC_ybr_full_422_uncompressed.dcm", "liver_1frame.dcm", "MR_small_bigendian.dcm"]  # fmt: skip
NUMBERS = ["Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel", "PixelRepresentation",
           "PlanarConfiguration"]  # fmt: skip
MODELS = ["MONOCHROME1", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "PALETTE COLOR", "HSV", ""]
TEXTS = {
    "NumberOfFrames": ["0", "-1", "2", "65535", "2147483647", "99999999999", "x", "1.5", ""],
    "PhotometricInterpretation": MODELS,
    "WindowWidth": ["0", "-4", "0.5", "1E300", "1e-300", "x", ""],
    "WindowCenter": ["1E308", "-1E308", "x"],
    "RescaleSlope": ["0", "1E308", "-1E-300", "x"],
    "RescaleIntercept": ["1E308", "x"],
    "VOILUTFunction": ["CUBIC", "SIGMOID", "LINEAR_EXACT"],
    "PixelSpacing": ["1E-30\\1E30", "0\\0", "1\\99", "99\\1", "1"],
    "PixelAspectRatio": ["1\\0", "100\\1", "-1\\1"],
    "FrameTime": ["0", "-1", "1E300"],
}


def used(content: bytes, target: str) -> None:
    """All that is done with an image's pixels; a ChiasmError is an answer, another exception is a fault."""
    with contextlib.suppress(ChiasmError):
        package = dicom.parse(content)
        for act in (
            lambda: open_frames(package, SMALL).decoded(0),
            lambda: render(package, limits=SMALL, form="png"),
            lambda: render(package, None, limits=SMALL, form="gif"),
            lambda: thumbnail(package, 32, limits=SMALL),
            lambda: frame_samples(package, 0),
            lambda: transcode(package, target, limits=SMALL),
        ):
            with contextlib.suppress(ChiasmError):
                act()


changes = st.lists(
    st.tuples(
        st.sampled_from(NUMBERS), st.sampled_from([0, 1, 2, 3, 4, 7, 8, 9, 12, 16, 17, 32, 64, 200, 65535])
    )
    | st.sampled_from(sorted(TEXTS)).flatmap(
        lambda key: st.tuples(st.just(key), st.sampled_from(TEXTS[key]))
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.parametrize("name", NAMES)
@given(changes=changes, target=st.sampled_from(TARGETS))
def test_descriptions_that_lie(pydicom_data, name, changes, target):
    package = dicom.read_file(pydicom_data / "test_files" / name)
    for keyword, value in changes:
        with contextlib.suppress(ChiasmError):
            package.set(keyword, value)
    with contextlib.suppress(ChiasmError):
        used(package.encode(), target)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
@given(data=st.data(), target=st.sampled_from(TARGETS))
def test_octets_changed_and_files_cut(pydicom_data, name, data, target):
    content = bytearray((pydicom_data / "test_files" / name).read_bytes())
    near = st.integers(132, len(content) - 1) | st.integers(max(132, len(content) - 400), len(content) - 1)
    for at, octet in data.draw(st.lists(st.tuples(near, st.integers(0, 255)), max_size=6)):
        content[at] = octet
    end = data.draw(st.just(len(content)) | st.integers(132, len(content)))
    used(bytes(content[:end]), target)
