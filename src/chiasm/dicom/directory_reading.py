"""Reading a DICOMDIR into its records: offsets are followed where they hold, never where they loop or lie.

Discs are burnt by everything: offsets that are zero, shifted or circular are common. A record that no
offset leads to is put below the one that precedes it in the bytes, so that no file is lost. PS3.3 §F.2.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..errors import Finding, ParseError, Severity
from .dataset import DataSet
from .directory import MEDIA_STORAGE_DIRECTORY
from .keys import text_of
from .package import Package

_RECORDS, _FIRST = 0x00041220, 0x00041200
_NEXT, _IN_USE, _BELOW, _TYPE, _MRDR = 0x00041400, 0x00041410, 0x00041420, 0x00041430, 0x00041504
_FILE, _CLASS, _INSTANCE, _SYNTAX = 0x00041500, 0x00041510, 0x00041511, 0x00041512
_LEVELS = {"PATIENT": 0, "STUDY": 1, "SERIES": 2}
_LEAF = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: its type, the number of the one above it in the listing (-1 at the root), its data set.

    `file_id` are the components of the name of the file it points to, as the medium has them, which may be
    anything: they must not be put together to a path. Empty for a record that points to no file.
    """

    kind: str
    parent: int
    data: DataSet
    file_id: tuple[str, ...] = ()
    sop_class: str = ""
    sop_instance: str = ""
    transfer_syntax: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """The records of a directory, each behind the one above it; `findings` are the lies that were told."""

    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...]

    @property
    def files(self) -> tuple[Entry, ...]:
        """The records that point to a file."""
        return tuple(entry for entry in self.entries if entry.file_id)

    def above(self, entry: Entry) -> Iterator[Entry]:
        """The records above one, from its series up to its patient."""
        at = entry.parent
        while at >= 0:
            yield self.entries[at]
            at = self.entries[at].parent


def is_directory(package: Package) -> bool:
    """Whether a package is a DICOMDIR: by its SOP class, or by the records in it."""
    return package.header.get(0x00020002) == MEDIA_STORAGE_DIRECTORY or _RECORDS in package.data


def read_directory(package: Package) -> Listing:
    """The records of a DICOMDIR that are in use. ParseError for what is none."""
    if not is_directory(package):
        raise ParseError("it is no DICOMDIR: it has no directory records", rule="PS3.3 §F.3.2.2")
    element = package.data.element(_RECORDS)
    items = element.items if element is not None else ()
    return _Walk(package.data, items).listing()


class _Walk:
    """One pass over the records: by their offsets, then those that were left."""

    def __init__(self, data: DataSet, items: tuple[DataSet, ...]) -> None:
        self._data = data
        self._items = items
        self._at = {item.start - 8: number for number, item in enumerate(items)}
        self._parents: dict[int, int] = {}
        self._order: list[int] = []
        self._findings: list[Finding] = []
        self._unused = {n for n, item in enumerate(items) if item.get(_IN_USE) == 0}

    def listing(self) -> Listing:
        self._follow()
        self._take_left()
        numbers: dict[int, int] = {}
        entries: list[Entry] = []
        for number in self._order:
            parent = self._parents[number]
            numbers[number] = len(entries)
            entries.append(self._entry(number, numbers.get(parent, -1)))
        return Listing(tuple(entries), tuple(self._findings))

    def _follow(self) -> None:
        """Depth first, each record once; a record that is met again ends its chain."""
        stack = [(_offset(self._data, _FIRST), -1)]
        while stack:
            offset, parent = stack.pop()
            if not offset:
                continue
            number = self._at.get(offset)
            if number is None:
                self._tell(parent, "no-record", f"the offset {offset} leads to no record")
                continue
            if number in self._parents:
                self._tell(number, "record-loop", "offsets lead to this record more than once")
                continue
            item = self._items[number]
            self._parents[number] = parent
            stack.append((_offset(item, _NEXT), parent))
            if number not in self._unused:
                self._order.append(number)
                stack.append((_offset(item, _BELOW), number))

    def _take_left(self) -> None:
        """The records that no offset led to go below the nearest of a higher level before them."""
        left = [n for n in range(len(self._items)) if n not in self._parents and n not in self._unused]
        left = [n for n in left if _text(self._items[n], _TYPE) != "MRDR"]
        if not left:
            return
        self._tell(left[0], "stray-record", f"no offset leads to {len(left)} records")
        strays, nearest = set(left), [-1] * _LEAF
        for number, item in enumerate(self._items):
            if number in self._unused:
                continue
            level = _LEVELS.get(_text(item, _TYPE), _LEAF)
            if number in strays:
                self._parents[number] = next((n for n in reversed(nearest[:level]) if n >= 0), -1)
                self._order.append(number)
            if level < _LEAF:
                nearest[level:] = [number] + [-1] * (_LEAF - level - 1)

    def _entry(self, number: int, parent: int) -> Entry:
        item = self._items[number]
        entry = Entry(
            _text(item, _TYPE), parent, item, _parts(item), _text(item, _CLASS), _text(item, _INSTANCE),
            _text(item, _SYNTAX),
        )  # fmt: skip
        shared = self._at.get(_offset(item, _MRDR))
        if not entry.file_id and shared is not None:
            entry = replace(entry, file_id=_parts(self._items[shared]))
        return entry

    def _tell(self, number: int, rule: str, message: str) -> None:
        path = f"{text_of(_RECORDS)}/{number}" if number >= 0 else text_of(_FIRST)
        if len(self._findings) < 100:
            self._findings.append(Finding(Severity.WARNING, path, rule, message, "PS3.3 §F.3.2.2"))


def _offset(data: DataSet, tag: int) -> int:
    value = data.get(tag)
    return value if isinstance(value, int) else 0


def _text(data: DataSet, tag: int) -> str:
    value = data.get(tag)
    return value.strip() if isinstance(value, str) else ""


def _parts(data: DataSet) -> tuple[str, ...]:
    value = data.get(_FILE)
    several = value if isinstance(value, tuple) else (value,)
    return tuple(one.strip() for one in several if isinstance(one, str) and one.strip())
