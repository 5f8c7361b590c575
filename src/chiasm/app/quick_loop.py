"""The event loop of commands and of the node: uvloop where it is installed, as it takes a third less work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes such a loop; None for asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do the work as asyncio.run does."""
    with asyncio.Runner(loop_factory=factory()) as runner:
        return runner.run(work)
