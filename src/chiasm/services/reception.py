"""One object being received: hashed as it comes, checked, made durable, then answered."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from .. import dicom
from ..dicom import outset, part10
from ..dicom.dataset import DataSet
from ..dicom.package import form_for
from ..errors import ChiasmError, ServiceError
from ..model import Event, Location, Outcome, Source, Verdict
from ..standards import uids
from .digest import digest_of, new_hasher, recorded
from .extraction import BEGINNING

if TYPE_CHECKING:
    from ..store.journal import Told
    from ..store.objects import ObjectWriter
    from .question import Question
    from .turns import Turn

HEAD = 1 << 20
_PLAIN = 32 << 10
"""Bytes of the file that are read at most to see what it is, and those that mostly suffice."""

Above = tuple[str, str]
"""UIDs of the study and of the series that an object belongs to."""

Then = Callable[[Outcome], None]
"""Told the outcome of an object."""


def now() -> str:
    """The time of an event: UTC, ISO 8601, microseconds."""
    second, micros = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{_second(second)}.{micros:06d}+00:00"


@functools.lru_cache(1)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class Keeper(Protocol):
    """The archive as a reception sees it."""

    refuses_versions: bool

    def create(self) -> ObjectWriter:
        """A writer of a new object."""

    def turn(self, sop_instance: str) -> Turn:
        """One at a time for each SOP instance."""

    def is_recent(self, sop_instance: str) -> bool:
        """Whether something is held that the index is not known to have heard of."""

    def ask(self, sop_instance: str, study: str) -> Question | None:
        """Begin to ask whether anything is held under a UID; None where it must be waited for."""

    async def held(self, sop_instance: str) -> tuple[bytes, str] | None:
        """Digest and transfer syntax of what is held."""

    async def keep(self, writer: ObjectWriter, event: Event, location: Location) -> None:
        """Take the writer, make its object durable with its event, and let the index know."""

    def keep_soon(self, writer: ObjectWriter, event: Event, location: Location, then: Told) -> bool:
        """The same without waiting: `then` is told. False, and nothing done, where that cannot be."""

    async def note(self, event: Event) -> None:
        """Put another act into the journal."""


class Reception:
    """One object on its way in. `write` its data set, then `complete` or `abandon`.

    `header` is what stands before the data set in the file: preamble and meta group. `wanted` is the study
    that the object must be of, where it is not empty.
    """

    def __init__(
        self,
        archive: Keeper,
        sop_class: str,
        sop_instance: str,
        transfer_syntax: str,
        source: Source,
        header: bytes,
        wanted: str = "",
    ) -> None:
        self._archive = archive
        self.sop_class, self.sop_instance = sop_class, sop_instance
        self.transfer_syntax, self.source = transfer_syntax, source
        self._header, self._wanted = header, wanted
        self._digest = new_hasher()
        self._failure: ServiceError | None = None
        self._above: Above | None = None
        self._finishing: asyncio.Task[None] | None = None
        self._question: Question | None = None
        self._taken = self._looked = False
        self._writer = archive.create()
        self._writer.write(header)

    @property
    def size(self) -> int:
        """Bytes of the file so far."""
        return self._writer.size

    def write(self, data: bytes | memoryview) -> None:
        """Take a part of the data set; what cannot be kept is told by `complete`."""
        if self._failure is not None:
            return
        try:
            self._writer.write(data)  # first: the disk may write it while it is hashed
        except OSError as error:
            self._failure = ServiceError("out-of-resources", f"it cannot be written: {error.strerror}")
        if self._above is None and not self._looked and self._writer.size >= _PLAIN:
            self._above = self._seen()
            if self._above is not None:
                self._question = self._archive.ask(self.sop_instance, self._above[0])
        self._digest.update(data)

    def abandon(self) -> None:
        """Forget the object: the sender went away, or it is refused."""
        self._writer.abandon()

    async def complete(self) -> Outcome:
        """The truthful outcome, once the object and its event are durable, or once it is refused."""
        try:
            if self._failure is not None:
                raise self._failure
            above = self._checked()
            async with self._archive.turn(self.sop_instance):
                return await self._keep(above)
        except ServiceError as error:
            return await self._refused(error)
        except OSError as error:
            failure = ServiceError("out-of-resources", f"it cannot be written: {error.strerror}")
            return await self._refused(failure)
        finally:
            if not self._taken:
                self._writer.abandon()

    def complete_soon(self, then: Then) -> bool:
        """The same without waiting: `then` is told.

        False, and nothing done, while another has its turn, where it takes waiting to know what is held, and
        for what is refused.
        """
        if self._failure is not None:
            return False
        try:
            study, _ = self._checked()
        except ServiceError:  # told by `complete`, which comes to it again
            return False
        question = self._question
        if question is None or question.is_old(time.monotonic()):
            question = self._archive.ask(self.sop_instance, study)
        turn = self._archive.turn(self.sop_instance)
        if question is None or not turn.take():
            return False
        question.then(lambda is_new: self._answered(turn, then, is_new=is_new))
        return True

    def _answered(self, turn: Turn, then: Then, *, is_new: bool) -> None:
        """The index has said whether the object is new: keep it without waiting, or else as any other."""
        is_new = is_new and not self._archive.is_recent(self.sop_instance)
        if not self._keep_soon(turn, then, is_new=is_new):
            self._finishing = asyncio.ensure_future(self._complete_then(then))

    async def _complete_then(self, then: Then) -> None:
        try:
            outcome = await self.complete()
        except Exception as error:
            outcome = await self._refused(ServiceError("fault", f"{type(error).__name__}: {error}"))
        then(outcome)

    def _keep_soon(self, turn: Turn, then: Then, *, is_new: bool) -> bool:
        """Keep a new object and leave the turn; False where it cannot be kept so, with the turn left."""

        def kept(number: int | BaseException) -> None:
            turn.leave()
            if isinstance(number, int):
                then(self._outcome(Verdict.STORED, location.study))
            else:
                self._finishing = asyncio.ensure_future(self._refuse(number, then))

        if is_new:
            location, event = self._recorded(self._checked())
            self._taken = self._archive.keep_soon(self._writer, event, location, kept)
        if not self._taken:
            turn.leave()
        return self._taken

    async def _refuse(self, error: BaseException, then: Then) -> None:
        """Note that the object could not be made durable, and tell."""
        told = (
            error
            if isinstance(error, ServiceError)
            else ServiceError("fault", f"{type(error).__name__}: {error}")
        )
        then(await self._refused(told))

    def _checked(self) -> Above:
        """What the object belongs to. ServiceError for what it is not."""
        if self._above is None:
            self._above = self._seen() or self._verified()
        if self._wanted and self._above[0] != self._wanted:
            raise ServiceError("mismatch", f"it is of the study {self._above[0]}", rule="PS3.18 §10.5.1")
        return self._above

    @property
    def _said(self) -> tuple[str, str]:
        return self.sop_class, self.sop_instance

    def _seen(self) -> Above | None:
        """What the beginning of the data set says it belongs to, where it is as plain as most are."""
        self._looked = True
        syntax = uids.transfer_syntax(self.transfer_syntax)
        if syntax is None or syntax.deflated:
            return None
        start = len(self._header)
        found = outset.uids_of(self._writer.head(start + BEGINNING), start, form_for(syntax))
        if found is None or (found[outset.SOP_CLASS], found[outset.SOP_INSTANCE]) != self._said:
            return None
        return found[outset.STUDY], found[outset.SERIES]

    def _verified(self) -> Above:
        """The same of a data set that is not so plain."""
        try:
            package: DataSet = dicom.parse(self._writer.head(HEAD), source=self.sop_instance).data
        except ChiasmError as error:
            raise ServiceError("not-understood", error.message, place=error.place, rule=error.rule) from None
        try:
            said = (str(package.get("SOPClassUID") or ""), str(package.get("SOPInstanceUID") or ""))
            above = (package.get("StudyInstanceUID"), package.get("SeriesInstanceUID"))
        except ChiasmError as error:
            raise ServiceError("not-understood", error.message, place=error.place, rule=error.rule) from None
        if not len(package):
            raise ServiceError("not-understood", "no element of a data set can be read", rule="PS3.5 §7.1")
        for name, there, told in zip(("SOP Class UID", "SOP Instance UID"), said, self._said, strict=True):
            if there != told:
                raise ServiceError("mismatch", f"its {name} is {there or 'empty'}, announced was {told}")
        for name, value in zip(("Study Instance UID", "Series Instance UID"), above, strict=True):
            if not isinstance(value, str) or not value:
                raise ServiceError("mismatch", f"it has no {name}", rule="PS3.3 §C.7")
        return str(above[0]), str(above[1])

    async def _keep(self, above: Above) -> Outcome:
        held = await self._archive.held(self.sop_instance)
        location, event = self._recorded(above)
        if held is not None and held == (location.digest, self.transfer_syntax):
            return self._outcome(Verdict.IDENTICAL, above[0])
        if held is not None and self._archive.refuses_versions:
            raise ServiceError("conflict", "another object is held under its SOP Instance UID")
        self._taken = True
        await self._archive.keep(self._writer, event, location)
        return self._outcome(Verdict.STORED if held is None else Verdict.VERSION, above[0])

    def _recorded(self, above: Above) -> tuple[Location, Event]:
        """Where the object lies once it is kept, and what the journal tells of it."""
        study, series = above
        location = Location(
            self._writer.key,
            self._writer.size,
            len(self._header),
            digest_of(self._digest),
            self.transfer_syntax,
            self.sop_class,
            self.sop_instance,
            series,
            study,
        )
        return location, Event("stored", now(), self.source, detail_of(location, self._header))

    def _outcome(self, verdict: Verdict, study: str, failure: str = "", message: str = "") -> Outcome:
        return Outcome(verdict, self.sop_class, self.sop_instance, study, failure, message)

    async def _refused(self, error: ServiceError) -> Outcome:
        """The outcome of an object that is not kept, with a note of it in the journal."""
        detail = {"class": self.sop_class, "instance": self.sop_instance, "failure": error.failure.name}
        with contextlib.suppress(
            ServiceError
        ):  # a journal that is full does not keep the truth from the sender
            await self._archive.note(Event("refused", now(), self.source, {**detail, "message": str(error)}))
        return self._outcome(Verdict.REFUSED, "", error.failure.name, str(error))


@functools.lru_cache(1024)
def _meta(sop_class: str, transfer_syntax: str, ae_title: str) -> tuple[bytes, bytes]:
    """What stands before and behind the SOP Instance UID in a meta group, its length left out."""

    def element(number: int, vr: bytes, value: bytes, pad: bytes) -> bytes:
        value += pad * (len(value) % 2)
        return struct.pack("<HH2sH", 2, number, vr, len(value)) + value

    before = (
        struct.pack("<HH2sHI", 2, 1, b"OB", 0, 2) + b"\0\1" + element(2, b"UI", sop_class.encode(), b"\0")
    )
    behind = element(0x10, b"UI", transfer_syntax.encode(), b"\0")
    behind += element(0x12, b"UI", part10.IMPLEMENTATION_CLASS.encode(), b"\0")
    behind += element(0x13, b"SH", part10.IMPLEMENTATION_VERSION.encode(), b" ")
    if ae_title:
        behind += element(0x16, b"AE", ae_title.encode("ascii", "replace")[:16], b" ")
    return before, behind


def header_for(sop_class: str, sop_instance: str, transfer_syntax: str, source: Source) -> bytes:
    """Preamble and meta group of the file that an object becomes. PS3.10 §7.1."""
    before, behind = _meta(sop_class, transfer_syntax, source.name if source.kind == "dimse" else "")
    uid = sop_instance.encode("ascii", "replace")
    uid += b"\0" * (len(uid) % 2)
    group = before + struct.pack("<HH2sH", 2, 3, b"UI", len(uid)) + uid + behind
    length = struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(group))
    return b"".join((bytes(128), b"DICM", length, group))


def detail_of(location: Location, header: bytes) -> dict[str, object]:
    """What the event of a stored object says: all that its Location does, and the digest of its header."""
    return {
        "key": location.key,
        "size": location.size,
        "offset": location.offset,
        **recorded(location.digest),
        "header": hashlib.sha256(header).hexdigest(),
        "syntax": location.transfer_syntax,
        "class": location.sop_class,
        "instance": location.sop_instance,
        "series": location.series,
        "study": location.study,
    }
