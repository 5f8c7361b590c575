"""STOW-RS: objects are taken in as files, or as metadata with bulk data. PS3.18 §10.5."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ChiasmError, LimitError, ParseError, ServiceError, UsageError
from ..model.holdings import Outcome, Source, Verdict
from ..protocols.accept import choose, parse_content_type
from ..protocols.multipart import MultipartReader, PartBegin, PartData
from ..services.archive import Archive
from ..services.part10_file import FileReception
from .web_query import JSON, XML, xml_answer
from .web_query_text import uid_of
from .web_request import Answer, Request, problem
from .web_store_metadata import Bundle
from .web_store_report import refused, report
from .web_switch import Operation

_DICOM = "application/dicom"
_OFFERS = (JSON, "application/json", XML, "application/dicom+xml")
_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """What one request may bring: bytes in all, objects, and bytes of metadata with its bulk data."""

    total: int = 64 << 30
    objects: int = 1_000_000
    bundle: int = 1 << 30


DEFAULT = StoreLimits()


def operations(archive: Archive, limits: StoreLimits = DEFAULT) -> list[Operation]:
    """The store transaction, to all studies or to one: PS3.18 §10.5.1."""
    service = _Store(archive, limits)
    return [
        Operation("POST", "/studies", service.act, "take in objects", answer=JSON),
        Operation(
            "POST", "/studies/{StudyInstanceUID}", service.act, "take in objects of one study", answer=JSON
        ),
    ]


class _Store:
    """The store transaction over an archive."""

    def __init__(self, archive: Archive, limits: StoreLimits) -> None:
        self._archive = archive
        self._limits = limits

    async def act(self, request: Request) -> Answer:
        """Take in what the body brings, and tell of each object."""
        study = uid_of(request.arguments["StudyInstanceUID"]) if request.arguments else ""
        kind = choose(request.accepted, _OFFERS)
        if kind is None:
            raise ServiceError(
                "unknown-syntax", "the answer is application/dicom+json or +xml", place="Accept"
            )
        try:
            brought = parse_content_type(request.header(b"content-type"))
        except UsageError as error:
            return problem(415, error.message, place="Content-Type", rule="PS3.18 §10.5.1")
        length = request.header(b"content-length")
        if length.isdecimal() and int(length) > self._limits.total:
            raise LimitError(f"the body has more than {self._limits.total:,} bytes")
        intake = _Intake(self._archive, study, _source(request))
        if brought.kind == _DICOM:
            await self._file(request, intake)
        elif brought.is_multipart and brought.inner in {_DICOM, "*/*"}:
            await self._files(request, brought.parameter("boundary"), intake)
        elif brought.is_multipart and brought.inner in {JSON, "application/json", "application/dicom+xml"}:
            await self._bundle(request, brought.parameter("boundary"), intake)
        else:
            text = f"{brought.inner} cannot be taken in"
            hint = 'multipart/related; type="application/dicom"'
            return problem(415, text, place="Content-Type", rule="PS3.18 §10.5.1", hint=hint)
        outcomes = await intake.finish()
        if not outcomes:
            raise ParseError("the body brings no object", rule="PS3.18 §10.5.1")
        status, content = report(outcomes, request.base, study)
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        if kind in {XML, "application/dicom+xml"}:
            return _xml(status, kind, text)
        return Answer(status, kind, text.encode())

    async def _files(self, request: Request, boundary: str, intake: _Intake) -> None:
        reader = MultipartReader(boundary, self._limits.objects)
        total = 0
        try:
            async for chunk in request.chunks():
                total += len(chunk)
                if total > self._limits.total:
                    raise LimitError(f"the body has more than {self._limits.total:,} bytes")
                for piece in reader.feed(chunk):
                    if isinstance(piece, PartData):
                        intake.data(piece.data)
                    elif isinstance(piece, PartBegin):
                        await intake.begin(piece.content_type)
                    else:
                        intake.end()
            reader.close()
        except ParseError:
            if not intake.has_any:
                raise
            intake.cut()
        finally:
            intake.abandon()

    async def _file(self, request: Request, intake: _Intake) -> None:
        """One object is all of the body."""
        await intake.begin()
        try:
            async for chunk in request.chunks():
                intake.data(chunk)
            intake.end()
        finally:
            intake.abandon()

    async def _bundle(self, request: Request, boundary: str, intake: _Intake) -> None:
        bundle = Bundle(self._limits.bundle)
        reader = MultipartReader(boundary, self._limits.objects)
        async for chunk in request.chunks():
            for piece in reader.feed(chunk):
                bundle.take(piece)
        reader.close()
        for data in bundle.files():
            if isinstance(data, bytes):
                await intake.whole(data)
            else:
                intake.refuse(str(data))


def _source(request: Request) -> Source:
    client = request.scope.get("client")
    return Source("web", "", client[0] if client else "")


def _xml(status: int, kind: str, text: str) -> Answer:
    if kind == XML:
        answer = xml_answer([text])
        answer.status = status
        return answer
    from ..dicom.json_model import from_dict
    from ..dicom.xml_model import to_xml

    return Answer(status, kind, to_xml(from_dict(json.loads(text))))


class _Intake:
    """Objects on their way in: small ones side by side, so that they share the wait for the disk."""

    def __init__(self, archive: Archive, study: str, source: Source) -> None:
        self._archive, self._study, self._source = archive, study, source
        self._outcomes: list[asyncio.Future[Outcome]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._current: FileReception | None = None

    @property
    def has_any(self) -> bool:
        """Whether any object came whole."""
        return bool(self._outcomes)

    async def begin(self, content_type: str = _DICOM) -> None:
        """An object begins."""
        kind = content_type.partition(";")[0].strip().lower()
        if kind in {"", _DICOM, "application/octet-stream"}:
            await self._gate.acquire()
            self._current = FileReception(self._archive, self._source, self._study)

    def data(self, data: bytes) -> None:
        """Some of its bytes."""
        if self._current is not None:
            self._current.write(data)

    def end(self) -> None:
        """It is complete."""
        current, self._current = self._current, None
        if current is None:
            self.refuse("a part of this type cannot be taken in")
            return
        due = self._due()

        def told(outcome: Outcome) -> None:
            self._gate.release()
            if not due.done():
                due.set_result(outcome)

        if not current.complete_soon(told):
            task = asyncio.ensure_future(_completed(current, told))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def whole(self, data: bytes) -> None:
        """An object that is at hand."""
        await self.begin()
        self.data(data)
        self.end()

    def refuse(self, message: str) -> None:
        """An object that cannot even be read."""
        self._due().set_result(refused("not-understood", message))

    def _due(self) -> asyncio.Future[Outcome]:
        due: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._outcomes.append(due)
        return due

    def abandon(self) -> None:
        """The body broke off: what was begun is not kept."""
        if self._current is not None:
            self._current.abandon()
            self._current = None

    def cut(self) -> None:
        """Tell that what followed was lost."""
        self.refuse("the body ended in the middle of this object")

    async def finish(self) -> list[Outcome]:
        """What became of each object, in the order of the parts."""
        return [await due for due in self._outcomes]


async def _completed(reception: FileReception, told: Callable[[Outcome], None]) -> None:
    """Complete what takes waiting for something else; what fails is told as any refusal."""
    try:
        outcome = await reception.complete()
    except Exception as error:  # whoever waits must hear of it
        failure = error.failure.name if isinstance(error, ServiceError) else "fault"
        text = error.message if isinstance(error, ChiasmError) else f"{type(error).__name__}: {error}"
        outcome = Outcome(Verdict.REFUSED, "", "", failure=failure, message=text)
    told(outcome)
