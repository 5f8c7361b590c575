"""`chiasm export`: studies of an archive, or DICOM files, as a folder, a zip archive or a medium."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import UsageError
from ..model import Location
from ..services.archive import Archive
from ..services.media import File, Holdings, Report, as_files, as_medium
from ..services.media_files import FileHoldings, Held, located_all
from ..services.media_writing import to_archive, to_folder
from .members import Member
from .node import archive_settings
from .settings import NodeSettings, load
from .sources import gather
from .terminal import bar, printable

FORMS = ("folder", "zip", "media")
_FEW = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be exported, where to, and as what.

    `form` is one of FORMS; empty takes it from the name of `out`. `label` is the file-set ID of a medium;
    with `icons` its DICOMDIR has pictures.
    """

    studies: tuple[str, ...]
    out: Path
    form: str = ""
    label: str = ""
    icons: bool = False

    @property
    def chosen(self) -> str:
        """The form. UsageError for one that there is not."""
        form = self.form or ("zip" if self._is_zip else "folder")
        if form not in FORMS:
            raise UsageError(f"{form!r} is no form of an export", hint=", ".join(FORMS))
        if self.icons and form != "media":
            raise UsageError("icons are part of a DICOMDIR", hint="--as media")
        return form

    @property
    def is_packed(self) -> bool:
        """Whether one zip archive is made of it: a medium too, where `out` ends in .zip."""
        return self.chosen == "zip" or (self.chosen == "media" and self._is_zip)

    @property
    def _is_zip(self) -> bool:
        return self.out.suffix.lower() == ".zip"


def export_command(
    sources: Sequence[str], wanted: Wanted, *, config: Path | None, data: Path | None, as_json: bool
) -> int:
    """Export and tell; 0 where all was given, 1 where something could not be, 2 where nothing could.

    UsageError for what cannot be asked for, and where the output cannot be written.
    """
    if sources:
        report = export_files(sources, wanted)
    else:
        report = asyncio.run(_export(load(config).with_options(data=data), wanted))
    if as_json:
        plain = {
            "out": str(wanted.out), "form": wanted.chosen, "objects": report.objects,
            "findings": [asdict(one) for one in report.findings], "refused": report.refused,
        }  # fmt: skip
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(_text(report, wanted))
    if not report.objects:
        return 2
    return int(bool(report.refused))


def export_files(sources: Sequence[str], wanted: Wanted) -> Report:
    """Export DICOM files, those of the wanted studies where some are named."""
    files: list[Path | Held] = []
    held: dict[str, Held] = {}
    refused: list[tuple[str, str]] = []
    for one in gather(sources, leave=wanted.out):
        if one.path is None or one.problem:
            refused.append((one.name, one.problem or "name files, not standard input"))
        elif one.name.replace("!", "/").rpartition("/")[2].upper() == "DICOMDIR":
            continue
        elif one.member is None:
            files.append(one.path)
        else:
            name = f"{one.name}#{one.member}" if one.name in held else one.name
            held[name] = Member(name, one.path, one.member)
            files.append(held[name])
    locations, others = located_all(files)
    if wanted.studies:
        locations = [one for one in locations if one.study in wanted.studies]
    report = Report(refused=refused + others + _unknown(wanted, locations))
    asyncio.run(_write(FileHoldings(held), locations, wanted, report))
    return report


async def _export(settings: NodeSettings, wanted: Wanted) -> Report:
    if not wanted.studies:
        raise UsageError("no study is named", hint="--study UID, or the files to export")
    if not settings.database and not (settings.data / "journal").is_dir():
        raise UsageError("it holds no archive", source=str(settings.data), hint="name its folder with --data")
    archive = await Archive.open(archive_settings(settings))
    try:
        locations: list[Location] = []
        for study in dict.fromkeys(wanted.studies):
            locations += await archive.locations(studies=(study,))
        report = Report(refused=_unknown(wanted, locations))
        await _write(archive, locations, wanted, report)
    finally:
        await archive.close()
    return report


async def _write(holdings: Holdings, locations: Sequence[Location], wanted: Wanted, report: Report) -> None:
    form = wanted.chosen
    if not locations:
        return
    files: AsyncIterator[File]
    if form == "media":
        files = as_medium(holdings, locations, report, file_set=wanted.label, icons=wanted.icons)
    else:
        files = as_files(holdings, locations, report)
    with bar("exporting", len(locations)) as advance:
        write = to_archive if wanted.is_packed else to_folder
        await write(files, wanted.out, lambda file: advance("/".join(file.name)))
    if not report.objects and wanted.is_packed:
        wanted.out.unlink()


def _unknown(wanted: Wanted, locations: Sequence[Location]) -> list[tuple[str, str]]:
    held = {one.study for one in locations}
    return [(study, "no such study is held") for study in dict.fromkeys(wanted.studies) if study not in held]


def _text(report: Report, wanted: Wanted) -> str:
    """The report for people; what is alike is counted."""
    lines = [f"refused: {name}: {reason}" for name, reason in report.refused[:_FEW]]
    if len(report.refused) > _FEW:
        lines.append(f"refused: {len(report.refused) - _FEW} more")
    for message, count in Counter(one.message for one in report.findings).most_common(_FEW):
        lines.append(f"note: {message}" + (f" ({count} times)" if count > 1 else ""))
    kind = {"folder": "files", "zip": "files in a zip archive", "media": "a medium with its DICOMDIR"}
    if report.objects:
        lines.append(f"{report.objects} objects are in {wanted.out}, as {kind[wanted.chosen]}.")
    else:
        lines.append("Nothing was exported.")
    return "".join(printable(line) + "\n" for line in lines)
