"""Writing outputs so that none is ever half there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..errors import EncodeError


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: to a name beside it, synced, then renamed into place.

    Raises EncodeError where that cannot be done.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise EncodeError(f"it cannot be written: {error.strerror}", source=str(path)) from error
