"""Building a DICOMDIR: the directory of a set of files on a medium. PS3.3 §F, PS3.10 §8, PS3.11 §D.

Records are laid out one behind another, each followed by those below it, so that a reader that does not
follow the offsets understands them too. Offsets count from the first byte of the file.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import ChiasmError, EncodeError, Finding, UsageError
from ..standards import uids
from .dataset import DataSet
from .directory_records import ROOT_TYPES, record_of, record_type
from .encode import Encoding
from .general import new_uid
from .package import Package
from .part10 import IMPLEMENTATION_CLASS, IMPLEMENTATION_VERSION
from .vr import EXPLICIT_LITTLE, ITEM, header

MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"
PRIVATE_RECORD = "2.25.302164784954452955805257063665430479586"
"""The UID of the records for objects of which the standard knows no type: PS3.3 §F.3.2.2."""

_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_OFFSETS = struct.Struct("<HH2sHL HH2sHH HH2sHL")
_MOST = 0xFFFFFFFE
_ICON = 0x00880200


def is_file_id(parts: Sequence[str]) -> bool:
    """Whether they are a file ID: up to 8 components of up to 8 of A to Z, 0 to 9 and _. PS3.10 §8.5."""
    return 0 < len(parts) <= 8 and all(0 < len(one) <= 8 and _NAME.issuperset(one) for one in parts)


@dataclass(slots=True)
class _Node:
    """A record, with the bytes of all but its three first elements and its icon, and what is below it.

    The icon is the last element of the records that have one.
    """

    body: bytes = b""
    icon: bytes = b""
    below: list[_Node] = field(default_factory=list)
    known: dict[tuple[str, ...], _Node] = field(default_factory=dict)
    offset: int = 0

    @property
    def size(self) -> int:
        return 8 + _OFFSETS.size + len(self.body) + len(self.icon)


class DirectoryBuilder:
    """Collects the records of the files of a file-set, then gives the bytes of its DICOMDIR.

    `file_set` is the label of the medium, at most 16 capitals, digits, spaces and underscores; it may be
    empty. Only the keys of the objects are kept, some hundred bytes for each file, and its icon.
    """

    def __init__(self, file_set: str = "") -> None:
        if len(file_set) > 16 or not _NAME.issuperset(file_set.replace(" ", "")):
            hint = "at most 16 of A to Z, 0 to 9, space and _"
            raise UsageError(f"{file_set!r} is no file-set ID", rule="PS3.10 §8.1", hint=hint)
        self._file_set = file_set
        self._root = _Node()
        self._last: list[tuple[_Node, tuple[str, ...]]] = []
        self.count = 0

    def add(
        self,
        data: Package | DataSet,
        file_id: Sequence[str],
        *,
        transfer_syntax: str = "",
        icon: DataSet | None = None,
    ) -> list[Finding]:
        """Add the file of an object; what had to be made up for its records is told.

        `transfer_syntax` is that of the file, where it is not that of the package; `icon` is the item of an
        icon as PS3.3 §F.7 has it: only images get one, and a series that of its middle image. UsageError for
        what is no file ID and for an object without the UIDs that place it.
        """
        if not is_file_id(file_id):
            raise UsageError(f"{'/'.join(file_id)!r} is no file ID", rule="PS3.10 §8.5")
        syntax = transfer_syntax or (data.transfer_syntax.uid if isinstance(data, Package) else "")
        body = data.data if isinstance(data, Package) else data
        sop_class, sop_instance = _uid(body, 0x00080016), _uid(body, 0x00080018)
        if not (sop_class and sop_instance and syntax):
            raise UsageError("it has no SOP class, SOP instance or transfer syntax", rule="PS3.3 §F.3.2.2")
        self._last = []
        try:
            findings = self._added(body, file_id, (sop_class, sop_instance, syntax), icon)
        except ChiasmError:
            self._undo()
            raise
        self.count += 1
        return findings

    def withdraw(self) -> None:
        """Take back the file that was added last, and the records above it that it alone had."""
        self.count -= bool(self._last)
        self._undo()

    def _undo(self) -> None:
        for at, key in reversed(self._last):
            if at.below[-1].below:
                break
            at.below.pop()
            at.known.pop(key, None)
        self._last = []

    def _added(
        self, body: DataSet, file_id: Sequence[str], named: tuple[str, str, str], icon: DataSet | None
    ) -> list[Finding]:
        kind = record_type(named[0])
        at = self._root
        findings: list[Finding] = []
        if named[0] not in ROOT_TYPES:
            at, findings = self._place(body)
        record, made_up = record_of(kind, body, len(at.below) + 1)
        if kind == "PRIVATE":
            record.set(0x00041432, PRIVATE_RECORD)
        record.set(0x00041500, list(file_id))
        for tag, uid in zip((0x00041510, 0x00041511, 0x00041512), named, strict=True):
            record.set(tag, uid)
        node = _node(kind, record)
        if kind == "IMAGE" and icon is not None:
            node.icon = _icon(icon)
        at.below.append(node)
        self._last.append((at, ()))
        return findings + made_up

    def _place(self, body: DataSet) -> tuple[_Node, list[Finding]]:
        """The record of the object's series; those of patient, study and series are made where new."""
        study, series = _uid(body, 0x0020000D), _uid(body, 0x0020000E)
        if not (study and series):
            raise UsageError("it belongs to no study and series", rule="PS3.3 §F.4")
        patient, issuer = _text(body, 0x00100020), _text(body, 0x00100021)
        keys = (
            ("PATIENT", (patient, issuer) if patient else ("", "", study)), ("STUDY", (study,)),
            ("SERIES", (series,)),
        )  # fmt: skip
        at = self._root
        findings: list[Finding] = []
        for kind, key in keys:
            named = (kind, *key)
            node = at.known.get(named)
            if node is None:
                record, made_up = record_of(kind, body, len(at.known) + 1)
                findings += made_up
                node = at.known[named] = _node(kind, record)
                at.below.append(node)
                self._last.append((at, named))
            at = node
        return at, findings

    def encode(self, sop_instance: str = "") -> bytes:
        """The bytes of the DICOMDIR, in explicit VR little endian; EncodeError beyond 4 GB of records.

        `sop_instance` is the directory's own UID; a new one where none is given.
        """
        meta = _meta(sop_instance or new_uid())
        file_set = DataSet()
        file_set.place(0x00041130, "CS", _padded(self._file_set))
        label = b"".join(Encoding(file_set, EXPLICIT_LITTLE).parts())
        order, total = self._laid_out(len(meta) + len(label) + 12 + 12 + 10 + 12)
        first = self._root.below[0].offset if self._root.below else 0
        last = self._root.below[-1].offset if self._root.below else 0
        fixed = struct.Struct("<HH2sHL HH2sHL HH2sHH").pack(
            4, 0x1200, b"UL", 4, first, 4, 0x1202, b"UL", 4, last, 4, 0x1212, b"US", 2, 0
        )
        parts = [meta, label, fixed, header(EXPLICIT_LITTLE, 0x00041220, "SQ", total)]
        for node, following in order:
            below = node.below[0].offset if node.below else 0
            parts.append(header(EXPLICIT_LITTLE, ITEM, "", node.size - 8))
            parts.append(
                _OFFSETS.pack(
                    4, 0x1400, b"UL", 4, following, 4, 0x1410, b"US", 2, 0xFFFF, 4, 0x1420, b"UL", 4, below
                )
            )
            parts += (node.body, node.icon)
        return b"".join(parts)

    def _laid_out(self, start: int) -> tuple[list[tuple[_Node, int]], int]:
        """All records in the order of their bytes, with the offset of the next of each, and their size."""
        _illustrate(self._root)
        order: list[_Node] = []
        stack = [*reversed(self._root.below)]
        at = start
        while stack:
            node = stack.pop()
            node.offset, at = at, at + node.size
            order.append(node)
            stack.extend(reversed(node.below))
        if at > _MOST:
            raise EncodeError(f"{len(order)} records have more than 4 GB", rule="PS3.3 §F.3.2.2")
        following: dict[int, int] = {}
        for one in (self._root, *order):
            for node, after in zip(one.below, one.below[1:], strict=False):
                following[id(node)] = after.offset
        return [(node, following.get(id(node), 0)) for node in order], at - start


