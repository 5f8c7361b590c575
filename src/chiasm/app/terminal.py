"""What goes to a terminal: foreign text made harmless, and the bar of long work."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .request import Outcome


def printable(text: str) -> str:
    """Text that comes from elsewhere, without control characters that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in text)


def with_bar(outcomes: Iterable[Outcome], total: int | None) -> Iterator[Outcome]:
    """The outcomes, with a bar while they come where a terminal is attached."""
    with bar("converting", total) as advance:
        for outcome in outcomes:
            advance(Path(outcome.name).name)
            yield outcome


@contextlib.contextmanager
def bar(what: str, total: int | None) -> Iterator[Callable[[str], None]]:
    """A bar of long work where a terminal is attached: call what it gives with each thing that is done."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.SpinnerColumn(),
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=total)
        yield lambda name: shown.update(task, advance=1, description=printable(name[-40:]))
