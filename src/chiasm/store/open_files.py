"""Files of objects that are kept open a while: a viewer asks for parts of the same ones again and again.

Objects never change, so what is open stays right. For one thread alone.
"""

from __future__ import annotations

import os
from collections import OrderedDict

_MOST = 128


class OpenFiles:
    """Descriptors by path, those used last."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._open: OrderedDict[str, int] = OrderedDict()

    def descriptor(self, path: str) -> int:
        """The file, open for reading until others take its place. OSError where it is not there."""
        known = self._open.get(path)
        if known is not None:
            self._open.move_to_end(path)
            return known
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._open[path] = handle
        if len(self._open) > self._most:
            os.close(self._open.popitem(last=False)[1])
        return handle

    def close(self) -> None:
        """Close them all."""
        while self._open:
            os.close(self._open.popitem()[1])
