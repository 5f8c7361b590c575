"""One binary value as bulk data, read in parts: little endian, compressed pixels decoded. PS3.18 §8.7.3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..dicom.dataset import Element
from ..dicom.json_model import little_endian
from ..dicom.package import Package
from ..dicom.vr import BYTE_VRS, PIXEL_DATA, WORD_SIZES
from ..errors import ServiceError, UsageError
from .web_frames import frame_bytes
from .web_media import OCTETS, FrameForm

if TYPE_CHECKING:
    from ..pixels.frames import Frames

_DECODED = FrameForm(True, OCTETS, "", False)


class Value(Protocol):
    """A value that is read in parts; `size` in bytes."""

    @property
    def size(self) -> int:
        """How many bytes it has."""

    def read(self, start: int, stop: int) -> bytes:
        """A stretch of it. ServiceError for pixels that are damaged."""


def value_of(package: Package, place: str) -> Value:
    """The value at a path. ServiceError `no-such-object` where there is no binary one."""
    try:
        owner, tag = package.data.owner_of(place)
    except UsageError as error:
        raise ServiceError("no-such-object", error.message, place=place) from None
    element = None if owner is None else owner.element(tag)
    if owner is None or element is None or element.vr not in BYTE_VRS:
        raise ServiceError("no-such-object", "there is no such binary value", place=place)
    is_compressed = package.transfer_syntax.encapsulated and element.tag == PIXEL_DATA
    if is_compressed and (owner is package.data or element.fragments):  # an icon may be native nevertheless
        from ..pixels.frames import frames_of

        return _Decoded(frames_of(owner, package.transfer_syntax))
    return _Stored(element, package.transfer_syntax.little_endian)


class _Stored:
    """A value as it lies in the file."""

    def __init__(self, element: Element, is_little: bool) -> None:
        self._element, self._is_little = element, is_little
        self.size = element.length

    def read(self, start: int, stop: int) -> bytes:
        word = 1 if self._is_little else WORD_SIZES.get(self._element.vr, 1)
        before, behind = start % word, -stop % word
        raw = self._element.stretch(start - before, min(stop + behind, self.size))
        turned = little_endian(raw, self._element.vr, self._is_little)
        return turned[before : before + stop - start]


class _Decoded:
    """Compressed pixels decoded, as octets are asked for: all frames one after the other."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._number, self._frame = 0, frame_bytes(frames, 0, _DECODED)
        self._each = len(self._frame)
        self.size = frames.count * self._each

    def read(self, start: int, stop: int) -> bytes:
        parts = []
        while start < stop:
            number, at = divmod(start, self._each)
            if number != self._number:
                self._number, self._frame = number, self._decoded(number)
            parts.append(self._frame[at : at + stop - start])
            start += len(parts[-1])
        return b"".join(parts)

    def _decoded(self, number: int) -> bytes:
        frame = frame_bytes(self._frames, number, _DECODED)
        if len(frame) != self._each:
            text = f"frame {number + 1} has {len(frame)} bytes, the first one {self._each}"
            raise ServiceError("not-understood", text, rule="PS3.3 §C.7.6.3")
        return frame
