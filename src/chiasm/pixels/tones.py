"""From stored samples to what a screen shows: modality and VOI transformations, palettes, color models.

PS3.3 §C.11.1, §C.11.2, §C.7.6.3.1.2, §C.7.6.3.1.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..dicom.dataset import DataSet
from ..errors import ServiceError, UsageError
from .palettes import expanded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .decoding import Geometry


_COLORS = {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"}


def numbers(data: DataSet, keyword: str) -> list[float]:
    """The numbers of an element; none where it has none that are numbers."""
    value = data.get(keyword)
    found: list[float] = []
    for one in value if isinstance(value, tuple) else (value,):
        try:
            found.append(float(str(one)))
        except ValueError:
            return []
    return found


def groups(data: DataSet, number: int, keyword: str) -> DataSet:
    """The item of a functional group of one frame, else the data set itself: PS3.3 §C.7.6.16."""
    for sequence, at in (("PerFrameFunctionalGroupsSequence", number), ("SharedFunctionalGroupsSequence", 0)):
        outer = data.element(sequence)
        if outer is None or at >= len(outer.items):
            continue
        inner = outer.items[at].element(keyword)
        if inner is not None and inner.items:
            return inner.items[0]
    return data


def display(
    data: DataSet,
    geometry: Geometry,
    values: NDArray[Any],
    photometric: str,
    number: int,
    window: tuple[float, float, str] | None,
) -> NDArray[Any]:
    """Gray (rows × columns) or RGB (rows × columns × 3), uint8."""
    import numpy as np

    if photometric == "PALETTE COLOR" and geometry.samples == 1:
        return _palette(data, values)
    if geometry.samples > 1:
        if geometry.samples == 2 or photometric not in _COLORS:
            text = f"{geometry.samples} samples for each pixel as {photometric!r} are not shown"
            raise ServiceError("unknown-syntax", text, rule="PS3.3 §C.7.6.3.1.2")
        color = values[..., :3].astype("f8")
        if geometry.bits_stored != 8:
            color *= 255 / ((1 << geometry.bits_stored) - 1)
        if photometric.startswith("YBR_FULL"):
            color = _rgb(color)
        return np.ascontiguousarray(np.clip(np.floor(color + 0.5), 0, 255).astype("u1"))
    with np.errstate(all="ignore"):  # slopes and windows beyond all measure are clipped
        gray = _gray(data, geometry, values, number, window)
    return np.ascontiguousarray(255 - gray if is_inverse(data, photometric) else gray)


def is_inverse(data: DataSet, photometric: str) -> bool:
    """Whether the least value is shown white. PS3.3 §C.7.6.3.1.2, §C.11.6.1.2."""
    shape = data.get("PresentationLUTShape")
    return photometric == "MONOCHROME1" if shape is None else shape == "INVERSE"


def _rgb(color: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    y, blue, red = color[..., 0], color[..., 1] - 128, color[..., 2] - 128
    return np.stack([y + 1.402 * red, y - 0.344136 * blue - 0.714136 * red, y + 1.772 * blue], -1)


def _gray(
    data: DataSet,
    geometry: Geometry,
    values: NDArray[Any],
    number: int,
    window: tuple[float, float, str] | None,
) -> NDArray[Any]:
    import numpy as np

    if geometry.bits_allocated == 1:
        return values * np.uint8(255)
    modal = _modality(data, values, number)
    if window is None:
        voi = groups(data, number, "FrameVOILUTSequence")
        levels = voi_levels(data, number)
        if levels is not None:
            return _through(*levels, modal)
        centers, widths = numbers(voi, "WindowCenter"), numbers(voi, "WindowWidth")
        if centers and widths and widths[0] > 0:
            window = centers[0], widths[0], str(voi.get("VOILUTFunction") or "LINEAR")
    if window is None:
        window = _whole(data, values, modal)
    return windowed(modal, *window)


def _whole(data: DataSet, values: NDArray[Any], modal: NDArray[Any]) -> tuple[float, float, str]:
    """A window from least to most, padding left out: PS3.3 §C.7.5.1.1.2."""
    import numpy as np

    padding = numbers(data, "PixelPaddingValue")
    kept = modal
    if padding:
        limit = numbers(data, "PixelPaddingRangeLimit") or padding
        low, high = sorted((padding[0], limit[0]))
        kept = modal[(values < low) | (values > high)]
    kept = kept[np.isfinite(kept)]
    if not kept.size:
        return 0.5, 1.0, "LINEAR_EXACT"
    low, high = float(kept.min()), float(kept.max())
    return (low + high) / 2, max(high - low, 1e-9), "LINEAR_EXACT"


def windowed(values: NDArray[Any], center: float, width: float, function: str = "LINEAR") -> NDArray[Any]:
    """Values through a window to uint8. UsageError for one that is none. PS3.3 §C.11.2.1.2, §C.11.2.1.3."""
    import numpy as np

    kind = function.upper().replace("-", "_")
    if kind not in {"LINEAR", "LINEAR_EXACT", "SIGMOID"}:
        raise UsageError(f"{function!r} is no function of a window", rule="PS3.3 §C.11.2.1.3")
    if width <= 0 or (kind == "LINEAR" and width < 1):
        raise UsageError(f"a window cannot be {width} wide", rule="PS3.3 §C.11.2.1.2")
    if kind == "SIGMOID":
        shown = 255 / (1 + np.exp(np.clip(-4 * (values - center) / width, -60, 60)))
    elif kind == "LINEAR_EXACT":
        shown = ((values - center) / width + 0.5) * 255
    elif width == 1:
        shown = np.where(values > center - 0.5, 255.0, 0.0)
    else:
        shown = ((values - (center - 0.5)) / (width - 1) + 0.5) * 255
    levels: NDArray[Any] = np.floor(np.clip(np.nan_to_num(shown), 0, 255) + 0.5).astype("u1")
    return levels


def looked_up(data: DataSet, values: NDArray[Any]) -> NDArray[Any] | None:
    """Values through the Modality LUT, uint16; None where there is none. PS3.3 §C.11.1.1.1."""
    import numpy as np

    table = data.element("ModalityLUTSequence")
    if table is None or not table.items:
        return None
    entries, first, _ = _table(table.items[0])
    mapped: NDArray[Any] = entries[np.clip(values.astype("i8") - first, 0, len(entries) - 1)]
    return mapped


def voi_levels(data: DataSet, number: int) -> tuple[int, NDArray[Any]] | None:
    """The first VOI LUT of a frame as levels of gray: the first value mapped, and a uint8 for each value.

    None where it has none. PS3.3 §C.11.2.1.1.
    """
    import numpy as np

    table = groups(data, number, "FrameVOILUTSequence").element("VOILUTSequence")
    if table is None or not table.items:
        return None
    entries, first, bits = _table(table.items[0])
    shown = np.floor(entries * (255 / ((1 << max(bits, 1)) - 1)) + 0.5)
    return first, np.clip(shown, 0, 255).astype("u1")


def _modality(data: DataSet, values: NDArray[Any], number: int) -> NDArray[Any]:
    mapped = looked_up(data, values)
    if mapped is not None:
        return mapped.astype("f8")
    where = groups(data, number, "PixelValueTransformationSequence")
    slope, intercept = numbers(where, "RescaleSlope"), numbers(where, "RescaleIntercept")
    modal: NDArray[Any] = values.astype("f8") * (slope[0] if slope else 1.0) + (
        intercept[0] if intercept else 0.0
    )
    return modal


def _table(
    item: DataSet, descriptor: str = "LUTDescriptor", entries: str = "LUTData", segmented: bool = False
) -> tuple[NDArray[Any], int, int]:
    """Entries, first value mapped and bits of a look-up table, perhaps in segments: PS3.3 §C.11.1.1."""
    import numpy as np

    said = numbers(item, descriptor)
    held = item.element(entries)
    if len(said) != 3 or held is None or not held.length:
        raise ServiceError("not-understood", f"a look-up table without {descriptor} or {entries}")
    count, first, bits = int(said[0]) or 65536, int(said[1]), int(said[2])
    raw = held.raw
    words = np.frombuffer(raw[: len(raw) // 2 * 2], "<u2" if item.form.little else ">u2")
    if bits <= 8 and (segmented or len(raw) < 2 * count):
        words = np.frombuffer(raw, "u1").astype("u2")
    if segmented:
        words = np.array(expanded(words.tolist(), count, 1 if bits <= 8 else 2), "u2")
    if not len(words):
        raise ServiceError("not-understood", "an empty look-up table")
    return words[:count], first, bits


def _through(first: int, levels: NDArray[Any], modal: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    shown: NDArray[Any] = levels[np.clip(np.nan_to_num(modal - first), 0, len(levels) - 1).astype("i8")]
    return shown


def _palette(data: DataSet, values: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    planes = []
    for name in ("Red", "Green", "Blue"):
        prefix = f"{name}PaletteColorLookupTable"
        plain = prefix + "Data" in data or f"Segmented{prefix}Data" not in data
        held = prefix + "Data" if plain else f"Segmented{prefix}Data"
        entries, first, bits = _table(data, prefix + "Descriptor", held, segmented=not plain)
        at = np.clip(values.astype("i8") - first, 0, len(entries) - 1)
        planes.append((entries >> 8 if bits > 8 else entries).astype("u1")[at])
    return np.stack(planes, -1)
