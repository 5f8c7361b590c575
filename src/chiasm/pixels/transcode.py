"""The same object in another transfer syntax, its samples bit for bit the same. PS3.5 §A, §8.2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..dicom import part10
from ..dicom.dataset import DataSet
from ..dicom.package import Package
from ..errors import ChiasmError, ServiceError
from ..limits import DEFAULT, Limits
from ..standards import uids
from ..standards.uids import TransferSyntax
from .frames import PIXELS, Frames, frames_of
from .spool import Spool, fragmented, joined

if TYPE_CHECKING:
    from numpy.typing import NDArray

RLE = "1.2.840.10008.1.2.5"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
PLAIN = (uids.EXPLICIT_LITTLE, uids.IMPLICIT_LITTLE, uids.DEFLATED_LITTLE, uids.EXPLICIT_BIG)
ENCODED = (JPEG_LS, JPEG_2000, RLE)
TARGETS = PLAIN + ENCODED
"""What can be made, all of it without loss."""
_SAFE = ("pyjpegls", "pylibjpeg", "pydicom")
"""Encoders that refuse what they cannot hold; GDCM ends its process instead."""


def transcode(package: Package, uid: str, limits: Limits = DEFAULT) -> bytes:
    """The file in another transfer syntax; as `recoded`."""
    made = recoded(package, uid, limits)
    try:
        return made.encode(uid)
    except ChiasmError as error:
        raise _unknown(error) from error


def recoded(package: Package, uid: str, limits: Limits = DEFAULT, folder: Path | None = None) -> Package:
    """An object that `encode` or `parts` gives in another transfer syntax; the description of pixels follows.

    Samples stay exact: what was lossy stays as it was decoded, and nothing is made lossy. Frame after frame
    goes into a file without a name in `folder`, the system's own place by default, where they are many bytes.
    ServiceError `unknown-syntax` for a form that cannot be made of it, `not-understood` for damaged pixels,
    `too-large` beyond `spool_bytes`.
    """
    target = uids.transfer_syntax(uid)
    if target is None or uid not in TARGETS:
        raise ServiceError("unknown-syntax", f"nothing is made in {uid}", rule="PS3.5 §A")
    try:
        source = package.transfer_syntax
        if source.uid == uid:
            return package
        if source.little_endian != target.little_endian:
            refuse_words(package)
        if not (source.encapsulated or target.encapsulated):
            return package
        return _recoded(package, target, limits, folder)
    except ServiceError:
        raise
    except ChiasmError as error:
        raise _unknown(error) from error


def _unknown(error: ChiasmError) -> ServiceError:
    return ServiceError("unknown-syntax", error.message, place=error.place, rule=error.rule)


def refuse_words(package: Package) -> None:
    """ServiceError for samples over 16 bits that would change byte order: writers differ on these.

    PS3.5 §8.1.1, §A.3.
    """
    bits = package.get("BitsAllocated")
    if PIXELS in package.data.records and isinstance(bits, int) and bits > 16:
        raise ServiceError("unknown-syntax", f"{bits}-bit samples are not turned to the other byte order")


def _recoded(package: Package, target: TransferSyntax, limits: Limits, folder: Path | None) -> Package:
    """With the pixels as the target has them, in little endian: the form of all that is encapsulated."""
    if PIXELS not in package.data.records:
        raise ServiceError("unknown-syntax", "without pixels there is nothing to compress", rule="PS3.5 §A.4")
    if not package.transfer_syntax.little_endian:
        package = part10.parse(package.encode(uids.EXPLICIT_LITTLE), limits=limits)
    source = package.transfer_syntax
    body = package.data.copy()
    _refuse_hidden(body)
    for owner in _with_pixels(body):
        element = owner.element(PIXELS)
        if owner.parent is None:
            _place(owner, frames_of(owner, source, limits), target, limits, folder)
        elif element is not None and source.encapsulated and element.fragments:
            _place(owner, frames_of(owner, source, limits), _explicit(), limits, folder)
    middle = target if target.encapsulated else _explicit()
    header = package.header.copy()
    header.set(0x00020010, middle.uid)
    return Package(header, body, middle, lead=b"\0" * 128 + b"DICM")


def _refuse_hidden(body: DataSet) -> None:
    """Overlays within unused bits of the pixels would be lost. PS3.5 §8.1.2."""
    for group in range(0x6000, 0x6020, 2):
        if (group << 16 | 0x0102) in body.records and (group << 16 | 0x3000) not in body.records:
            raise ServiceError("unknown-syntax", "an overlay lies in the unused bits of its pixels")


def _explicit() -> TransferSyntax:
    found = uids.transfer_syntax(uids.EXPLICIT_LITTLE)
    assert found is not None
    return found


def _with_pixels(body: DataSet) -> list[DataSet]:
    found, stack = [], [body]
    while stack:
        owner = stack.pop()
        if PIXELS in owner.records:
            found.append(owner)
        for tag, record in list(owner.records.items()):
            if record[0] in ("", "SQ", "UN"):
                stack.extend(owner.items_of(tag, record))
    return found


def _place(
    owner: DataSet, frames: Frames, target: TransferSyntax, limits: Limits, folder: Path | None
) -> None:
    geometry = frames.geometry
    size = frames.count * (-(-geometry.frame_bits // 8))
    if size > limits.spool_bytes:
        raise ServiceError("too-large", f"{size} bytes of pixels", rule="limits.spool_bytes")
    photometric = geometry.photometric

    def parts() -> Iterator[bytes]:
        nonlocal photometric
        for number in range(frames.count):
            values, photometric = frames.decoded_as(number)
            if target.encapsulated:
                yield _encoded(values, frames, target.uid, photometric)
            else:
                yield _plain(values, geometry.bits_allocated)

    if target.encapsulated:
        with Spool(size, folder) as spool:
            data = fragmented(parts(), frames.count, spool)
        owner.place(PIXELS, "OB", data, encapsulated=True)
    else:
        with Spool(size, folder) as spool:
            data = joined(parts(), spool)
        owner.place(PIXELS, "OW" if geometry.bits_allocated > 8 else "OB", data)
    for tag in (0x7FE00001, 0x7FE00002):
        if tag in owner.records:
            del owner[tag]
    if geometry.samples > 1:
        if geometry.planar != 0:
            owner.set("PlanarConfiguration", 0)
        if photometric != geometry.photometric:
            owner.set("PhotometricInterpretation", photometric)
    if geometry.high_bit != geometry.bits_stored - 1:
        owner.set("HighBit", geometry.bits_stored - 1)


def encoded_frame(frames: Frames, number: int, uid: str) -> bytes:
    """One frame in a transfer syntax of ENCODED. ServiceError `unknown-syntax` where it has no such form."""
    values, photometric = frames.decoded_as(number)
    return _encoded(values, frames, uid, photometric)


def _plain(values: NDArray[Any], bits: int) -> bytes:
    if bits == 1:
        raise ServiceError("unknown-syntax", "1-bit samples are not transcoded")
    return bytes(values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes())


def _encoded(values: NDArray[Any], frames: Frames, uid: str, photometric: str) -> bytes:
    import numpy as np
    from pydicom.pixels.encoders.base import get_encoder

    geometry = frames.geometry
    if (
        geometry.floating
        or geometry.bits_allocated not in (8, 16, 32)
        or (geometry.bits_allocated == 32 and uid != RLE)
    ):
        raise ServiceError("unknown-syntax", f"{geometry.bits_allocated}-bit samples have no such form")
    encoder = get_encoder(uid)
    plugin = next((name for name in _SAFE if name in encoder.available_plugins), "")
    options: dict[str, Any] = {"planar_configuration": 0} if geometry.samples > 1 else {}
    try:
        data = encoder.encode(
            np.ascontiguousarray(values.astype(values.dtype.newbyteorder("="), copy=False)),
            rows=geometry.rows,
            columns=geometry.columns,
            number_of_frames=1,
            samples_per_pixel=geometry.samples,
            bits_allocated=geometry.bits_allocated,
            bits_stored=geometry.bits_stored,
            pixel_representation=int(geometry.signed),
            photometric_interpretation=photometric,
            use_mct=False,
            encoding_plugin=plugin,
            **options,
        )
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # what encoders refuse is told in exceptions of any kind
        raise ServiceError("unknown-syntax", f"the pixels cannot be encoded: {error}"[:500]) from error
    return data + b"\0" * (len(data) % 2)
