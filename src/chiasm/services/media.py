"""What is given to people as files: objects of studies under names of ours, a directory of them beside them.

No name comes from a value of an object: studies, series and instances are counted. Files stream, whatever
their size; of each object only the keys of its record are kept. PS3.10 §8, PS3.11 §D.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..dicom import DataSet, Package
from ..dicom.directory import DirectoryBuilder
from ..dicom.directory_records import record_type
from ..errors import ChiasmError, Finding, ServiceError, Severity
from ..model import Location, Source
from ..standards import uids
from . import transcoding
from .reception import header_for

PROFILE = (
    uids.EXPLICIT_LITTLE,
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.70",
)
"""The transfer syntaxes of the General Purpose profiles with JPEG, STD-GEN-USB-JPEG among them: PS3.11 §I.

All others are written in the first, which every reader of media has to take.
"""

_MOST_TOLD = 1_000


class Holdings(transcoding.Given, Protocol):
    """What objects are taken from: an archive, or files."""

    async def header(self, location: Location) -> Package:
        """The stored object, parsed; its pixel data need not be there."""


@dataclass(frozen=True, slots=True)
class File:
    """One file to be written: the parts of its name, its bytes, their number where it is known.

    `is_compressed` is whether its pixels are compressed already. Whoever could not take it says so with
    `failed`, so that the directory does not list it.
    """

    name: tuple[str, ...]
    chunks: AsyncIterator[bytes]
    size: int | None = None
    is_compressed: bool = False
    failed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """The objects given, in all and by study; what had to be made up or recoded; what could not be given."""

    objects: int = 0
    studies: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, finding: Finding) -> None:
        """Note a finding; beyond a thousand they are alike."""
        if len(self.findings) < _MOST_TOLD:
            self.findings.append(finding)


Locations = Iterable[Location] | AsyncIterable[Location]
"""The objects that are wanted; an object that comes over the network is there until the next is asked for."""


def as_files(
    holdings: Holdings, locations: Locations, report: Report, syntaxes: Sequence[str] = ("*",)
) -> AsyncIterator[File]:
    """The objects in the first of some transfer syntaxes that can be, as stored where that is among them.

    They are called `study-0001/series-0001/00001.dcm`.
    """
    return _each(holdings, locations, report, None, syntaxes)


def as_medium(
    holdings: Holdings, locations: Locations, report: Report, *, file_set: str = "", icons: bool = False
) -> AsyncIterator[File]:
    """The objects as a medium of the General Purpose profile: `DICOM/S0000001/E0000001/I0000001`.

    At last comes `DICOMDIR`. What is in a transfer syntax that the profile does not have is recoded without a
    loss; where that fails it is given as stored, and told. With `icons` the record of an image has a small
    picture of it, for which each image is decoded; one that cannot be shown has none, and is told.
    """
    return _each(holdings, locations, report, DirectoryBuilder(file_set), PROFILE, icons=icons)


async def _each(
    holdings: Holdings,
    locations: Locations,
    report: Report,
    directory: DirectoryBuilder | None,
    syntaxes: Sequence[str],
    *,
    icons: bool = False,
) -> AsyncIterator[File]:
    names = _Names(is_medium=directory is not None)
    async for location in _in_turn(locations):
        name = names.name(location)
        findings: list[Finding] = []
        try:
            if directory is None:
                file, _ = await _file(holdings, location, name, syntaxes)
            else:
                package = await holdings.header(location)
                file, syntax = await _file_of_medium(holdings, location, name, syntaxes, report)
                icon = await _icon(holdings, location, report) if icons else None
                findings = directory.add(package, name, transfer_syntax=syntax, icon=icon)
        except (ChiasmError, OSError) as error:
            report.refused.append((location.sop_instance, str(error)))
            continue
        yield file
        if file.failed:
            report.refused.append((location.sop_instance, file.failed[0]))
            if directory is not None:
                directory.withdraw()
            continue
        report.objects += 1
        report.studies[location.study] += 1
        for finding in findings:
            report.tell(finding)
    if directory is not None and report.objects:
        data = directory.encode()
        yield File(("DICOMDIR",), _once(data), len(data))


async def _in_turn(locations: Locations) -> AsyncIterator[Location]:
    if isinstance(locations, AsyncIterable):
        async for location in locations:
            yield location
        return
    for location in locations:
        yield location


async def _icon(holdings: Holdings, location: Location, report: Report) -> DataSet | None:
    """A small picture of an image; None for other objects, and for what cannot be shown, which is told."""
    if record_type(location.sop_class) != "IMAGE":
        return None
    from ..pixels.icon import icon

    try:
        return await asyncio.to_thread(icon, await holdings.whole(location))
    except (ChiasmError, OSError) as error:
        text = f"an image has no icon: {error}"
        report.tell(Finding(Severity.NOTE, location.sop_instance, "no-icon", text, "PS3.3 §F.7"))
        return None


async def _file_of_medium(
    holdings: Holdings, location: Location, name: tuple[str, ...], syntaxes: Sequence[str], report: Report
) -> tuple[File, str]:
    """The file of an object in a transfer syntax of a profile; as stored where that fails, which is told."""
    stored = location.transfer_syntax
    wanted = (stored,) if stored in syntaxes else syntaxes[:1]
    try:
        return await _file(holdings, location, name, wanted)
    except ServiceError as error:
        text = f"{location.sop_instance} is given as stored, in {uids.name(stored) or stored}: {error}"
        report.tell(Finding(Severity.WARNING, "00020010", "outside-profile", text, "PS3.11 §D"))
        return await _file(holdings, location, name, (stored,))


async def _file(
    holdings: Holdings, location: Location, name: tuple[str, ...], syntaxes: Sequence[str]
) -> tuple[File, str]:
    """The file of an object, and its transfer syntax there. ServiceError where it cannot be given so."""
    stored = location.transfer_syntax
    uid, chunks = stored, holdings.stream_object(location)
    is_stored = "*" in syntaxes or stored in syntaxes
    if not is_stored:
        uid, chunks = await transcoding.in_syntax(holdings, location, syntaxes)
    syntax = uids.transfer_syntax(uid)
    is_compressed = syntax is not None and (syntax.encapsulated or syntax.deflated)
    if is_stored and location.offset:
        return File(name, chunks, location.size, is_compressed), uid
    head = header_for(location.sop_class, location.sop_instance, uid, Source("node"))
    size = location.size + len(head) if is_stored else None
    return File(name, _behind(head, chunks), size, is_compressed), uid


class _Names:
    """The names of files: studies are counted, series in each study, instances in each series."""

    def __init__(self, *, is_medium: bool) -> None:
        self._form = (
            ("S{:07d}", "E{:07d}", "I{:07d}")
            if is_medium
            else ("study-{:04d}", "series-{:04d}", "{:05d}.dcm")
        )
        self._top = ("DICOM",) if is_medium else ()
        self._known: dict[tuple[str, ...], int] = {}
        self._counts: dict[tuple[str, ...], int] = {}

    def name(self, location: Location) -> tuple[str, ...]:
        """A new name, below those of its study and series."""
        study = self._number((location.study,), ())
        series = self._number((location.study, location.series), (location.study,))
        instance = self._count((location.study, location.series))
        numbers = (study, series, instance)
        return (*self._top, *(form.format(one) for form, one in zip(self._form, numbers, strict=True)))

    def _number(self, key: tuple[str, ...], above: tuple[str, ...]) -> int:
        if key not in self._known:
            self._known[key] = self._count(above)
        return self._known[key]

    def _count(self, above: tuple[str, ...]) -> int:
        self._counts[above] = self._counts.get(above, 0) + 1
        return self._counts[above]


async def _behind(head: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in chunks:
        yield chunk


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
