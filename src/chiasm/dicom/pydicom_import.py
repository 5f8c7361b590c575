"""From pydicom: a package with the elements of its data set."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ..errors import UsageError
from .part10 import parse
from .pydicom_bridge import NOT_INSTALLED

if TYPE_CHECKING:
    from .package import Package


def from_pydicom(dataset: object) -> Package:
    """A package of the bytes that pydicom writes of a data set.

    A data set without file meta information is written explicit little endian. Raises UsageError for
    anything that is not a pydicom data set.
    """
    try:
        from pydicom import Dataset, dcmwrite
    except ImportError:
        raise NOT_INSTALLED from None
    if not isinstance(dataset, Dataset):
        raise UsageError(f"a {type(dataset).__name__} is not a pydicom data set")
    target = io.BytesIO()
    meta = getattr(dataset, "file_meta", None)
    if meta is not None and "TransferSyntaxUID" in meta:
        dcmwrite(target, dataset, enforce_file_format=False)
    else:
        dcmwrite(target, dataset, implicit_vr=False, little_endian=True, enforce_file_format=False)
    return parse(target.getvalue(), source="pydicom")
