"""STOW-RS: objects are taken in as files, or as metadata with bulk data. PS3.18 §10.5."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from ..dicom.part10 import parse
from ..errors import ChiasmError, LimitError, ParseError, ServiceError, UsageError
from ..model.holdings import Outcome, Source, Verdict
from ..protocols.accept import choose, parse_content_type
from ..protocols.multipart import MultipartReader, PartBegin, PartData
from ..services.archive import Archive
from .web_query import JSON, XML, xml_answer
from .web_query_text import uid_of
from .web_request import Answer, Request, problem
from .web_store_metadata import Bundle
from .web_store_report import refused, report
from .web_switch import Operation

_DICOM = "application/dicom"
_OFFERS = (JSON, "application/json", XML, "application/dicom+xml")
_HELD = 4 << 20
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
            await intake.stream(request.chunks())
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
                        await intake.data(piece.data)
                    elif isinstance(piece, PartBegin):
                        intake.begin(piece)
                    else:
                        await intake.end()
            reader.close()
        except ParseError:
            await intake.abandon()
            if not intake.has_any:
                raise
            intake.cut()

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


@dataclass(slots=True)
class _Intake:
    """Objects on their way in: small ones side by side, so that they share the wait for the disk."""

    archive: Archive
    study: str
    source: Source
    _tasks: list[asyncio.Task[Outcome]] = field(default_factory=list)
    _held: list[bytes] = field(default_factory=list)
    _size: int = 0
    _queue: asyncio.Queue[bytes | None] | None = None
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    _is_file: bool = True
    _was_cut: bool = False

    @property
    def has_any(self) -> bool:
        """Whether any object came whole."""
        return bool(self._tasks)

    def begin(self, part: PartBegin) -> None:
        """A part begins."""
        self._held, self._size = [], 0
        kind = part.content_type.partition(";")[0].strip().lower()
        self._is_file = kind in {"", _DICOM, "application/octet-stream"}

    async def data(self, data: bytes) -> None:
        """Some of its bytes: held up to 4 MB, then handed on as they come."""
        if not self._is_file:
            return
        if self._queue is not None:
            await self._queue.put(data)
            return
        self._held.append(data)
        self._size += len(data)
        if self._size > _HELD:
            await self._gate.acquire()
            self._queue = asyncio.Queue(4)
            self._start(self._receive(_chunks(self._queue)))
            await self._queue.put(self._whole())

    def _whole(self) -> bytes:
        """What is held, which is no longer."""
        held = b"".join(self._held)
        self._held, self._size = [], 0
        return held

    async def end(self) -> None:
        """The part is complete."""
        if not self._is_file:
            self.refuse("a part of this type cannot be taken in")
        elif self._queue is not None:
            await self._queue.put(None)
            self._queue = None
        else:
            await self.whole(self._whole())

    async def whole(self, data: bytes) -> None:
        """An object that is at hand."""
        await self._gate.acquire()
        self._start(self._receive(data))

    async def stream(self, chunks: AsyncIterator[bytes]) -> None:
        """An object that is all of the body."""
        await self._gate.acquire()
        self._start(self._receive(chunks))

    def refuse(self, message: str) -> None:
        """An object that cannot even be read."""
        self._start(_refusal(message))

    def _start(self, work: Any) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    async def _receive(self, data: bytes | AsyncIterator[bytes]) -> Outcome:
        try:
            if self.study:
                begun = data if isinstance(data, bytes) else await _begun(data)
                other = _other_study(begun if isinstance(begun, bytes) else begun.head, self.study)
                if other is not None:
                    return other
                data = begun if isinstance(begun, bytes) else begun.chunks()
            return await self.archive.receive_file(data, self.source)
        except ServiceError as error:
            return Outcome(Verdict.REFUSED, "", "", failure=error.failure.name, message=error.message)
        except ParseError as error:
            return Outcome(Verdict.REFUSED, "", "", failure="not-understood", message=str(error))
        except ChiasmError as error:
            return Outcome(Verdict.REFUSED, "", "", failure="fault", message=str(error))
        finally:
            self._gate.release()

    async def abandon(self) -> None:
        """The body broke off: what was begun is not kept."""
        if self._queue is not None:
            task = self._tasks.pop()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._queue = None

    def cut(self) -> None:
        """Tell that what followed was lost."""
        self.refuse("the body ended in the middle of this object")

    async def finish(self) -> list[Outcome]:
        """What became of each object, in the order of the parts."""
        return list(await asyncio.gather(*self._tasks))


async def _refusal(message: str) -> Outcome:
    return refused("not-understood", message)


async def _chunks(queue: asyncio.Queue[bytes | None]) -> AsyncIterator[bytes]:
    while (chunk := await queue.get()) is not None:
        yield chunk


@dataclass(frozen=True, slots=True)
class _Begun:
    """A stream of which the beginning was read, to look into it."""

    head: bytes
    rest: AsyncIterator[bytes]

    async def chunks(self) -> AsyncIterator[bytes]:
        """All of it."""
        yield self.head
        async for chunk in self.rest:
            yield chunk


async def _begun(chunks: AsyncIterator[bytes]) -> _Begun:
    head = bytearray()
    async for chunk in chunks:
        head += chunk
        if len(head) > _HELD:
            break
    return _Begun(bytes(head), chunks)


def _other_study(data: bytes, study: str) -> Outcome | None:
    """A refusal where an object is of another study than the one it was sent to: PS3.18 §10.5.1."""
    content = parse(data).data
    found = content.get(0x0020000D)
    if found == study:
        return None
    message = f"it is of the study {found}" if isinstance(found, str) else "it is of no study"
    sop_class, instance = content.get(0x00080016), content.get(0x00080018)
    return Outcome(
        Verdict.REFUSED,
        sop_class if isinstance(sop_class, str) else "",
        instance if isinstance(instance, str) else "",
        failure="mismatch",
        message=message,
    )
