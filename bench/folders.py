"""Folders for the rows: emptied when a row is done, removed when the run is.

ext4 passes over the inodes of files that were removed in the last minutes, one by one for each new file: a
row that removed its thousands would slow down every server of the next.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def new_folder() -> Iterator[Path]:
    """A new folder, whose files are empty afterwards."""
    folder = Path(tempfile.mkdtemp(dir=_root()))
    try:
        yield folder
    finally:
        for path in folder.rglob("*"):
            if path.is_file():
                os.truncate(path, 0)


@functools.cache
def _root() -> str:
    folder = tempfile.mkdtemp(prefix="bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
