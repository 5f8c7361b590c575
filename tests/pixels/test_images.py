"""Image files and arrays as rasters; the expected pixels are Pillow's and NumPy's own."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from chiasm.errors import LimitError, ParseError, UsageError
from chiasm.limits import DEFAULT
from chiasm.pixels.images import from_array, from_image

GRAY = np.arange(20, dtype="u1").reshape(4, 5) * 10
COLOR = np.stack([GRAY, GRAY[::-1], 255 - GRAY], -1)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize(
    ("array", "samples", "bits"),
    [(GRAY, 1, 8), (GRAY.astype("<u2") * 256 + 7, 1, 16), (COLOR, 3, 8)],
)
def test_lossless_files_keep_their_pixels(kind, array, samples, bits):
    raster = from_image(encoded(Image.fromarray(array), kind))
    assert (raster.rows, raster.columns, raster.samples, raster.bits) == (4, 5, samples, bits)
    assert raster.frames == (array.tobytes(),)
    assert raster.lossy == 0


@pytest.mark.parametrize("mode", ["P", "RGBA", "CMYK"])
def test_other_modes_become_rgb(mode):
    image = Image.fromarray(COLOR).convert(mode)
    raster = from_image(encoded(image, "TIFF"))
    assert raster.samples == 3
    assert raster.frames == (image.convert("RGB").tobytes(),)


def test_black_and_white_becomes_gray():
    raster = from_image(encoded(Image.fromarray(GRAY).convert("1"), "PNG"))
    assert (raster.samples, raster.bits) == (1, 8)
    assert set(raster.frames[0]) <= {0, 255}


def test_a_jpeg_says_how_much_it_lost():
    big = Image.fromarray(np.tile(COLOR, (20, 20, 1)))
    content = encoded(big, "JPEG")
    raster = from_image(content)
    assert raster.samples == 3
    assert raster.lossy == pytest.approx(80 * 100 * 3 / len(content))


def test_the_pages_of_a_tiff_are_frames():
    pages = [Image.fromarray(GRAY + number) for number in range(3)]
    raster = from_image(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert raster.frames == tuple((GRAY + number).tobytes() for number in range(3))


def test_pages_of_different_kinds_are_refused():
    pages = [Image.fromarray(GRAY), Image.fromarray(COLOR)]
    with pytest.raises(UsageError):
        from_image(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))


def test_pages_of_different_sizes_are_refused():
    pages = [Image.fromarray(GRAY), Image.fromarray(GRAY[:2])]
    with pytest.raises(UsageError):
        from_image(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"GIF89a" + b"\0" * 20]
)
def test_what_is_no_image(content):
    with pytest.raises(ParseError):
        from_image(content, source="a.png")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_truncated_at_each_offset(kind):
    content = encoded(Image.fromarray(COLOR), kind)
    for length in range(len(content)):
        try:
            raster = from_image(content[:length])
        except ParseError:
            continue
        assert len(raster.frames[0]) == 60


def test_the_budget_of_pixels():
    limits = dataclasses.replace(DEFAULT, image_pixels=19)
    with pytest.raises(LimitError):
        from_image(encoded(Image.fromarray(GRAY), "PNG"), limits=limits)


@pytest.mark.parametrize(
    ("array", "frames", "samples", "bits"),
    [
        (GRAY, 1, 1, 8),
        (GRAY.astype(">u2"), 1, 1, 16),
        (COLOR, 1, 3, 8),
        (np.stack([GRAY] * 4), 4, 1, 8),
        (np.stack([COLOR] * 2), 2, 3, 8),
    ],
)
def test_arrays(array, frames, samples, bits):
    raster = from_array(array)
    assert (len(raster.frames), raster.samples, raster.bits) == (frames, samples, bits)
    assert b"".join(raster.frames) == array.astype(array.dtype.newbyteorder("<")).tobytes()


@pytest.mark.parametrize(
    "array",
    [GRAY.astype("i2"), GRAY.astype("f4"), GRAY[0], np.zeros((1, 1, 1, 1, 1), "u1"), COLOR.astype("u2")],
)
def test_what_is_no_raster(array):
    with pytest.raises(UsageError):
        from_array(array)
