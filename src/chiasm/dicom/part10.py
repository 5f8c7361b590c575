"""Reading and making DICOM files: preamble, meta group and data set found in the bytes. PS3.10 §7."""

from __future__ import annotations

import mmap
import os
from collections.abc import Mapping
from pathlib import Path

from ..errors import Finding, LimitError, ParseError, UsageError
from ..limits import DEFAULT, Limits
from ..standards import uids
from ..standards.uids import TransferSyntax
from .dataset import DataSet
from .deflate import inflate
from .detect import form_of
from .package import TRANSFER_SYNTAX, Package, form_for
from .reading import Buffer, Reading
from .vr import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Form

_MAPPED = 1 << 18
IMPLEMENTATION_CLASS = "2.25.180113446210533719206325143812744218857"
IMPLEMENTATION_VERSION = "CHIASM"
_NATIVE = {EXPLICIT_LITTLE: uids.EXPLICIT_LITTLE, IMPLICIT_LITTLE: uids.IMPLICIT_LITTLE} | {
    EXPLICIT_BIG: uids.EXPLICIT_BIG
}


def read_file(path: str | os.PathLike[str], *, limits: Limits = DEFAULT) -> Package:
    """The package of a file; files over 256 kB are mapped, so that pixel data is not read.

    UsageError for a file that cannot be opened, else as `parse`. A mapped file must not be shortened
    while the package is in use.
    """
    try:
        with Path(path).open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            is_large = size > _MAPPED
            data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) if is_large else stream.read()
    except OSError as error:
        raise UsageError(f"cannot read the file: {error.strerror}", source=str(path)) from None
    return parse(data, limits=limits, source=str(path))


def parse(
    data: bytes | bytearray | memoryview | mmap.mmap, *, limits: Limits = DEFAULT, source: str = ""
) -> Package:
    """The package of the bytes of a file or of a bare data set; nothing is decoded yet.

    What deviates and can be read is in `findings`. Mutable bytes are copied. ParseError for what is no
    DICOM, LimitError beyond the budgets.
    """
    buffer: Buffer = data if isinstance(data, bytes | mmap.mmap) else bytes(data)
    findings: list[Finding] = []
    reading = Reading(limits, source, findings)
    lead = _lead(buffer)
    header, start = _meta(buffer, lead, reading)
    declared = _declared(header, reading)
    total = len(buffer)
    if declared is not None and declared.deflated:
        package = _deflated(buffer, lead, header, start, declared, reading)
        if package is not None:
            return package
    expected = None if declared is None else form_for(declared)
    form = form_of(buffer, start, total, expected, strict=not (lead or start))
    if form is None:
        if not lead and not len(header):
            raise ParseError(
                "neither a DICOM file nor a data set", source=source, place="byte 0", rule="PS3.10 §7.1",
                hint="a DICOM file has DICM at byte 128",
            )  # fmt: skip
        form = EXPLICIT_LITTLE if declared is None else form_for(declared)
    syntax = _effective(declared, form, start, reading)
    body = DataSet.at(buffer, start, total, form, reading)
    _ = body.records
    return Package(header, body, syntax, lead=buffer[:lead], buffer=buffer, start=start, findings=findings)


def _lead(buffer: Buffer) -> int:
    if buffer[128:132] == b"DICM":
        return 132
    return 4 if buffer[:4] == b"DICM" else 0


def _meta(buffer: Buffer, start: int, reading: Reading) -> tuple[DataSet, int]:
    """Group 0002, by its tags: its own group length is often wrong or missing. PS3.10 §7.1."""
    head, long = EXPLICIT_LITTLE.head, EXPLICIT_LITTLE.long
    form = EXPLICIT_LITTLE
    if buffer[start : start + 2] == b"\2\0" and not buffer[start + 4 : start + 6].isalpha():
        form = IMPLICIT_LITTLE
        reading.tolerate(start, "implicit-meta", "the meta group is in implicit VR", "PS3.10 §7.1")
    pos, total = start, len(buffer)
    while pos + 8 <= total and buffer[pos : pos + 2] == b"\2\0":
        code, length = head.unpack_from(buffer, pos)[2:]
        if form.implicit:
            pos += 8 + form.long.unpack_from(buffer, pos + 4)[0]
        elif code in (b"OB", b"UN", b"UT", b"OW", b"SQ", b"UR", b"UC"):
            pos += 12 + (long.unpack_from(buffer, pos + 8)[0] if pos + 12 <= total else 0)
        else:
            pos += 8 + length
    stop = min(pos, total)
    if 0 < total - stop < 8 and buffer[stop : stop + 2] == b"\2\0":
        stop = total
    header = DataSet.at(buffer, start, stop, form, reading)
    length = header.get(0x00020000)
    if stop > start and length is not None and isinstance(length, int) and start + 12 + length != stop:
        message = f"the meta group has {stop - start - 12} bytes, its length says {length}"
        reading.tolerate(start, "group-length", message, "PS3.10 §7.1")
    return header, stop


