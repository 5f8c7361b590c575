"""Writing outputs so that none is ever half there."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import EncodeError


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: to a name beside it, synced, then renamed into place.

    A link is followed; a device or a pipe is written to as it is. Raises EncodeError where that cannot
    be done.
    """
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            with target.open("wb") as file:
                file.write(data)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, data)
    except OSError as error:
        raise EncodeError(f"it cannot be written: {error.strerror}", source=str(path)) from error
    except (ValueError, RuntimeError) as error:  # a NUL in the name, a loop of links
        raise EncodeError(f"it cannot be written: {error}", source=str(path)) from error


def _replace(target: Path, data: bytes) -> None:
    beside = target.with_name(f".{target.name[:40]}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
