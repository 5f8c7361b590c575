"""From stored values to gray: modality and VOI transformations. PS3.3 §C.11.1, §C.11.2."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..dicom import DataSet, Package

if TYPE_CHECKING:
    from numpy.typing import NDArray

Window = tuple[float, float, str]
"""Center, width, and LINEAR, LINEAR_EXACT or SIGMOID."""


def rescaled(package: Package, values: NDArray[Any], frame: int) -> NDArray[Any]:
    """Stored values after the modality transformation, as float32. PS3.3 §C.11.1.1."""
    import numpy as np

    table = _first(package.data, "ModalityLUTSequence")
    if table is not None:
        return _looked_up(table, values, frame).astype(np.float32)
    source = shared(package, frame, "PixelValueTransformationSequence") or package.data
    slope, intercept = number(source, "RescaleSlope"), number(source, "RescaleIntercept")
    result = values.astype(np.float32)
    if slope is not None and slope != 0:
        result *= slope
    return result + intercept if intercept else result


def windows(package: Package, frame: int = 0) -> list[Window]:
    """The windows that an object gives, first the one that it prefers. PS3.3 §C.11.2.1.2."""
    source = shared(package, frame, "FrameVOILUTSequence") or package.data
    centers, widths = (numbers(source, name) for name in ("WindowCenter", "WindowWidth"))
    function = str(source.get("VOILUTFunction") or "LINEAR")
    return [(center, width, function) for center, width in zip(centers, widths, strict=False) if width > 0]


def fitting(values: NDArray[Any], padding: float | None = None) -> Window:
    """A window over what an image without one holds: from its 0.5th to its 99.5th percentile."""
    import numpy as np

    kept = values[np.isfinite(values)]
    if padding is not None and (kept != padding).any():
        kept = kept[kept != padding]
    if not kept.size:
        return 0.5, 1.0, "LINEAR_EXACT"
    low, high = (float(one) for one in np.percentile(kept, (0.5, 99.5)))
    if high <= low:
        low, high = float(kept.min()), float(kept.max())
    return (low + high) / 2, max(high - low, 1.0), "LINEAR_EXACT"


def gray(values: NDArray[Any], window: Window) -> NDArray[Any]:
    """Values as 0 to 255 by a window. PS3.3 §C.11.2.1.2, §C.11.2.1.3."""
    import numpy as np

    center, width, function = window
    if function == "SIGMOID":
        with np.errstate(over="ignore"):
            result = 255.0 / (1.0 + np.exp(-4.0 * (values - center) / width))
    elif function == "LINEAR_EXACT":
        result = ((values - center) / width + 0.5) * 255.0
    elif width <= 1:
        result = np.where(values > center - 0.5, 255.0, 0.0)
    else:
        result = ((values - (center - 0.5)) / (width - 1) + 0.5) * 255.0
    return np.clip(np.rint(np.nan_to_num(result)), 0, 255).astype(np.uint8)


def voi_table(package: Package, values: NDArray[Any], frame: int) -> NDArray[Any] | None:
    """Values as 0 to 255 by the object's VOI LUT; None where it has none. PS3.3 §C.11.2.1.1."""
    import numpy as np

    table = _first(package.data, "VOILUTSequence")
    if table is None:
        return None
    looked_up = _looked_up(table, np.rint(values).astype(np.int64), frame).astype(np.float32)
    top = float(2 ** _bits(table) - 1)
    return np.clip(np.rint(looked_up * 255.0 / top), 0, 255).astype(np.uint8)


def _bits(table: DataSet) -> int:
    descriptor = table.get("LUTDescriptor")
    return int(descriptor[2]) if isinstance(descriptor, tuple) and len(descriptor) == 3 else 16  # type: ignore[arg-type]  # numbers


def _looked_up(table: DataSet, values: NDArray[Any], frame: int) -> NDArray[Any]:
    import numpy as np

    descriptor = table.get("LUTDescriptor")
    count, first, bits = (
        (int(one) for one in descriptor)  # type: ignore[call-overload]  # three numbers
        if isinstance(descriptor, tuple) and len(descriptor) == 3
        else (65536, 0, 16)
    )
    raw = table.raw("LUTData")
    entries = np.frombuffer(raw[: len(raw) & ~1], "<u2")
    if bits <= 8 and len(raw) == count:
        entries = np.frombuffer(raw, np.uint8)
    if not entries.size:
        return values
    return entries[np.clip(values.astype(np.int64) - first, 0, entries.size - 1)]


def _first(data: DataSet, keyword: str) -> DataSet | None:
    items = data.get(keyword)
    return items[0] if isinstance(items, tuple) and items and isinstance(items[0], DataSet) else None


def shared(package: Package, frame: int, keyword: str) -> DataSet | None:
    """A functional group's macro of a frame: its own, else the one all frames share. PS3.3 §C.7.6.16."""
    per_frame = package.get("PerFrameFunctionalGroupsSequence")
    groups = []
    if isinstance(per_frame, tuple) and frame < len(per_frame) and isinstance(per_frame[frame], DataSet):
        groups.append(per_frame[frame])
    common = _first(package.data, "SharedFunctionalGroupsSequence")
    if common is not None:
        groups.append(common)
    for group in groups:
        found = _first(group, keyword) if isinstance(group, DataSet) else None
        if found is not None:
            return found
    return None


def numbers(data: DataSet, keyword: str) -> list[float]:
    """The values of an attribute as finite numbers; what is none is passed over."""
    value = data.get(keyword)
    found = []
    for one in value if isinstance(value, tuple) else (value,):
        try:
            result = float(one)  # type: ignore[arg-type]  # what is no number is passed over
        except (TypeError, ValueError):
            continue
        if math.isfinite(result):
            found.append(result)
    return found


def number(data: DataSet, keyword: str) -> float | None:
    """The first value of an attribute as a number; None where it has none."""
    found = numbers(data, keyword)
    return found[0] if found else None
