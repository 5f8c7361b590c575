"""When a process of the node looks for garbage in cycles: not while it loads, and seldom while it serves."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed_start() -> Iterator[None]:
    """Look for none while modules load and the node starts, nor ever again among what was made by then.

    Afterwards it is looked for less often than Python would: headers and messages make many objects, what
    they leave in cycles is little, and looking for it is dear.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        gc.enable()
