"""Pictures of objects for people's eyes: PNG, JPEG, GIF. PS3.18 §8.7.4, §8.3.5."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from ..dicom import Package
from ..errors import ServiceError
from .frames import Frames, open_frames
from .window import Window, fitting, gray, number, rescaled, shared, voi_table, windows

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

_MOST_FRAMES = 512
_MOST_PIXELS = 8192


def render(
    package: Package,
    frame: int | None = 0,
    *,
    window: Window | None = None,
    viewport: tuple[int, ...] | None = None,
    quality: int = 90,
    annotation: tuple[str, ...] = (),
    form: str = "jpeg",
) -> bytes:
    """A picture of a frame, numbered from 0; None is all of them where `form` is gif, else the first.

    `viewport` is width and height to fit into, and then x, y, width, height of the part of the image that is
    shown, where negative sizes flip. `annotation` is of patient and technique. ServiceError where there are no
    pixels or none can be decoded.
    """
    frames = open_frames(package)
    moving = frame is None and form == "gif" and frames.count > 1
    chosen = range(min(frames.count, _MOST_FRAMES)) if moving else (frame or 0,)
    pictures = []
    for one in chosen:
        picture = _placed(_picture(package, frames, one, window), package, viewport)
        pictures.append(_annotated(picture, package, annotation))
    out = io.BytesIO()
    if form == "gif":
        first, rest = pictures[0], pictures[1:]
        time = number(package.data, "FrameTime") or 1000 / (number(package.data, "CineRate") or 10)
        first.save(out, "GIF", save_all=bool(rest), append_images=rest, duration=max(int(time), 20), loop=0)
    elif form == "png":
        pictures[0].save(out, "PNG", compress_level=4)
    else:
        pictures[0].save(out, "JPEG", quality=max(1, min(quality, 100)))
    return out.getvalue()


def thumbnail(package: Package, size: int = 128) -> bytes:
    """A small JPEG of the middle frame, at most `size` pixels wide and high."""
    frames = open_frames(package)
    return render(package, frames.count // 2, viewport=(size, size), quality=80)


def _picture(package: Package, frames: Frames, frame: int, window: Window | None) -> Image:
    from PIL import Image

    pixels = frames.decoded(frame)
    if frames.photometric == "PALETTE COLOR":
        return Image.fromarray(_palette(package, frames, pixels), "RGB")
    if frames.samples >= 3:
        return Image.fromarray(_rgb(frames, pixels), "RGB")
    return Image.fromarray(gray_of(package, frames, pixels, frame, window), "L")


def gray_of(
    package: Package, frames: Frames, pixels: NDArray[Any], frame: int, window: Window | None
) -> NDArray[Any]:
    """Stored values of one sample as 0 to 255, as they are to be looked at. PS3.3 §C.11."""
    values = rescaled(package, pixels, frame)
    result = voi_table(package, values, frame) if window is None else None
    if result is None:
        given = windows(package, frame)
        padding = number(package.data, "PixelPaddingValue")
        result = gray(values, window or (given[0] if given else fitting(values, padding)))
    inverted = str(package.get("PresentationLUTShape") or "") == "INVERSE"
    return 255 - result if (frames.photometric == "MONOCHROME1") != inverted else result


def _rgb(frames: Frames, pixels: NDArray[Any]) -> NDArray[Any]:
    import numpy as np
    from pydicom.pixels import convert_color_space

    if pixels.dtype != np.uint8:
        shift = max(frames.bits_stored - 8, 0)
        pixels = (pixels >> shift).astype(np.uint8)
    if frames.photometric in {"YBR_FULL", "YBR_FULL_422"}:
        pixels = convert_color_space(pixels, "YBR_FULL", "RGB")
    return np.ascontiguousarray(pixels[..., :3])


def _palette(package: Package, frames: Frames, pixels: NDArray[Any]) -> NDArray[Any]:
    from pydicom.pixels import apply_color_lut

    try:
        colored = apply_color_lut(pixels, frames.pydicom)
    except (ValueError, AttributeError, KeyError) as error:
        raise ServiceError("not-understood", f"its palette cannot be used: {error}") from None
    if colored.dtype.itemsize > 1:
        colored = (colored >> 8).astype("uint8")
    return colored[..., :3]


def _placed(picture: Image, package: Package, viewport: tuple[int, ...] | None) -> Image:
    """The picture with square pixels, cut and scaled as a viewport asks. PS3.18 §8.3.5.1.3."""
    from PIL import Image as pillow

    if viewport is not None and len(viewport) == 6:
        picture = _cut(picture, *viewport[2:])
    width, height = picture.size
    down, across = _aspect(package)
    if down > across:
        height = round(height * down / across)
    elif across > down:
        width = round(width * across / down)
    if viewport is not None:
        scale = min(viewport[0] / width, viewport[1] / height)
        width, height = max(round(width * scale), 1), max(round(height * scale), 1)
    size = min(width, _MOST_PIXELS), min(height, _MOST_PIXELS)
    return picture if size == picture.size else picture.resize(size, pillow.Resampling.BILINEAR)


def _cut(picture: Image, x: int, y: int, width: int, height: int) -> Image:
    from PIL import Image as pillow

    wide, high = abs(width) or picture.width - x, abs(height) or picture.height - y
    picture = picture.crop((x, y, x + wide, y + high))
    if width < 0:
        picture = picture.transpose(pillow.Transpose.FLIP_LEFT_RIGHT)
    return picture.transpose(pillow.Transpose.FLIP_TOP_BOTTOM) if height < 0 else picture


def _aspect(package: Package) -> tuple[float, float]:
    """How far pixels are apart, down and across, as a ratio within reason."""
    source = shared(package, 0, "PixelMeasuresSequence") or package.data
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "PixelAspectRatio"):
        value = source.get(keyword)
        if isinstance(value, tuple) and len(value) == 2:
            try:
                down, across = (float(one) for one in value)  # type: ignore[arg-type]  # texts of numbers
            except ValueError:
                continue
            if 0 < down <= 20 * across and 0 < across <= 20 * down:
                return down, across
    return 1.0, 1.0


def _annotated(picture: Image, package: Package, annotation: tuple[str, ...]) -> Image:
    """The picture with texts burned in, as PS3.18 §8.3.5.1.1 lets one ask."""
    if not annotation:
        return picture
    from PIL import ImageDraw, ImageFont

    picture = picture.convert("RGB")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=max(picture.height // 32, 10))
    for name, anchor, place in (
        ("patient", "la", (4, 4)),
        ("technique", "ld", (4, picture.height - 4)),
    ):
        if name in annotation:
            draw.multiline_text(
                place,
                _text(package, name),
                fill="white",
                font=font,
                anchor=anchor,
                stroke_width=1,
                stroke_fill="black",
            )
    return picture


_TEXTS = {
    "patient": ("PatientName", "PatientID", "PatientBirthDate", "StudyDate"),
    "technique": ("Modality", "KVP", "ExposureTime", "SliceThickness", "ManufacturerModelName"),
}


def _text(package: Package, name: str) -> str:
    found = [(keyword, package.get(keyword)) for keyword in _TEXTS[name]]
    if name == "patient":
        return "\n".join(str(value) for _, value in found if value)
    return "\n".join(f"{keyword} {value}" for keyword, value in found if value)
