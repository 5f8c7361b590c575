"""One object being received: hashed as it comes, checked, made durable, then answered."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import struct
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from .. import dicom
from ..dicom import part10
from ..dicom.dataset import DataSet
from ..dicom.package import form_for
from ..dicom.reading import Reading
from ..errors import ChiasmError, ServiceError
from ..model import Event, Location, Outcome, Source, Verdict
from ..standards import uids
from .extraction import BEGINNING

if TYPE_CHECKING:
    from ..store.objects import ObjectWriter

HEAD = 1 << 20
"""Bytes of the file that are parsed at most to see what it is."""

_SERIES = 0x0020000E


def now() -> str:
    """The time of an event: UTC, ISO 8601, microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Keeper(Protocol):
    """The archive as a reception sees it."""

    refuses_versions: bool

    def create(self) -> ObjectWriter:
        """A writer of a new object."""

    def turn(self, sop_instance: str) -> AbstractAsyncContextManager[None]:
        """One at a time for each SOP instance."""

    async def held(self, sop_instance: str) -> tuple[bytes, str] | None:
        """Digest and transfer syntax of what is held."""

    async def keep(self, writer: ObjectWriter, event: Event, location: Location) -> None:
        """Take the writer, make its object durable with its event, and let the index know."""

    async def note(self, event: Event) -> None:
        """Put another act into the journal."""


class Reception:
    """One object on its way in. `write` its data set, then `complete` or `abandon`.

    `header` is what stands before the data set in the file: preamble and meta group.
    """

    def __init__(
        self,
        archive: Keeper,
        sop_class: str,
        sop_instance: str,
        transfer_syntax: str,
        source: Source,
        header: bytes,
    ) -> None:
        self._archive = archive
        self.sop_class, self.sop_instance = sop_class, sop_instance
        self.transfer_syntax, self.source = transfer_syntax, source
        self._header = header
        self._digest = hashlib.sha256()
        self._failure: ServiceError | None = None
        self._taken = False
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
        self._digest.update(data)
        try:
            self._writer.write(data)
        except OSError as error:
            self._failure = ServiceError("out-of-resources", f"it cannot be written: {error.strerror}")

    def abandon(self) -> None:
        """Forget the object: the sender went away, or it is refused."""
        self._writer.abandon()

    async def complete(self) -> Outcome:
        """The truthful outcome, once the object and its event are durable, or once it is refused."""
        try:
            if self._failure is not None:
                raise self._failure
            package = self._checked()
            study = str(package.get("StudyInstanceUID"))
            async with self._archive.turn(self.sop_instance):
                return await self._keep(package, study)
        except ServiceError as error:
            return await self._refused(error)
        except OSError as error:
            failure = ServiceError("out-of-resources", f"it cannot be written: {error.strerror}")
            return await self._refused(failure)
        finally:
            if not self._taken:
                self._writer.abandon()

    def _checked(self) -> DataSet:
        """The parsed beginning of the object. ServiceError for what it is not."""
        start, syntax = len(self._header), uids.transfer_syntax(self.transfer_syntax)
        if syntax is not None and not syntax.deflated and self.size > start + 2 * BEGINNING:
            for most in (BEGINNING // 2, BEGINNING):
                head = self._writer.head(start + most)
                beginning = DataSet.at(head, start, len(head), form_for(syntax), Reading())
                with contextlib.suppress(ChiasmError):
                    if next(reversed(beginning.records), 0) > _SERIES:
                        return self._verified(beginning)
        try:
            whole = dicom.parse(self._writer.head(HEAD), source=self.sop_instance)
        except ChiasmError as error:
            raise ServiceError("not-understood", error.message, place=error.place, rule=error.rule) from None
        return self._verified(whole.data)

    def _verified(self, package: DataSet) -> DataSet:
        try:
            said = (str(package.get("SOPClassUID") or ""), str(package.get("SOPInstanceUID") or ""))
            above = (package.get("StudyInstanceUID"), package.get("SeriesInstanceUID"))
        except ChiasmError as error:
            raise ServiceError("not-understood", error.message, place=error.place, rule=error.rule) from None
        if not len(package):
            raise ServiceError("not-understood", "no element of a data set can be read", rule="PS3.5 §7.1")
        for name, there, told in zip(
            ("SOP Class UID", "SOP Instance UID"), said, (self.sop_class, self.sop_instance), strict=True
        ):
            if there != told:
                raise ServiceError("mismatch", f"its {name} is {there or 'empty'}, announced was {told}")
        for name, value in zip(("Study Instance UID", "Series Instance UID"), above, strict=True):
            if not isinstance(value, str) or not value:
                raise ServiceError("mismatch", f"it has no {name}", rule="PS3.3 §C.7")
        return package

    async def _keep(self, package: DataSet, study: str) -> Outcome:
        digest = self._digest.digest()
        held = await self._archive.held(self.sop_instance)
        if held is not None and held == (digest, self.transfer_syntax):
            return self._outcome(Verdict.IDENTICAL, study)
        if held is not None and self._archive.refuses_versions:
            raise ServiceError("conflict", "another object is held under its SOP Instance UID")
        location = Location(
            self._writer.key,
            self._writer.size,
            len(self._header),
            digest,
            self.transfer_syntax,
            self.sop_class,
            self.sop_instance,
            str(package.get("SeriesInstanceUID")),
            study,
        )
        event = Event("stored", now(), self.source, detail_of(location, self._header))
        self._taken = True
        await self._archive.keep(self._writer, event, location)
        return self._outcome(Verdict.STORED if held is None else Verdict.VERSION, study)

    def _outcome(self, verdict: Verdict, study: str, failure: str = "", message: str = "") -> Outcome:
        return Outcome(verdict, self.sop_class, self.sop_instance, study, failure, message)

    async def _refused(self, error: ServiceError) -> Outcome:
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
        "sha256": location.sha256.hex(),
        "header": hashlib.sha256(header).hexdigest(),
        "syntax": location.transfer_syntax,
        "class": location.sop_class,
        "instance": location.sop_instance,
        "series": location.series,
        "study": location.study,
    }
