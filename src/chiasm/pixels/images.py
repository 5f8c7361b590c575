"""Image files and arrays as rasters that become Secondary Captures."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

from ..dicom.secondary_capture import Raster
from ..errors import LimitError, ParseError, UsageError
from ..limits import DEFAULT, Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GRAY_8, _GRAY_16 = frozenset(("1", "L", "P_GRAY")), frozenset(("I;16", "I;16L", "I;16B", "I", "I;16N"))


def from_image(content: bytes, *, source: str = "", limits: Limits = DEFAULT) -> Raster:
    """The frames of a PNG, JPEG or TIFF file: gray of 8 or 16 bits as it is, everything else as RGB.

    Raises ParseError for what is no image, LimitError for one beyond the budget of pixels, UsageError
    where Pillow is not installed.
    """
    try:
        from PIL import Image, ImageSequence, UnidentifiedImageError
    except ImportError:
        raise UsageError("Pillow is not installed", hint="pip install 'chiasm[pixels]'") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow doubts and can read is read
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "TIFF")) as image:
                pixels = image.width * image.height * getattr(image, "n_frames", 1)
                if pixels > limits.image_pixels:
                    raise LimitError(f"{pixels} pixels", source=source, rule="limits.image_pixels")
                lossy = len(image.tobytes()) / max(len(content), 1) if image.format == "JPEG" else 0.0
                width, height = image.size
                frames = []
                for one in ImageSequence.Iterator(image):
                    if one.size != (width, height):
                        raise UsageError(
                            "its frames are of different sizes", source=source, hint="make one object of each"
                        )
                    frames.append(_frame(one))
    except Image.DecompressionBombError as error:
        raise LimitError(str(error), source=source, rule="limits.image_pixels") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError, EOFError) as error:
        raise ParseError(
            f"it is no PNG, JPEG or TIFF image that can be read: {error}", source=source
        ) from None
    samples, bits = frames[0][0], frames[0][1]
    if any((s, b) != (samples, bits) for s, b, _ in frames):
        raise UsageError("its frames are of different kinds", source=source, hint="make one object of each")
    return Raster(height, width, samples, bits, tuple(data for _, _, data in frames), lossy)


def _frame(image: Any) -> tuple[int, int, bytes]:
    """Samples, bits and bytes of one frame."""
    if image.mode in _GRAY_16:
        import numpy as np

        values = np.asarray(image)
        if values.min() >= 0 and values.max() <= 0xFFFF:
            return 1, 16, values.astype("<u2").tobytes()
        raise UsageError("its gray values do not fit 16 bits", rule="PS3.3 §A.8")
    if image.mode in _GRAY_8:
        return 1, 8, image.convert("L").tobytes()
    return 3, 8, image.convert("RGB").tobytes()


def from_array(array: NDArray[Any]) -> Raster:
    """A raster of an array: rows × columns, frames × rows × columns, or either with 3 samples at the end.

    uint8 and uint16 alone; a last axis of length 3 means color. Raises UsageError otherwise.
    """
    if array.dtype.name not in {"uint8", "uint16"}:
        raise UsageError(f"an array of {array.dtype.name} is not pixels", hint="make it uint8 or uint16")
    color = array.ndim >= 3 and array.shape[-1] == 3
    shape = array.shape[:-1] if color else array.shape
    if len(shape) not in (2, 3):
        raise UsageError(f"an array of {array.ndim} axes is neither an image nor frames")
    frames = array if len(shape) == 3 else array[None]
    rows, columns = shape[-2:]
    ordered = frames.astype(array.dtype.newbyteorder("<"))
    raster = Raster(
        rows, columns, 3 if color else 1, array.dtype.itemsize * 8, tuple(f.tobytes() for f in ordered)
    )
    raster.check()
    return raster
