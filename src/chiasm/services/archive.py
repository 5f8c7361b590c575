"""What the node holds: objects come in, are found, and are given back."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

from .. import dicom
from ..errors import ServiceError
from ..model import Event, Found, Location, Outcome, Query, Source
from ..store.index import Index, open_index
from ..store.journal import Journal, Record, Told
from ..store.journal_files import FileJournal
from ..store.objects import Objects, ObjectWriter, open_objects
from ..store.objects_local import LocalObjects
from ..store.open_files import OpenFiles
from .fetched import Fetched
from .follower import Follower
from .keeping import Keeping
from .matching import is_prompt
from .part10_file import receive_file
from .projection import Durable, Projection
from .question import Question
from .questions import Questions
from .reception import Reception, header_for
from .recovery import location_of, open_journal
from .turns import Turn

T = TypeVar("T")
Arrived = list[tuple[Event, Location, str]]
_HEAD = 1 << 20
_PIXELS = 0x7FE00008
_FEW, _SOME = 101, 601
"""Bytes that are read of an object far away, and the first tag of pixels; answers, and instances, that are
looked up without a thread."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where an archive lies and by which rules it receives; what is empty lies below `data`.

    `duplicates` is what becomes of an object that differs from the one held under its UID: `version` keeps it
    as a further version, `refuse` refuses it. `follows_apart`: whether the index follows in a process of its
    own, which pays where much is received and more than one processor is there.
    """

    data: Path
    database: str = ""
    objects: str = ""
    object_options: tuple[tuple[str, str], ...] = ()
    duplicates: str = "version"
    follows_apart: bool = False


class Archive:
    """One process's door to the archive; several may be open on the same data at once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.refuses_versions = settings.duplicates == "refuse"
        data = settings.data
        data.mkdir(parents=True, exist_ok=True)
        database = settings.database or str(data / "index.sqlite")
        self.index: Index = open_index(database)
        place = settings.objects or data / "objects"
        self.scratch = data / "scratch"
        self.scratch.mkdir(exist_ok=True)
        self.objects: Objects = open_objects(place, self.scratch, dict(settings.object_options))
        self._fetched = Fetched(self.objects, self.scratch)
        root = None if "://" in str(place) else Path(place)
        self.root = None if root is None else str(root)
        self.files = OpenFiles()
        self.journal: Journal = open_journal(
            data / "journal", settings.database, place, self.index, self.objects
        )
        if isinstance(self.journal, FileJournal) and isinstance(self.objects, LocalObjects):
            self.objects.lend = self.journal.lend
        self._turns: dict[str, list[asyncio.Future[None]]] = {}
        self._watchers: list[asyncio.Queue[Arrived]] = []
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="index")
        journal = self.journal
        self.projection: Projection | Follower
        if settings.follows_apart and isinstance(journal, FileJournal):
            self.projection = Follower(database, journal.name, journal.sequence, self._heard, root)
        else:
            self.projection = Projection(self.index, journal.place, journal.sequence, self._heard, root)
        self._questions = Questions(
            self.index,
            journal,
            self._recent_of,
            is_embedded=self.is_embedded,
            of_each=self.refuses_versions,
        )
        self._keeping = Keeping(journal, self.projection, self._questions.kept, far=root is None)

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Open it, taking up what a process that fell has left. UsageError for what cannot be."""
        return await asyncio.to_thread(cls, settings)

    async def close(self) -> None:
        """Settle the index, and close everything; what has no room in its place stays in the log."""
        await self._keeping.close()
        await self._fetched.close()
        await asyncio.to_thread(self.projection.close)
        await asyncio.to_thread(self.journal.close)
        self._threads.shutdown()
        self.files.close()
        self.objects.close()
        self.index.close()
        for queue in self._watchers:
            queue.put_nowait([])

    # Receiving.

    def receive(
        self,
        *,
        sop_class: str,
        sop_instance: str,
        transfer_syntax: str,
        source: Source,
        header: bytes = b"",
        study: str = "",
    ) -> Reception:
        """Begin to receive a data set. ServiceError where the node cannot take any now.

        `header` is what is to stand before it in its file; one is made where none is given. It is refused
        where it is not of the `study`, where one is named.
        """
        if self.trouble:
            raise ServiceError("out-of-resources", self.trouble)
        if self.projection.trouble and self.projection.is_full:
            raise ServiceError("unavailable", self.projection.trouble)
        header = header or header_for(sop_class, sop_instance, transfer_syntax, source)
        return Reception(self, sop_class, sop_instance, transfer_syntax, source, header, study)

    async def receive_file(self, chunks: AsyncIterator[bytes] | bytes, source: Source) -> Outcome:
        """Receive a Part 10 file: data set and meta group are kept as they are, the preamble is cleared."""
        return await receive_file(self, chunks, source)

    def create(self) -> ObjectWriter:
        """A writer of a new object. ServiceError where there is no room for one."""
        try:
            return self.objects.create()
        except OSError as error:
            raise ServiceError("out-of-resources", f"no file can be made: {error.strerror}") from None

    def turn(self, sop_instance: str) -> Turn:
        """One at a time for each SOP instance."""
        return Turn(self._turns, sop_instance)

    def ask(self, sop_instance: str, study: str) -> Question | None:
        """Begin to ask whether anything is held under a UID; None where it must be waited for."""
        return None if self.root is None else self._questions.ask(sop_instance, study)

    def _recent_of(self, study: str) -> list[str]:
        return [uid for uid, place in self._keeping.recent.items() if place.study == study]

    async def held(self, sop_instance: str) -> tuple[bytes, str] | None:
        """Digest and transfer syntax of what is held under a SOP Instance UID."""
        location = self._keeping.recent.get(sop_instance) or await self._indexed(sop_instance)
        return None if location is None else (location.digest, location.transfer_syntax)

    async def _indexed(self, sop_instance: str) -> Location | None:
        """What the index knows to be held under a SOP Instance UID."""
        if self.is_embedded:  # it answers sooner than a thread begins
            return self.index.instance(sop_instance)
        soon = await _soon(self.index.instance_soon(sop_instance))
        if soon is not None:
            return soon[0] if soon else None
        return await self._ask(self.index.instance, sop_instance)

    def is_recent(self, sop_instance: str) -> bool:
        """Whether something is held that the index is not known to have heard of."""
        return sop_instance in self._keeping.recent

    async def keep(self, writer: ObjectWriter, event: Event, location: Location) -> None:
        """Make an object durable with its event; nothing is left of what is not. OSError, ServiceError."""
        await self._keeping.keep(writer, event, location)

    def keep_soon(self, writer: ObjectWriter, event: Event, location: Location, then: Told) -> bool:
        """The same without waiting: `then` is told. False, and nothing done, where that cannot be."""
        return self._keeping.keep_soon(writer, event, location, then)

    async def note(self, event: Event) -> None:
        """Put another act into the journal, durable when this returns. ServiceError where it cannot be."""
        await self._keeping.note(event)

    @property
    def trouble(self) -> str:
        """Why what is received does not reach its place, where it does not."""
        return self._keeping.trouble

    # Finding.

    async def settle(self) -> None:
        """Return once everything that was acknowledged before this call can be found.

        ServiceError `unavailable` where the index does not answer.
        """
        wanted = self.journal.sequence
        self.projection.hurry()
        while self.projection.position < wanted:
            if self.trouble:
                raise ServiceError("unavailable", self.trouble)
            if self.projection.trouble:
                raise ServiceError("unavailable", f"the index does not answer: {self.projection.trouble}")
            await asyncio.sleep(0.001)
        await self.journal.others_settled()

    async def _ask(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    async def find(self, query: Query) -> list[Found]:
        """The answers to a query, what was acknowledged before it included."""
        found = self.find_at_once(query)
        if found is not None:
            return found
        await self.settle()
        if self.settings.database and is_prompt(query):
            most = _FEW if query.limit is None else min(query.limit, _FEW)
            found = await _soon(self.index.find_soon(replace(query, limit=most)))
            if found is not None and (len(found) < _FEW or most == query.limit):
                return found
        return await self._ask(self.index.find, query)

    def find_at_once(self, query: Query) -> list[Found] | None:
        """The answers to a query that the index answers sooner than a thread begins; None for any other.

        That is an embedded index in which all is found that was acknowledged, asked for patients, studies or
        series by an identifier that few of them share.
        """
        if not (is_prompt(query) and self.is_at_hand()):
            return None
        if query.limit is not None and query.limit <= _FEW:
            return self.index.find(query)
        found = self.index.find(replace(query, limit=_FEW))
        return found if len(found) < _FEW else None

    @property
    def is_embedded(self) -> bool:
        """Whether the index is asked without another process."""
        return not self.settings.database

    def is_at_hand(self) -> bool:
        """Whether the index is embedded, and knows all that was acknowledged."""
        if not self.is_embedded or self.projection.position < self.journal.sequence:
            return False
        return self.journal.seem_settled()

    async def count(self, query: Query) -> int:
        """How many answers there are, limit and offset aside."""
        await self.settle()
        return await self._ask(self.index.count, query)

    async def stream(self, query: Query) -> AsyncIterator[list[Found]]:
        """The answers in parts, for queries without a limit."""
        await self.settle()
        parts: Iterator[list[Found]] = self.index.stream(query)
        try:
            while (part := await self._ask(_next, parts)) is not None:
                yield part
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                await self._ask(close)

    async def locations(self, **of: Any) -> list[Location]:
        """Where instances lie: of a patient, studies, series or instances, as `Index.locations`."""
        if self.is_at_hand():  # some hundreds are read sooner than a thread begins
            found = self.index.locations(**of, limit=_SOME)
            if len(found) < _SOME:
                return found
        elif self.settings.database:
            version = self.journal.version()  # of before the index has caught up with it
            await self.settle()
            soon = await _soon(self.index.locations_soon(**of, limit=_SOME, version=version))
            if soon is not None and len(soon) < _SOME:
                return soon
        await self.settle()
        return await self._ask(lambda: self.index.locations(**of))

    # Giving back.

    async def read(self, location: Location, start: int = 0, length: int | None = None) -> bytes:
        """Bytes of the stored file. ServiceError where it is not there."""
        return await self.objects.read(location.key, start, length)

    def read_at_once(self, location: Location, start: int = 0) -> bytes | None:
        """The same where it is not large and the system has it in its memory; None elsewhere.

        OSError or ServiceError where it is not there or not whole.
        """
        if self.root is None or location.size > _HEAD:
            return None
        try:
            return self.files.read(f"{self.root}/{location.key}", start, location.size - start)
        except FileNotFoundError:
            raise ServiceError("no-such-object", "its file is not there", source=location.key) from None

    def stream_object(
        self, location: Location, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """The same in pieces of 1 MB."""
        return self.objects.stream(location.key, start, length)

    def path(self, location: Location) -> Path | None:
        """The stored file, where it is one of this machine."""
        return self.objects.path(location.key)

    async def header(self, location: Location) -> dicom.Package:
        """The stored object, parsed; where it lies far away, what precedes the pixel data of a large one.

        ServiceError where it is not there.
        """
        path = self.path(location)
        if path is not None:
            if not path.exists():
                raise ServiceError("no-such-object", "its file is not there", source=location.key)
            return dicom.read_file(path)
        if location.size <= _HEAD:
            return dicom.parse(await self.read(location), source=location.sop_instance)
        if not location.transfer_syntax.endswith(".99"):
            package = dicom.parse(await self.read(location, 0, _HEAD), source=location.sop_instance)
            if next(reversed(package.data.records), 0) >= _PIXELS:
                return package
        return await self.whole(location)

    async def whole(self, location: Location) -> dicom.Package:
        """The stored object with all its bytes at hand. ServiceError where it is not there."""
        if self.path(location) is not None or location.size <= _HEAD:
            return await self.header(location)
        return dicom.parse(await self._fetched.mapped(location), source=location.sop_instance)

    # The journal, read by those who act on what arrived. Not for the event loop: files are read.

    def chains(self) -> list[str]:
        """The names of the journal's chains, one for each process that wrote."""
        return self.journal.chains()

    def records(self, chain: str, after: int, most: int) -> list[Record]:
        """The records of a chain behind a number, so many at most; ParseError where it is broken."""
        return list(itertools.islice(self.journal.records(chain, after), most))

    def positions(self) -> dict[str, int]:
        """The number of the last record of each chain."""
        return self.journal.positions()

    def location_of(self, event: Event) -> Location | None:
        """Where the object of an event lies; None for events that brought none."""
        return location_of(event)

    # Telling.

    async def watch(self) -> AsyncIterator[Arrived]:
        """What arrives at this process from now on, in batches; ends when the archive is closed."""
        queue: asyncio.Queue[Arrived] = asyncio.Queue(1000)
        self._watchers.append(queue)
        try:
            while batch := await queue.get():
                yield batch
        finally:
            self._watchers.remove(queue)

    def _heard(self, known: Sequence[Durable]) -> None:
        self.journal.projected(self.projection.position)
        loop = self._keeping.loop
        if loop is not None and known:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._spread, list(known))

    def _spread(self, known: list[Durable]) -> None:
        batch: Arrived = []
        for one in known:
            if one.location is not None:
                self._questions.indexed(one.location)
                self._keeping.recent.pop(one.location.sop_instance, None)
                batch.append((one.event, one.location, one.location.study))
        for queue in self._watchers if batch else ():
            with contextlib.suppress(asyncio.QueueFull):  # who does not listen misses what is shown live
                queue.put_nowait(batch)


async def _soon(asked: Awaitable[T] | None) -> T | None:
    """What is asked in the loop itself; None where that cannot be, and another way is to be gone."""
    if asked is None:
        return None
    try:
        return await asked
    except ServiceError:
        return None


def _next(parts: Iterator[list[Found]]) -> list[Found] | None:
    return next(parts, None)
