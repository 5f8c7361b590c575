"""The frames of an object: as stored, and decoded one at a time. PS3.3 §C.7.6.3, PS3.5 §8."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..dicom import Package
from ..errors import LimitError, ServiceError
from ..limits import DEFAULT, Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

PIXEL_DATA, FLOAT_PIXELS, DOUBLE_PIXELS = 0x7FE00010, 0x7FE00008, 0x7FE00009


class Frames:
    """The frames of one object, numbered from 0. Made by `open_frames`."""

    def __init__(self, package: Package, tag: int, limits: Limits) -> None:
        self._package, self._tag = package, tag
        self._pydicom: Dataset | None = None
        self.count = max(_number(package, "NumberOfFrames", 1), 1)
        self.rows, self.columns = _number(package, "Rows"), _number(package, "Columns")
        self.samples = _number(package, "SamplesPerPixel", 1)
        self.bits_allocated = _number(package, "BitsAllocated", 8 if tag == PIXEL_DATA else 32)
        self.bits_stored = _number(package, "BitsStored", self.bits_allocated)
        self.is_signed = _number(package, "PixelRepresentation") == 1
        self.photometric = str(package.get("PhotometricInterpretation") or "MONOCHROME2")
        syntax = package.transfer_syntax
        self.is_encapsulated = syntax is not None and syntax.encapsulated
        if not self.rows or not self.columns or self.samples not in {1, 3, 4}:
            raise ServiceError(
                "not-understood", "it has no size that pixels could have", rule="PS3.3 §C.7.6.3"
            )
        if self.rows * self.columns * self.samples > limits.image_pixels:
            raise LimitError(f"a frame of {self.rows} × {self.columns} pixels", rule="limits.image_pixels")

    @property
    def size(self) -> int:
        """Bytes of one native frame, the last byte of one-bit pixels rounded up."""
        return math.ceil(self.rows * self.columns * self.samples * self.bits_allocated / 8)

    def encoded(self, number: int) -> bytes:
        """A frame as it is stored: its fragments joined, or its part of native pixel data.

        ServiceError `no-such-object` where there is none of that number.
        """
        self._has(number)
        if self.is_encapsulated:
            return self._encapsulated(number)
        if self.bits_allocated == 1:
            return self._packed(number)
        start = number * self.size
        data = self._package.raw(self._tag)[start : start + self.size]
        if len(data) < self.size:
            raise ServiceError("not-understood", f"its pixel data ends within frame {number + 1}")
        return data

    def _packed(self, number: int) -> bytes:
        """A frame of one-bit pixels, which need not begin at a byte. PS3.5 §8.1.1."""
        import numpy as np

        pixels = self.rows * self.columns * self.samples
        first, past = number * pixels, (number + 1) * pixels
        data = np.frombuffer(self._package.raw(self._tag)[first // 8 : (past + 7) // 8], np.uint8)
        bits = np.unpackbits(data, bitorder="little")[first % 8 : first % 8 + pixels]
        return np.packbits(bits, bitorder="little").tobytes()

    def _encapsulated(self, number: int) -> bytes:
        from pydicom.encaps import get_frame

        data = self.pydicom
        offsets = None
        if "ExtendedOffsetTable" in data and "ExtendedOffsetTableLengths" in data:
            offsets = (data.ExtendedOffsetTable, data.ExtendedOffsetTableLengths)
        try:
            return get_frame(data.PixelData, number, number_of_frames=self.count, extended_offsets=offsets)
        except (ValueError, IndexError, EOFError) as error:
            raise ServiceError("not-understood", f"frame {number + 1} cannot be found: {error}") from None

    def decoded(self, number: int) -> NDArray[Any]:
        """A frame as an array of rows × columns (× samples), its values as stored, color as it was coded.

        ServiceError `no-such-object` for a number that is none, `unknown-syntax` where no codec reads it.
        """
        from pydicom.pixels import get_decoder
        from pydicom.uid import UID

        self._has(number)
        syntax = self._package.transfer_syntax
        try:
            decoder = get_decoder(UID(syntax.uid if syntax is not None else ""))
            array, _ = decoder.as_array(self.pydicom, index=number, raw=True)
        except NotImplementedError as error:
            raise ServiceError("unknown-syntax", f"no codec reads it: {error}") from None
        except Exception as error:  # a codec given foreign bytes may fail in any way
            raise ServiceError("not-understood", f"frame {number + 1} cannot be decoded: {error}") from None
        return array

    @property
    def pydicom(self) -> Dataset:
        """The object as pydicom's, made once."""
        if self._pydicom is None:
            self._pydicom = self._package.to_pydicom()
        return self._pydicom

    def _has(self, number: int) -> None:
        if not 0 <= number < self.count:
            raise ServiceError("no-such-object", f"there is no frame {number + 1}; it has {self.count}")


def open_frames(package: Package, *, limits: Limits = DEFAULT) -> Frames:
    """The frames of an object. ServiceError `not-understood` where it has no pixels, LimitError for too many."""
    for tag in (PIXEL_DATA, FLOAT_PIXELS, DOUBLE_PIXELS):
        if package.element(tag) is not None:
            return Frames(package, tag, limits)
    raise ServiceError("unknown-syntax", "it has no pixels", rule="PS3.3 §C.7.6.3")


def _number(package: Package, keyword: str, default: int = 0) -> int:
    value = package.get(keyword)
    try:
        return int(value) if isinstance(value, int | str) and value != "" else default
    except ValueError:
        return default
