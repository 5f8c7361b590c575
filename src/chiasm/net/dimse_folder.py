"""Objects that a peer gives, as Part 10 files in a folder: streamed, never written over, named by UIDs."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .. import dicom
from ..errors import ChiasmError, ServiceError
from ..model.holdings import Source
from ..services.reception import header_for
from .dimse_client import Incoming

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")  # leading zeros are wrong, but there are such
_CHUNK = 1 << 20
_VERSIONS = 1_000


def is_uid(text: str) -> bool:
    """Whether a text is a UID, and so may name a file: PS3.5 §9.1."""
    return len(text) <= 64 and _UID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one object: `state` is written, here (the same lies there already), beside or failed.

    `beside` is written under a further name, since another object lies under its own. `status` is what the
    peer is told.
    """

    sop_instance: str
    state: str
    path: Path | None = None
    message: str = ""
    status: int = 0


class Folder:
    """Where the objects of one study go: FOLDER/STUDY/INSTANCE.dcm. ServiceError where that cannot be."""

    def __init__(self, folder: Path, study: str) -> None:
        if not is_uid(study):
            raise ServiceError("bad-query", f"{study!r} is no UID", rule="PS3.5 §9.1")
        self.path = folder / study
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ServiceError(
                "out-of-resources", f"it cannot be made: {error.strerror}", source=str(self.path)
            ) from None

    def holds(self, sop_instance: str) -> bool:
        """Whether an object of this UID lies there, whole, since files get their names last."""
        return is_uid(sop_instance) and (self.path / f"{sop_instance}.dcm").is_file()

    def begin(self, incoming: Incoming) -> Writing:
        """The file that an object of the peer's goes to."""
        return Writing(self.path, incoming)


class Writing:
    """One object on its way into its file. What goes wrong is kept, and told by `settle`."""

    def __init__(self, folder: Path, incoming: Incoming) -> None:
        command = incoming.command
        self.sop_instance = command.affected_instance
        self._syntax = incoming.context.transfer_syntax
        self._folder, self._error, self._status = folder, "", 0
        self._part = folder / f".{secrets.token_hex(8)}.part"
        self._file: BinaryIO | None = None
        self._start = 0
        if not is_uid(self.sop_instance):
            self._fail(f"{self.sop_instance!r} is no UID", 0x0117)
            return
        calling = incoming.client.called
        header = header_for(command.affected_class, self.sop_instance, self._syntax, Source("dimse", calling))
        try:
            self._file = self._part.open("xb", buffering=0)
            self._write(header)
            self._start = len(header)
        except (OSError, ChiasmError) as error:
            self._fail(str(error), 0xA700)

    def write(self, data: memoryview) -> None:
        """Take a fragment."""
        if self._error or self._file is None:
            return
        try:
            self._write(data)
        except OSError as error:
            self._fail(f"it cannot be written: {error.strerror}", 0xA700)

    def _write(self, data: bytes | memoryview) -> None:
        assert self._file is not None
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) or 0 :]

    def abandon(self) -> None:
        """The association ended before the object did: nothing is left of it."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._part.unlink(missing_ok=True)

    def _fail(self, message: str, status: int) -> None:
        self._error, self._status = message, status
        self.abandon()

    def settle(self) -> Kept:
        """Give the file its name. Blocks: call it in a thread."""
        if self._file is None:
            return Kept(self.sop_instance, "failed", None, self._error, self._status)
        try:
            self._file.close()
            self._file = None
            return self._named()
        except OSError as error:
            return Kept(self.sop_instance, "failed", None, f"it cannot be written: {error.strerror}", 0xA700)
        finally:
            with contextlib.suppress(OSError):
                self._part.unlink(missing_ok=True)

    def _named(self) -> Kept:
        for version in range(1, _VERSIONS):
            name = f"{self.sop_instance}.dcm" if version == 1 else f"{self.sop_instance}.{version}.dcm"
            target = self._folder / name
            if _placed(self._part, target):
                if version == 1:
                    return Kept(self.sop_instance, "written", target)
                return Kept(self.sop_instance, "beside", target, "another object lay under its name")
            if self._is_same(target):
                return Kept(self.sop_instance, "here", target)
        return Kept(self.sop_instance, "failed", None, "too many other objects lie under its name", 0xA700)

    def _is_same(self, target: Path) -> bool:
        """Whether a file holds the same data set in the same transfer syntax; its header may differ."""
        try:
            package = dicom.read_file(target)
        except ChiasmError:
            return False
        start = package.header.stop
        if package.transfer_syntax.uid != self._syntax:
            return False
        del package
        if target.stat().st_size - start != self._part.stat().st_size - self._start:
            return False
        with target.open("rb") as one, self._part.open("rb") as other:
            one.seek(start)
            other.seek(self._start)
            while piece := one.read(_CHUNK):
                if other.read(_CHUNK) != piece:
                    return False
        return True


def _placed(part: Path, target: Path) -> bool:
    """Whether a file got a name that none had. Links are not known everywhere; renaming is."""
    try:
        os.link(part, target)
    except FileExistsError:
        return False
    except OSError:
        if target.exists():
            return False
        part.replace(target)
    return True
