"""The DICOM package: {Header, Data}, that is file meta information and data set. PS3.10 §7."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EncodeError, Finding, UsageError
from ..standards import uids
from ..standards.uids import TransferSyntax
from .dataset import DataSet, Element, Value
from .deflate import deflate
from .encode import Encoding
from .keys import Key
from .ordered import Plain, to_ordered_dict
from .reading import Buffer, pieces
from .recoding import recode
from .vr import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Form

if TYPE_CHECKING:
    from pydicom import FileDataset

    from .json_model import BulkWriter

TRANSFER_SYNTAX = 0x00020010


def form_for(syntax: TransferSyntax) -> Form:
    """The form that a transfer syntax prescribes: PS3.5 §A."""
    if syntax.implicit_vr:
        return IMPLICIT_LITTLE
    return EXPLICIT_LITTLE if syntax.little_endian else EXPLICIT_BIG


class Package:
    """Header and data set of one object, with the bytes that they were parsed from.

    `preamble` are the 128 bytes before `DICM`, None where there are none; `header` is group 0002, empty
    for a bare data set; `transfer_syntax` is what the bytes are in, whatever the header says. The
    mapping methods are those of `data`.
    """

    __slots__ = ("_buffer", "_lead", "_start", "data", "findings", "header", "preamble", "transfer_syntax")

    def __init__(
        self,
        header: DataSet,
        data: DataSet,
        transfer_syntax: TransferSyntax,
        *,
        lead: bytes = b"",
        buffer: Buffer | None = None,
        start: int = 0,
        findings: list[Finding] | None = None,
    ) -> None:
        self.header = header
        self.data = data
        self.transfer_syntax = transfer_syntax
        self.preamble = lead[:128] if len(lead) >= 132 else None
        self.findings: list[Finding] = [] if findings is None else findings
        self._lead = lead
        self._buffer = buffer
        self._start = start

    def encode(self, transfer_syntax: str | None = None) -> bytes:
        """The bytes of the whole file: those it was parsed from, but for what was edited.

        With the UID of another transfer syntax the data set is converted, header included. EncodeError
        where pixel data would have to be compressed or decompressed for it.
        """
        return b"".join(self.parts(transfer_syntax))

    def write(self, path: str | os.PathLike[str], transfer_syntax: str | None = None) -> None:
        """Write the file piece by piece beside its final place, then put it there in one step."""
        target = Path(path)
        try:
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=".chiasm-")
        except OSError as error:
            raise UsageError(f"cannot write there: {error.strerror}", source=str(target)) from None
        try:
            with os.fdopen(handle, "wb") as stream:
                for part in self.parts(transfer_syntax):
                    stream.write(part)
            mask = os.umask(0)
            os.umask(mask)
            Path(name).chmod(0o666 & ~mask)
            Path(name).replace(target)
        except OSError as error:
            raise UsageError(f"cannot write: {error.strerror}", source=str(target)) from None
        finally:
            with contextlib.suppress(OSError):
                Path(name).unlink()

    def parts(self, transfer_syntax: str | None = None) -> Iterator[bytes]:
        """The bytes of `encode` in pieces."""
        syntax = self._target(transfer_syntax)
        if syntax is None and self._buffer is not None and not (self.header.is_dirty or self.data.is_dirty):
            return pieces(self._buffer, 0, len(self._buffer))
        return self._assemble(syntax)

    def _target(self, uid: str | None) -> TransferSyntax | None:
        """The transfer syntax to convert to, None where the data set stays in its own."""
        if uid is None and self.header.is_dirty and self._buffer is not None:
            declared = self.header.get(TRANSFER_SYNTAX)
            if TRANSFER_SYNTAX in self.header.edits.fresh and isinstance(declared, str):
                uid = declared
        if uid is None or uid == self.transfer_syntax.uid:
            return None
        syntax = uids.transfer_syntax(uid)
        if syntax is None:
            raise UsageError(f"{uid!r} is no transfer syntax", rule="PS3.5 §A")
        if (syntax.encapsulated or self.transfer_syntax.encapsulated) and 0x7FE00010 in self.data:
            raise EncodeError(
                f"the pixels would have to be transcoded from {self.transfer_syntax.name} to {syntax.name}",
                rule="PS3.5 §A.4",
            )
        return syntax

    def _assemble(self, syntax: TransferSyntax | None) -> Iterator[bytes]:
        header = self.header
        if syntax is not None and len(header) and header.get(TRANSFER_SYNTAX) != syntax.uid:
            header = header.copy()
            header.set(TRANSFER_SYNTAX, syntax.uid)
        meta = list(Encoding(header).parts())
        chosen = syntax or self.transfer_syntax
        if syntax is None and self._buffer is not None and not self.data.is_dirty:
            body: Iterable[bytes] = pieces(self._buffer, self._start, len(self._buffer))
        else:
            body = Encoding(self.data, form_for(chosen) if syntax or self._buffer is None else None).parts()
            body = deflate(body) if chosen.deflated else body
        return _chain((self._lead,), meta, body)

    def to_json(self, *, bulk: BulkWriter | None = None) -> str:
        """The data set in the DICOM JSON model: PS3.18 §F; `bulk` gives URIs for binary values."""
        from .json_model import to_json

        return to_json(self.data, bulk=bulk)

    def to_xml(self, *, bulk: BulkWriter | None = None) -> bytes:
        """The data set in the Native DICOM Model: PS3.19 §A.1; `bulk` gives URIs for binary values."""
        from .xml_model import to_xml

        return to_xml(self.data, bulk=bulk)

    def to_pydicom(self) -> FileDataset:
        """The file as pydicom reads it. Raises UsageError where pydicom is not installed."""
        from .pydicom_bridge import to_pydicom

        return to_pydicom(self.encode())

    def to_ordered_dict(self) -> Plain:
        """Keyword or tag to decoded value; see `ordered.to_ordered_dict`."""
        return to_ordered_dict(self.data)

    @property
    def charset(self) -> tuple[str, ...]:
        """The Specific Character Set of the data set; setting it re-encodes its texts."""
        return self.data.charset

    @charset.setter
    def charset(self, terms: str | tuple[str, ...]) -> None:
        recode(self.data, terms)

    def get(self, key: Key, default: Value = None) -> Value:
        """As `DataSet.get`."""
        return self.data.get(key, default)

    def set(self, key: Key, value: object, vr: str | None = None) -> None:
        """As `DataSet.set`."""
        self.data.set(key, value, vr)

    def element(self, key: Key) -> Element | None:
        """As `DataSet.element`."""
        return self.data.element(key)

    def raw(self, key: Key) -> bytes:
        """As `DataSet.raw`."""
        return self.data.raw(key)

    def walk(self) -> Iterator[tuple[str, Element]]:
        """As `DataSet.walk`."""
        return self.data.walk()

    def __getitem__(self, key: Key) -> Value:
        return self.data[key]

    def __setitem__(self, key: Key, value: object) -> None:
        self.data[key] = value

    def __delitem__(self, key: Key) -> None:
        del self.data[key]

    def __contains__(self, key: object) -> bool:
        return key in self.data

    def __iter__(self) -> Iterator[Element]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        return f"Package({self.transfer_syntax.name}, {len(self.data)} elements)"


def _chain(*many: Iterable[bytes]) -> Iterator[bytes]:
    for one in many:
        yield from one
