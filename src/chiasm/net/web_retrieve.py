"""WADO-RS: studies, series and instances as DICOM files, and their metadata. PS3.18 §10.4."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from urllib.parse import quote

from ..errors import ServiceError
from ..model.holdings import Location
from ..protocols.accept import MediaType, admits, choose
from ..protocols.multipart import closing, content_type, new_boundary, part_head
from ..services.archive import Archive
from ..services.metadata import Metadata
from .web_archive_zip import zip_answer, zip_wanted
from .web_bytes import Span, length_of, sent, span_of
from .web_conditions import Edition, decided, edition
from .web_file import as_stored, in_other_syntax, tell_missing, to_be_given
from .web_query import JSON, XML, json_answer, xml_answer
from .web_request import Answer, Request
from .web_scope import ANY, located, syntaxes
from .web_switch import Operation

DICOM = "application/dicom"
_METADATA = (JSON, "application/json", XML)
_STUDY = "/studies/{StudyInstanceUID}"
_SERIES = _STUDY + "/series/{SeriesInstanceUID}"
INSTANCE = _SERIES + "/instances/{SOPInstanceUID}"
LEVELS = ((_STUDY, "study"), (_SERIES, "series"), (INSTANCE, "instance"))


def operations(archive: Archive, metadata: Metadata) -> list[Operation]:
    """Retrieval of files and metadata at the three levels: PS3.18 §10.4.1."""
    service = _Retrieval(archive, metadata)
    found: list[Operation] = []
    for path, name in LEVELS:
        found.append(
            Operation("GET", path, service.files, f"the files of a {name}", answer="multipart/related")
        )
        found.append(
            Operation("GET", f"{path}/metadata", service.headers, f"the headers of a {name}", answer=JSON)
        )
    # Instances are told by their study alone where a store request answers with their Retrieve URL.
    path = _STUDY + "/instances/{SOPInstanceUID}"
    found.append(Operation("GET", path, service.files, "the file of an instance", answer="multipart/related"))
    return found


class _Retrieval:
    """The retrieve transaction over an archive."""

    def __init__(self, archive: Archive, metadata: Metadata) -> None:
        self._archive = archive
        self._metadata = metadata

    async def headers(self, request: Request) -> Answer:
        """Metadata, as JSON or XML: PS3.18 §10.4.1.1.2."""
        kind = choose(request.accepted, _METADATA)
        if kind is None:
            raise ServiceError("unknown-syntax", "metadata is application/dicom+json or +xml", place="Accept")
        locations = await located(self._archive, request)
        base = request.base
        now = await edition(
            self._archive, request, locations, f"{kind} {base} {request.header(b'accept-charset')}"
        )
        known = decided(request, now)
        if known is not None:
            return known
        texts = await self._metadata.texts(locations, base)
        if kind == XML:
            answer = xml_answer(texts)
        elif request.header(b"accept-charset") or request.parameter("charset"):
            answer = json_answer(kind, (b"[" + b",".join(texts) + b"]").decode(), request)
        else:
            answer = Answer(200, kind, b"[" + b",\n".join(texts) + b"]")
        _tagged(answer, now)
        return answer

    async def files(self, request: Request) -> Answer:
        """Instances as files, in the transfer syntaxes taken, or all in one zip archive."""
        archived = zip_wanted(request.accepted)
        if archived:
            locations = await located(self._archive, request)
            return await zip_answer(self._archive, locations, archived, client=request.client)
        many, single = _forms(request.accepted)
        if not many and not single:
            raise ServiceError(
                "unknown-syntax",
                "files are application/dicom, many in multipart/related or application/zip",
                place="Accept",
            )
        locations = await located(self._archive, request)
        if not many and len(locations) > 1:
            raise ServiceError(
                "unknown-syntax",
                f"{len(locations)} files do not fit into one application/dicom",
                place="Accept",
                hint='multipart/related; type="application/dicom"',
            )
        wanted = syntaxes(many or single)
        now = await edition(self._archive, request, locations, f"{bool(many)} {wanted}")
        known = decided(request, now)
        if known is not None:
            return known
        if many:
            answer = await self._multipart(request, locations, wanted)
        else:
            answer = await self._single(locations[0], wanted)
        _tagged(answer, now)
        return answer

    async def _single(self, location: Location, wanted: list[str]) -> Answer:
        if as_stored(location, wanted):
            spans = [span_of(self._archive, location)]
            kind = f"{DICOM}; transfer-syntax={location.transfer_syntax}"
            return Answer(200, kind, sent(self._archive, spans), length=location.size)
        uid, body = await in_other_syntax(self._archive, location, wanted)
        return Answer(200, f"{DICOM}; transfer-syntax={uid}", body)

    async def _multipart(self, request: Request, locations: Sequence[Location], wanted: list[str]) -> Answer:
        boundary = new_boundary()
        base = request.base
        kind = content_type(DICOM, boundary)
        if all(as_stored(one, wanted) for one in locations):
            spans: list[Span] = []
            heads: dict[tuple[str, str, str], bytes] = {}
            for one in locations:
                place = one.study, one.series, one.transfer_syntax
                if place not in heads:  # what differs within a series is put in for each instance
                    heads[place] = _head(boundary, replace(one, sop_instance="\n"), one.transfer_syntax, base)
                head = heads[place].replace(b"%0A", quoted(one.sop_instance).encode())
                spans += (head, span_of(self._archive, one))
            spans.append(closing(boundary))
            return Answer(200, kind, sent(self._archive, spans), length=length_of(spans))
        given = await to_be_given(self._archive, locations, wanted)
        answer = Answer(200, kind, self._transcoded(boundary, given, wanted, base))
        tell_missing(answer, len(locations) - len(given))
        return answer

    async def _transcoded(
        self, boundary: str, locations: Sequence[Location], wanted: list[str], base: str
    ) -> AsyncIterator[bytes]:
        for one in locations:
            if as_stored(one, wanted):
                spans: list[Span] = [
                    _head(boundary, one, one.transfer_syntax, base),
                    span_of(self._archive, one),
                ]
                async for chunk in sent(self._archive, spans):
                    yield chunk
                continue
            uid, body = await in_other_syntax(self._archive, one, wanted)
            yield _head(boundary, one, uid, base)
            async for chunk in body:
                yield chunk
        yield closing(boundary)


def _forms(accepted: Sequence[MediaType]) -> tuple[list[MediaType], list[MediaType]]:
    """The types that take many files, and those that take one; only the more wanted of the two forms."""
    many: list[MediaType] = []
    single: list[MediaType] = []
    for one in accepted:
        if one.quality <= 0:
            continue
        if one.is_multipart and admits(one.inner, DICOM):
            many.append(one)
        elif one.kind in {"*/*", "multipart/*"}:
            many.append(MediaType(one.kind, (("transfer-syntax", ANY),), one.quality))
        elif admits(one.kind, DICOM):
            single.append(one)
    if many and single and single[0].quality > many[0].quality:
        return [], single
    return many, single


def quoted(uid: str) -> str:
    """A UID as part of a URL; what is stored as one need not be one."""
    return uid if uid.replace(".", "").isdigit() and uid.isascii() else quote(uid)


def address(base: str, location: Location) -> str:
    """The URL of an instance."""
    return (
        f"{base}/studies/{quoted(location.study)}/series/{quoted(location.series)}"
        f"/instances/{quoted(location.sop_instance)}"
    )


def _head(boundary: str, location: Location, syntax: str, base: str) -> bytes:
    url = address(base, location)
    return part_head(boundary, f"{DICOM}; transfer-syntax={syntax}", [("Content-Location", url)])


def _tagged(answer: Answer, now: Edition) -> None:
    now.tell(answer)
    answer.add("cache-control", "private, no-cache")
