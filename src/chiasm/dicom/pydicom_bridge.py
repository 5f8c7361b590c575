"""To and from pydicom, for everything that pydicom's users already have.

pydicom is optional: it comes with `pip install 'chiasm[pixels]'`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from pydicom import FileDataset

    from .package import Package


def to_pydicom(package: Package) -> FileDataset:
    """The same file as pydicom reads it, from the same bytes.

    Raises UsageError where pydicom is not installed.
    """
    try:
        from pydicom import dcmread
    except ImportError:
        raise UsageError("pydicom is not installed", hint="pip install 'chiasm[pixels]'") from None
    return dcmread(io.BytesIO(package.encode()), force=True)


def from_pydicom(dataset: object) -> Package:
    """A package with the elements of a pydicom data set, from the bytes that pydicom writes of it.

    A data set without file meta information is written explicit little endian. Raises UsageError for
    anything that is not a pydicom data set.
    """
    from .package import parse

    try:
        from pydicom import Dataset, dcmwrite
    except ImportError:
        raise UsageError("pydicom is not installed", hint="pip install 'chiasm[pixels]'") from None
    if not isinstance(dataset, Dataset):
        raise UsageError(f"a {type(dataset).__name__} is not a pydicom data set")
    target = io.BytesIO()
    meta = getattr(dataset, "file_meta", None)
    if meta is not None and "TransferSyntaxUID" in meta:
        dcmwrite(target, dataset, enforce_file_format=False)
    else:
        dcmwrite(target, dataset, implicit_vr=False, little_endian=True, enforce_file_format=False)
    return parse(target.getvalue(), source="pydicom")
