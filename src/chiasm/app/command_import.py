"""`chiasm import`: folders, files, media and zip archives into an archive; what cannot be taken is listed."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ChiasmError, UsageError
from ..model import Source as Origin
from ..services.archive import Archive
from . import quick_loop
from .discs import Selection, folders_of, select
from .node import archive_settings
from .settings import NodeSettings, load
from .sources import Source, gather
from .terminal import printable

AT_ONCE = 8
_PIECE = 1 << 20


@dataclass(slots=True)
class Report:
    """What became of each source: counts by verdict, and those that were not taken with the reason.

    `aside` is how many files lay on a medium whose DICOMDIR does not name them; `notes` are about DICOMDIRs.
    """

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, str]] = field(default_factory=list)
    aside: int = 0
    notes: list[tuple[str, str]] = field(default_factory=list)

    def text(self) -> str:
        """The report for people."""
        total = self.counts.total()
        told = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()))
        lines = [f"note: {name}: {text}" for name, text in self.notes]
        lines += [f"refused: {name}: {reason}" for name, reason in self.refused]
        if self.aside:
            lines.append(f"{self.aside} files that no DICOMDIR names were left aside; --all takes them too")
        return "\n".join([*(printable(line) for line in lines), f"{total} offered: {told or 'nothing'}", ""])


def import_command(
    sources: Sequence[str],
    *,
    config: Path | None,
    data: Path | None,
    as_json: bool,
    everything: bool = False,
) -> int:
    """Import and tell; 0 where all was taken, 1 where something was refused, 2 where everything was.

    UsageError for sources that are not there.
    """
    settings = load(config).with_options(data=data)
    report = import_sources(sources, settings, everything=everything)
    if as_json:
        plain = {
            "counts": dict(report.counts), "refused": report.refused, "aside": report.aside,
            "notes": report.notes,
        }  # fmt: skip
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(report.text())
    refused = report.counts["refused"] + report.counts["missing"]
    return 2 if refused == report.counts.total() else int(refused > 0)


def import_sources(sources: Sequence[str], settings: NodeSettings, *, everything: bool = False) -> Report:
    """Take every DICOM object of the sources into the archive; nodes may run on it meanwhile.

    Of a medium with a DICOMDIR that is what it names; with `everything` all else too.
    """
    found = list(gather(folders_of(sources)))
    if not found:
        raise UsageError("there is nothing to import", source=", ".join(sources))
    return quick_loop.run(_import(select(found, everything=everything), settings))


async def _import(selection: Selection, settings: NodeSettings) -> Report:
    archive = await Archive.open(archive_settings(settings))
    report = Report(refused=list(selection.missing), aside=selection.aside, notes=selection.notes)
    if selection.missing:
        report.counts["missing"] = len(selection.missing)
    waiting = iter(selection.sources)
    try:

        async def work() -> None:
            for source in waiting:
                await _one(archive, source, report)

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        await archive.settle()
    finally:
        await archive.close()
    return report


async def _one(archive: Archive, source: Source, report: Report) -> None:
    try:
        if source.problem:
            raise UsageError(source.problem)
        chunks = _pieces(source.path) if source.path and source.member is None else _whole(source)
        outcome = await archive.receive_file(chunks, Origin("import", source.name))
    except (ChiasmError, OSError) as error:
        report.counts["refused"] += 1
        report.refused.append((source.name, str(error)))
        return
    report.counts[outcome.verdict.value] += 1
    if outcome.failure:
        report.refused.append((source.name, outcome.message))


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece


async def _whole(source: Source) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(source.read)
