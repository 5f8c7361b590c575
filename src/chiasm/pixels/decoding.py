"""One frame decoded into samples: native ones here, compressed ones by pydicom's decoders. PS3.5 §8."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..standards.uids import TransferSyntax
from .apart import decode_apart
from .codec import SAFE, decode

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Geometry:
    """The shape of one frame and of its samples: PS3.3 §C.7.6.3."""

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    planar: int
    photometric: str
    floating: bool = False

    @property
    def frame_bits(self) -> int:
        """The bits of one native frame; 4:2:2 chroma has two samples for each pixel. PS3.3 §C.7.6.3.1.2."""
        samples = 2 if self.photometric == "YBR_FULL_422" else self.samples
        return self.rows * self.columns * samples * self.bits_allocated


def decoded(data: bytes, geometry: Geometry, syntax: TransferSyntax) -> tuple[NDArray[Any], str]:
    """Samples of the bytes of a frame and their photometric interpretation. Errors as `Frames.decoded`."""
    if not syntax.encapsulated:
        return _native(data, geometry, syntax.little_endian)
    return _compressed(data, geometry, syntax.uid)


def _native(data: bytes, geometry: Geometry, little: bool) -> tuple[NDArray[Any], str]:
    import numpy as np

    rows, columns, samples = geometry.rows, geometry.columns, geometry.samples
    order = "<" if little else ">"
    if geometry.floating:
        return np.frombuffer(data, f"{order}f{geometry.bits_allocated // 8}").reshape(
            rows, columns
        ), geometry.photometric
    if geometry.bits_allocated == 1:
        bits = np.unpackbits(np.frombuffer(data, "u1"), bitorder="little")[: rows * columns * samples]
        return bits.reshape(rows, columns, *([samples] if samples > 1 else [])), geometry.photometric
    values = np.frombuffer(data, f"{order}u{geometry.bits_allocated // 8}")
    photometric = geometry.photometric
    if photometric == "YBR_FULL_422":
        if columns % 2:
            raise ServiceError(
                "not-understood", "4:2:2 chroma with an odd number of columns", rule="PS3.3 §C.7.6.3.1.2"
            )
        pairs = values.reshape(rows, columns // 2, 4)
        full = np.empty((rows, columns // 2, 2, 3), values.dtype)
        full[..., 0] = pairs[..., :2]
        full[..., 1:] = pairs[:, :, None, 2:]
        return full.reshape(rows, columns, 3), "YBR_FULL"
    if samples == 1:
        shaped: NDArray[Any] = values.reshape(rows, columns)
    elif geometry.planar == 1:
        shaped = values.reshape(samples, rows, columns).transpose(1, 2, 0)
    else:
        shaped = values.reshape(rows, columns, samples)
    return _stored(shaped, geometry, geometry.high_bit + 1 - geometry.bits_stored), photometric


def _stored(values: NDArray[Any], geometry: Geometry, low: int = 0) -> NDArray[Any]:
    """The stored bits alone, with their sign; what other bits hold is no part of the pixel. PS3.5 §8.1.1."""
    import numpy as np

    size = geometry.bits_allocated // 8
    plain = values.astype(f"u{size}", copy=False)
    spare = geometry.bits_allocated - geometry.bits_stored
    if not spare:
        return plain.view(f"i{size}") if geometry.signed else plain
    if not geometry.signed:
        mask = (1 << geometry.bits_stored) - 1
        masked: NDArray[Any] = (plain >> low) & np.array(mask, f"u{size}")
        return masked
    up = geometry.bits_allocated - low - geometry.bits_stored
    lifted = (plain << np.array(up, plain.dtype)).view(f"i{size}")
    signed: NDArray[Any] = lifted >> np.array(spare, lifted.dtype)
    return signed


def _compressed(data: bytes, geometry: Geometry, uid: str) -> tuple[NDArray[Any], str]:
    options: dict[str, Any] = {
        "rows": geometry.rows,
        "columns": geometry.columns,
        "samples_per_pixel": geometry.samples,
        "bits_allocated": geometry.bits_allocated,
        "bits_stored": geometry.bits_stored,
        "pixel_representation": int(geometry.signed),
        "photometric_interpretation": geometry.photometric,
        "planar_configuration": geometry.planar,
        "number_of_frames": 1,
        "pixel_keyword": "PixelData",
    }
    values, model = (decode if uid in SAFE else decode_apart)(uid, data, options)
    shape = (geometry.rows, geometry.columns, *([geometry.samples] if geometry.samples > 1 else []))
    if values.shape != shape:
        raise ServiceError("not-understood", f"the pixels decode to {values.shape}, not {shape}")
    size = geometry.bits_allocated // 8
    if values.dtype.itemsize != size:
        values = values.astype(f"{'i' if geometry.signed else 'u'}{size}")
    return _stored(values, geometry), model
