"""`chiasm export`: studies of an archive or a web service, or files, as folder, zip archive or medium."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import Finding, ParseError, ServiceError, Severity, UsageError
from ..model import Location, Source
from ..services.archive import Archive
from ..services.export_log import tell_export
from ..services.media import File, Holdings, Locations, Report, as_files, as_medium
from ..services.media_files import FileHoldings, Held, located_all
from ..services.media_writing import to_archive, to_folder
from . import quick_loop
from .members import Member
from .node import archive_settings
from .settings import NodeSettings, load
from .sources import gather
from .terminal import bar, printable
from .web_service import Remote

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
    sources: Sequence[str],
    wanted: Wanted,
    *,
    config: Path | None,
    data: Path | None,
    as_json: bool,
    remote: Remote | None = None,
) -> int:
    """Export and tell; 0 where all was given, 1 where something could not be, 2 where nothing could.

    UsageError for what cannot be asked for, and where the output cannot be written.
    """
    if remote is not None:
        if sources or data:
            raise UsageError("name an address, files or an archive, not several of them")
        report = quick_loop.run(export_web(remote, wanted))
    elif sources:
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


async def export_web(remote: Remote, wanted: Wanted) -> Report:
    """Export studies of a DICOMweb service, object by object as they come.

    UsageError for what cannot be asked for, and where the output cannot be written.
    """
    from ..net.dimse_folder import is_uid
    from ..net.web_client import WebClient
    from ..net.web_fetch import WebStudies

    service, report = remote.service(), Report()
    if not wanted.studies:
        raise UsageError("no study is named", hint="--study UID")
    for one in wanted.studies:
        if not is_uid(one):
            raise UsageError(f"{one!r} is no UID", rule="PS3.5 §9.1")
    async with WebClient(service) as client:
        studies = WebStudies(client, wanted.studies, report)
        try:
            count = await studies.look()
        except (ServiceError, ParseError) as error:
            report.refused.append((service.url, error.message))
            return report
        async with aclosing(studies.locations()) as locations:
            await _write(FileHoldings(), locations, wanted, report, count)
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
        try:
            await _write(archive, locations, wanted, report)
        finally:
            place = str(wanted.out.absolute())
            told = await tell_export(archive, report, wanted.chosen, place, Source("node", "export"))
        if told:
            text = f"the journal did not take that this was exported: {told}"
            report.tell(Finding(Severity.WARNING, "", "not-in-journal", text))
    finally:
        await archive.close()
    return report


async def _write(
    holdings: Holdings, locations: Locations, wanted: Wanted, report: Report, total: int | None = None
) -> None:
    form, is_new = wanted.chosen, not wanted.out.exists()
    if isinstance(locations, Sequence):
        total = len(locations)
        if not total:
            return
    files: AsyncIterator[File]
    if form == "media":
        files = as_medium(holdings, locations, report, file_set=wanted.label, icons=wanted.icons)
    else:
        files = as_files(holdings, locations, report)
    with bar("exporting", total) as advance:
        write = to_archive if wanted.is_packed else to_folder
        await write(files, wanted.out, lambda file: advance("/".join(file.name)))
    if not report.objects and is_new:
        _clear(wanted.out)


def _clear(out: Path) -> None:
    """Leave no archive or folders behind where nothing could be exported."""
    if not out.is_dir():
        out.unlink()
        return
    for at, _, _ in os.walk(out, topdown=False):
        Path(at).rmdir()


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