def _node(kind: str, record: DataSet) -> _Node:
    record.set(0x00041430, kind)
    return _Node(b"".join(Encoding(record, EXPLICIT_LITTLE).parts()))


def _icon(icon: DataSet) -> bytes:
    holder = DataSet()
    holder.set(_ICON, [icon])
    return b"".join(Encoding(holder, EXPLICIT_LITTLE).parts())


def _illustrate(root: _Node) -> None:
    """Give each series the icon of its middle image: PS3.3 §F.5.3."""
    for patient in root.below:
        for study in patient.below:
            for series in study.below:
                icons = [image.icon for image in series.below if image.icon]
                series.icon = icons[len(icons) // 2] if icons else b""


def _uid(data: DataSet, tag: int) -> str:
    value = data.get(tag)
    return value.strip() if isinstance(value, str) else ""


def _text(data: DataSet, tag: int) -> str:
    value = data.get(tag)
    return value.strip() if isinstance(value, str) else str(value or "")


def _padded(text: str) -> bytes:
    return text.encode("ascii") + b" " * (len(text) % 2)


def _meta(sop_instance: str) -> bytes:
    meta = DataSet()
    meta.set(0x00020000, 0)
    meta.set(0x00020001, b"\0\1")
    meta.set(0x00020002, MEDIA_STORAGE_DIRECTORY)
    meta.set(0x00020003, sop_instance)
    meta.set(0x00020010, uids.EXPLICIT_LITTLE)
    meta.set(0x00020012, IMPLEMENTATION_CLASS)
    meta.set(0x00020013, IMPLEMENTATION_VERSION)
    return b"\0" * 128 + b"DICM" + b"".join(Encoding(meta, EXPLICIT_LITTLE).parts())
