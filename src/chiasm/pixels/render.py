"""Pictures of images, as a person is to see them: PS3.3 §C.11.1, §C.11.2, §C.7.9; PS3.18 §8.3.5."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..dicom.package import Package
from ..errors import ServiceError, UsageError
from ..limits import DEFAULT, Limits
from . import tones
from .frames import Frames, open_frames

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

Window = tuple[float, float, str]
_LONGEST = 65_500
"""The longest side that all forms can hold."""
_FORMS = {"jpeg": "JPEG", "png": "PNG", "gif": "GIF"}


def render(
    package: Package,
    frame: int | None = 0,
    *,
    window: Window | None = None,
    viewport: Sequence[int] | None = None,
    quality: int | None = None,
    annotation: Sequence[str] = (),
    form: str = "jpeg",
    limits: Limits = DEFAULT,
) -> bytes:
    """One frame as a JPEG, PNG or GIF file; all frames as a moving GIF where `frame` is None.

    `window` is center, width and function; `viewport` width and height, and optionally x, y, width, height of
    the source, negative sizes for a flip; `annotation` holds `patient`, `technique`. ServiceError where it is
    no image or cannot be decoded; UsageError for arguments that mean nothing. PS3.18 §8.3.5.1.
    """
    if form not in _FORMS:
        raise UsageError(f"{form!r} is none of {', '.join(_FORMS)}")
    frames = open_frames(package, limits)
    moving = frame is None and form == "gif" and frames.count > 1
    if moving and frames.count * frames.rows * frames.columns > limits.image_pixels:
        raise ServiceError(
            "too-large", "more pixels than are shown in one picture", rule="limits.image_pixels"
        )
    pictures = [
        _picture(package, frames, number, window, viewport, annotation, limits)
        for number in (range(frames.count) if moving else (frame or 0,))
    ]
    out = io.BytesIO()
    if form == "jpeg":
        pictures[0].save(out, "JPEG", quality=min(max(quality or 90, 1), 100))
    elif moving:
        pictures[0].save(
            out, "GIF", save_all=True, append_images=pictures[1:], loop=0, duration=_pace(package)
        )
    else:
        pictures[0].save(out, _FORMS[form])
    return out.getvalue()


def thumbnail(package: Package, size: int = 128, limits: Limits = DEFAULT) -> bytes:
    """A JPEG of the middle frame, no larger than `size` pixels either way. Errors as `render`."""
    frames = open_frames(package, limits)
    return render(package, frames.count // 2, viewport=(size, size), quality=80, limits=limits)


def _pace(package: Package) -> int:
    """Milliseconds of one frame: PS3.3 §C.7.6.5."""
    time = tones.numbers(package.data, "FrameTime")
    rate = tones.numbers(package.data, "CineRate") or tones.numbers(
        package.data, "RecommendedDisplayFrameRate"
    )
    pace = time[0] if time else 1000 / rate[0] if rate and rate[0] > 0 else 100.0
    return int(min(max(pace, 20), 10_000))


def _picture(
    package: Package,
    frames: Frames,
    number: int,
    window: Window | None,
    viewport: Sequence[int] | None,
    annotation: Sequence[str],
    limits: Limits,
) -> Image:
    from PIL import Image

    values, photometric = frames.decoded_as(number)
    shown = tones.display(package.data, frames.geometry, values, photometric, number, window)
    image = Image.fromarray(shown)
    image = _in_view(image, _aspect(package), viewport, limits)
    return _annotated(image, package, annotation) if annotation else image


def _aspect(package: Package) -> float:
    """Height of a pixel in widths: PS3.3 §C.7.6.3.1.7."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "PixelAspectRatio"):
        found = tones.numbers(package.data, keyword)
        if len(found) == 2 and found[0] > 0 and found[1] > 0 and 0.01 < found[0] / found[1] < 100:
            return found[0] / found[1]
    return 1.0


def _in_view(image: Image, aspect: float, viewport: Sequence[int] | None, limits: Limits) -> Image:
    """The region asked for, scaled to fit, its aspect kept: PS3.18 §8.3.5.1.3."""
    from PIL.Image import Resampling, Transpose

    flip_x = flip_y = False
    if viewport is not None and len(viewport) > 2:
        if len(viewport) != 6 or not viewport[4] or not viewport[5]:
            raise UsageError("a viewport has two or six numbers", place="viewport", rule="PS3.18 §8.3.5.1.3")
        x, y, width, height = viewport[2:]
        flip_x, flip_y = width < 0, height < 0
        width, height = abs(width), abs(height)
        if x < 0 or y < 0 or x >= image.width or y >= image.height:
            raise UsageError("the viewport lies beside the image", place="viewport", rule="PS3.18 §8.3.5.1.3")
        image = image.crop((x, y, min(x + width, image.width), min(y + height, image.height)))
    if flip_x:
        image = image.transpose(Transpose.FLIP_LEFT_RIGHT)
    if flip_y:
        image = image.transpose(Transpose.FLIP_TOP_BOTTOM)
    wide, high = float(image.width), float(image.height)
    wide, high = (wide, high * aspect) if aspect >= 1 else (wide / aspect, high)
    if viewport is not None:
        if viewport[0] < 1 or viewport[1] < 1:
            raise UsageError("a viewport has a width and a height", place="viewport")
        scale = min(viewport[0] / wide, viewport[1] / high)
        wide, high = wide * scale, high * scale
    size = (max(1, round(wide)), max(1, round(high)))
    if size[0] * size[1] > limits.image_pixels or max(size) > _LONGEST:
        raise ServiceError("too-large", f"a picture of {size[0]} × {size[1]}", rule="limits.image_pixels")
    return image if size == image.size else image.resize(size, Resampling.BILINEAR, reducing_gap=2.0)


_PATIENT = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
_TECHNIQUE = ("Modality", "StudyDate", "SeriesDescription", "KVP", "SliceThickness", "InstanceNumber")


def _annotated(image: Image, package: Package, wanted: Sequence[str]) -> Image:
    """Who it is and how it was made, burned in at the corners: PS3.18 §8.3.5.1.1."""
    from PIL import ImageDraw, ImageFont

    image = image.convert("RGB") if image.mode != "L" else image
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(max(9, min(image.size) // 32))
    white, black = ("#ffffff", "#000000") if image.mode == "RGB" else (255, 0)
    for name, keywords, corner in (("patient", _PATIENT, "la"), ("technique", _TECHNIQUE, "ld")):
        if name not in wanted:
            continue
        texts = [str(value) for keyword in keywords if (value := package.get(keyword)) not in (None, "")]
        y = 4 if corner == "la" else image.height - 4
        for text in texts if corner == "la" else reversed(texts):
            draw.text(
                (4, y), text[:64], fill=white, font=font, anchor=corner, stroke_width=1, stroke_fill=black
            )
            step = font.size + 3 if hasattr(font, "size") else 13
            y += int(step if corner == "la" else -step)
    return image


def pixels_of(package: Package, frame: int, window: Window | None = None) -> NDArray[Any]:
    """The 8-bit gray or RGB pixels that `render` shows of a frame, before scaling."""
    frames = open_frames(package)
    values, photometric = frames.decoded_as(frame)
    return tones.display(package.data, frames.geometry, values, photometric, frame, window)
