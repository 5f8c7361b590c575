"""What goes to a terminal: foreign text made harmless, and the bar of long work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .request import Outcome


def printable(text: str) -> str:
    """Text that comes from elsewhere, without control characters that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in text)


def with_bar(outcomes: Iterable[Outcome], total: int | None) -> Iterator[Outcome]:
    """The outcomes, with a bar while they come where a terminal is attached."""
    if not sys.stderr.isatty():
        yield from outcomes
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
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("converting", total=total)
        for outcome in outcomes:
            bar.update(task, advance=1, description=printable(Path(outcome.name).name[:40]))
            yield outcome
