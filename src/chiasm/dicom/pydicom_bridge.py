"""To pydicom, for everything that pydicom's users already have.

pydicom is optional: it comes with `pip install 'chiasm[pixels]'`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from pydicom import FileDataset

NOT_INSTALLED = UsageError("pydicom is not installed", hint="pip install 'chiasm[pixels]'")


def to_pydicom(content: bytes) -> FileDataset:
    """The file as pydicom reads it, from the same bytes.

    Raises UsageError where pydicom is not installed.
    """
    try:
        from pydicom import dcmread
    except ImportError:
        raise NOT_INSTALLED from None
    return dcmread(io.BytesIO(content), force=True)
