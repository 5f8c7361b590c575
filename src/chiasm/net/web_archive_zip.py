"""Studies as zip archives, streamed: of their files, or of a medium with its DICOMDIR. PS3.18 §8.7.3.

Nothing is held and nothing is known beforehand, so there is no length; a transfer that ends without the
archive's directory was cut off.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from ..errors import ServiceError
from ..model.holdings import Location, Source
from ..protocols.accept import MediaType, admits
from ..services.archive import Archive
from .web_file import as_stored, tell_missing, to_be_given
from .web_query_text import uid_of
from .web_request import Answer, Request
from .web_scope import ANY, syntaxes
from .web_switch import Operation

if TYPE_CHECKING:
    from ..services.media import File, Report

ZIP = "application/zip"
_MISSING = "MISSING.TXT"


def operations(archive: Archive) -> list[Operation]:
    """The downloads of a study for people: its files as they are stored, or a medium."""
    service = _Downloads(archive)
    return [
        Operation(
            "GET", "/studies/{study}/zip", service.files, "the files of a study in a zip archive", answer=ZIP
        ),
        Operation(
            "GET", "/studies/{study}/media", service.medium, "a study with its DICOMDIR, in a zip archive",
            answer=ZIP,
        ),
    ]  # fmt: skip


def zip_wanted(accepted: Sequence[MediaType]) -> list[MediaType]:
    """How a zip archive is asked for, the wanted first; none where another form of files stands before it."""
    found: list[MediaType] = []
    for one in accepted:
        if one.quality <= 0:
            break
        if one.kind == ZIP:
            found.append(one)
        elif one.kind == "multipart/*" or admits(one.inner, "application/dicom"):
            break
    return found


async def zip_answer(
    archive: Archive,
    locations: Sequence[Location],
    wanted: Sequence[MediaType] = (),
    *,
    client: str = "",
    medium: bool = False,
) -> Answer:
    """The instances in a zip archive, in the transfer syntaxes of `wanted`, as stored where it names none.

    `client` is who asks. What cannot be given is listed in a text at its end. ServiceError `unknown-syntax`
    where nothing can.
    """
    from ..services.media import Report, as_files, as_medium
    from ..services.media_writing import zipped

    taken = [
        uid for one in wanted for uid in (syntaxes((one,)) if one.parameter("transfer-syntax") else [ANY])
    ] or [ANY]
    given = locations
    if not all(as_stored(one, taken) for one in locations):
        given = await to_be_given(archive, locations, taken)
    report = Report()
    files = as_medium(archive, locations, report) if medium else as_files(archive, locations, report, taken)
    answer = Answer(200, ZIP, _told(zipped(_with_missing(files, report)), archive, report, medium, client))
    tell_missing(answer, len(locations) - len(given))
    name = "medium.zip" if medium else "study.zip"
    answer.add("content-disposition", f'attachment; filename="{name}"')
    answer.add("cache-control", "private, no-cache")
    return answer


async def _told(
    chunks: AsyncGenerator[bytes, None], archive: Archive, report: Report, medium: bool, client: str
) -> AsyncIterator[bytes]:
    """The chunks, and at their end, be it early, an event in the journal about what was given until then."""
    from ..services.export_log import tell_export

    try:
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk
    finally:
        form = "media" if medium else "zip"
        await tell_export(archive, report, form, client, Source("web", "", client))


async def _with_missing(files: AsyncIterator[File], report: Report) -> AsyncIterator[File]:
    async for file in files:
        yield file
    from ..services.media import File

    if report.refused:
        lines = [f"{name}: {reason}\r\n" for name, reason in report.refused]
        data = "".join(["These objects could not be given:\r\n", *lines]).encode()
        yield File((_MISSING,), _once(data), len(data))


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


class _Downloads:
    """The downloads over an archive."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def files(self, request: Request) -> Answer:
        """The files of a study."""
        return await zip_answer(self._archive, await self._study(request), client=request.client)

    async def medium(self, request: Request) -> Answer:
        """A study as a medium."""
        study = await self._study(request)
        return await zip_answer(self._archive, study, client=request.client, medium=True)

    async def _study(self, request: Request) -> list[Location]:
        found = await self._archive.locations(studies=(uid_of(request.arguments["study"]),))
        if not found:
            raise ServiceError("no-such-object", "nothing of this name is held", place=request.path)
        return found
