"""Objects in another transfer syntax, every pixel the same. PS3.5 §10, §A.4."""

from __future__ import annotations

import io

from ..dicom import Package, parse
from ..errors import ChiasmError, ServiceError
from ..standards import uids
from .frames import PIXEL_DATA

RLE, JPEG_LS, JPEG_2000 = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"
_PLAIN = (uids.EXPLICIT_LITTLE, uids.IMPLICIT_LITTLE, uids.EXPLICIT_BIG, uids.DEFLATED_LITTLE)
_ENCODED = (RLE, JPEG_LS, JPEG_2000)
MADE = (*_PLAIN, *_ENCODED)
"""The transfer syntaxes that can be made, the first the one preferred."""


def transcode(package: Package, uid: str) -> Package:
    """The object in another transfer syntax, lossless: the pixels decoded are the same before and after.

    ServiceError `unknown-syntax` where no codec reads or makes it.
    """
    stored = package.transfer_syntax
    if stored is None or uid not in MADE:
        raise ServiceError("unknown-syntax", f"{uids.name(uid) or uid} is not made here")
    if stored.uid == uid:
        return package
    try:
        if stored.encapsulated and package.element(PIXEL_DATA) is not None:
            package = _decompressed(package)
        if uid in _ENCODED and package.element(PIXEL_DATA) is not None:
            return _compressed(package, uid)
        return parse(package.encode(uid if uid in _PLAIN else uids.EXPLICIT_LITTLE))
    except ServiceError:
        raise
    except ChiasmError as error:
        raise ServiceError("unknown-syntax", error.message, rule=error.rule) from None


def _decompressed(package: Package) -> Package:
    from pydicom.pixels import decompress

    data = package.to_pydicom()
    try:
        decompress(data, as_rgb=False, generate_instance_uid=False)
    except Exception as error:  # a codec given foreign bytes may fail in any way
        raise ServiceError("unknown-syntax", f"its pixels cannot be decoded: {error}") from None
    return _taken(data)


def _compressed(package: Package, uid: str) -> Package:
    from pydicom.pixels import compress

    plain = package
    if package.transfer_syntax is not None and package.transfer_syntax.uid != uids.EXPLICIT_LITTLE:
        plain = parse(package.encode(uids.EXPLICIT_LITTLE))
    data = plain.to_pydicom()
    try:
        compress(data, uid, generate_instance_uid=False)
    except Exception as error:  # a codec given foreign bytes may fail in any way
        raise ServiceError("unknown-syntax", f"its pixels cannot be encoded: {error}") from None
    return _taken(data)


def _taken(data: object) -> Package:
    from pydicom import dcmwrite

    out = io.BytesIO()
    dcmwrite(out, data, enforce_file_format=True)  # type: ignore[arg-type]  # a pydicom data set
    return parse(out.getvalue())