def _declared(header: DataSet, reading: Reading) -> TransferSyntax | None:
    uid = header.get(TRANSFER_SYNTAX)
    if isinstance(uid, str):
        syntax = uids.transfer_syntax(uid)
        if syntax is None:
            message = f"{uid} is no known transfer syntax; the bytes decide"
            reading.tolerate(header.start, "unknown-transfer-syntax", message, "PS3.5 §A")
        return syntax
    if len(header):
        reading.tolerate(header.start, "no-transfer-syntax", "the bytes decide", "PS3.10 §7.1")
    return None


def _deflated(
    buffer: Buffer, lead: int, header: DataSet, start: int, syntax: TransferSyntax, reading: Reading
) -> Package | None:
    """The package of a deflated data set; None where the bytes are a plain one."""
    try:
        inner = inflate(buffer, start, reading) if start < len(buffer) else b""
    except LimitError:
        raise
    except ParseError:
        return None
    form = form_of(inner, 0, len(inner), EXPLICIT_LITTLE) or EXPLICIT_LITTLE
    own = Reading(reading.limits, reading.source, reading.findings)
    body = DataSet.at(inner, 0, len(inner), form, own)
    _ = body.records
    return Package(
        header, body, syntax, lead=buffer[:lead], buffer=buffer, start=start, findings=reading.findings
    )


def _effective(declared: TransferSyntax | None, form: Form, start: int, reading: Reading) -> TransferSyntax:
    if declared is not None and form_for(declared) == form and not declared.deflated:
        return declared
    uid = _NATIVE.get(form)
    if declared is not None:
        actual = uids.name(uid) if uid is not None else "implicit VR big endian"
        message = f"the header says {declared.name}, the bytes are in {actual}"
        reading.tolerate(start, "wrong-transfer-syntax", message, "PS3.5 §A")
    found = uids.transfer_syntax(uid) if uid is not None else None
    return found or TransferSyntax("", "Implicit VR Big Endian", True, False, False, False, True)


def create(
    data: DataSet | Mapping[str, object],
    *,
    transfer_syntax: str = uids.EXPLICIT_LITTLE,
    sop_class: str | None = None,
    sop_instance: str | None = None,
) -> Package:
    """A new file around a data set, with a meta group that matches it.

    SOP class and instance are those of the data set; where it has none, the given ones are put in.
    UsageError where one is missing in both, or for an unknown transfer syntax. PS3.10 §7.1.
    """
    body = data if isinstance(data, DataSet) else DataSet(data)
    syntax = uids.transfer_syntax(transfer_syntax)
    if syntax is None:
        raise UsageError(f"{transfer_syntax!r} is no transfer syntax", rule="PS3.5 §A")
    for tag, given in ((0x00080016, sop_class), (0x00080018, sop_instance)):
        if given is not None and body.get(tag) != given:
            body.set(tag, given)
        if not isinstance(body.get(tag), str):
            raise UsageError(
                "a file needs a SOP class and a SOP instance UID", place=f"{tag:08X}", rule="PS3.10 §7.1"
            )
    header = DataSet()
    header.set(0x00020000, 0)
    header.set(0x00020001, b"\0\1")
    header.set(0x00020002, body.get(0x00080016))
    header.set(0x00020003, body.get(0x00080018))
    header.set(TRANSFER_SYNTAX, transfer_syntax)
    header.set(0x00020012, IMPLEMENTATION_CLASS)
    header.set(0x00020013, IMPLEMENTATION_VERSION)
    return Package(header, body, syntax, lead=b"\0" * 128 + b"DICM")
