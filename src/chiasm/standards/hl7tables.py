"""HL7 v2 as data: messages, groups, segments, fields, components and code tables of every version.

    Version ── structures ── Node (segment | group | choice) ── …
       ├────── segments ──── FieldDef ────┐
       ├────── datatypes ─── ComponentDef ┴── datatype and table, by name
       └────── tables ────── TableDef

One file per version under `data/`, read on first use and kept; a segment, data type, structure or
table becomes records only when it is asked for. Withdrawn and reserved fields are kept, so that
`segment.fields[n - 1].number == n` always: a field that is dropped would move its successors. What
the sources of the tables disagreed on is settled in `tools/tables/corrections/hl7.toml`, with
citations. Names and cardinalities only: the standard's prose is not here.

HL7 v2.5.1 §2.5 (messages, segments, fields), §2.12 (abstract message syntax), Appendix A (tables).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from ..errors import UsageError
from .hl7_syntax import Node, parse_structure

__all__ = [
    "ANY_SEGMENT", "NO_TYPE", "PRIMITIVES", "VARIES", "VERSIONS", "ComponentDef", "DatatypeDef",
    "FieldDef", "Node", "SegmentDef", "StructureDef", "TableDef", "Version", "nearest", "version",
]  # fmt: skip

VERSIONS: tuple[str, ...] = (
    "2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2",
)  # fmt: skip
"""The versions with tables, oldest first."""

NO_TYPE = "-"
"""The data type of a withdrawn or reserved field: it has none, so any content may stand there."""

VARIES = "varies"
"""The data type of a field whose type another field names, as OBX-5 by OBX-2 (HL7 v2.5.1 §7.4.2.5)."""

ANY_SEGMENT = "Hxx"
"""The leaf that stands for any segment of the standard within a structure."""

PRIMITIVES: frozenset[str] = frozenset(
    "CM DT DTM FT GTS ID IS NM SI SNM ST TM TN TX".split()  # noqa: SIM905  (one line reads better)
)
"""Data types without components; CM is one whose parts the standard describes only in prose."""


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field of a segment. HL7 v2.5.1 §2.6.

    `usage` is R, O, C, B (kept for backward compatibility), W (withdrawn) or X (reserved, or not to
    be used); `max` None is without bound; `length` in characters, None where the version sets none;
    `table` four digits or None.
    """

    number: int
    name: str
    datatype: str
    usage: str
    min: int
    max: int | None
    length: int | None
    table: str | None


@dataclass(frozen=True, slots=True)
class SegmentDef:
    """One segment; `fields[n - 1].number == n` always. HL7 v2.5.1 §2.5.2."""

    id: str
    name: str
    fields: tuple[FieldDef, ...]


@dataclass(frozen=True, slots=True)
class ComponentDef:
    """One component of a data type, with usage as in `FieldDef`. HL7 v2.5.1 §2.5.3.2."""

    number: int
    name: str
    datatype: str
    usage: str
    length: int | None
    table: str | None


@dataclass(frozen=True, slots=True)
class DatatypeDef:
    """One data type; a primitive has no components. HL7 v2.5.1 §2.A."""

    id: str
    name: str
    components: tuple[ComponentDef, ...]


@dataclass(frozen=True, slots=True)
class StructureDef:
    """One message structure: the tree of its segments. HL7 v2.5.1 §2.12, table 0354."""

    id: str
    name: str
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class TableDef:
    """One code table; `kind` "hl7" is closed, "user" open, "external" kept elsewhere. HL7 v2.5.1 §2.5.3.6."""

    id: str
    name: str
    kind: str
    codes: Mapping[str, str]


_DATA = Path(__file__).parent / "data"

T = TypeVar("T")


class _View(Mapping[str, T], Generic[T]):
    """A read-only mapping whose values are built from their compact form when first asked for."""

    __slots__ = ("_build", "_built", "_raw")

    def __init__(self, raw: Mapping[str, Any], build: Callable[[str, Any], T]) -> None:
        self._raw = raw
        self._build = build
        self._built: dict[str, T] = {}

    def __getitem__(self, key: str) -> T:
        found = self._built.get(key)
        if found is None:
            found = self._built[key] = self._build(key, self._raw[key])
        return found

    def __contains__(self, key: object) -> bool:
        return key in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Version:
    """One version of HL7 v2: read-only mappings by id, and look-ups that answer None for the unknown."""

    id: str
    segments: Mapping[str, SegmentDef]
    datatypes: Mapping[str, DatatypeDef]
    structures: Mapping[str, StructureDef]
    tables: Mapping[str, TableDef]
    events: Mapping[str, str]
    """Message code and trigger, as "ADT_A04", to the structure that carries it."""

    def __repr__(self) -> str:
        return f"Version({self.id!r})"

    def segment(self, id: str) -> SegmentDef | None:  # noqa: A002  (the standard's word)
        """The segment of that id, as "PID"."""
        return self.segments.get(id)

    def datatype(self, id: str) -> DatatypeDef | None:  # noqa: A002
        """The data type of that id; None for `VARIES`, `NO_TYPE` and the unknown."""
        return self.datatypes.get(id)

    def structure(self, id: str) -> StructureDef | None:  # noqa: A002
        """The message structure of that id, as "ORU_R01" (MSH-9.3)."""
        return self.structures.get(id)

    def structure_for(self, code: str, trigger: str) -> StructureDef | None:
        """The structure of a message that names only its code and trigger (no MSH-9.3).

        Every acknowledgment without a structure of its own is an ACK. HL7 v2.5.1 §2.15.9.9 and
        table 0354; before 2.3.1 the standard names no structures, and the event's own is answered.
        """
        event = f"{code}_{trigger}" if trigger else code
        return self.structures.get(self.events.get(event, event)) or self.structures.get(code)

    def table(self, id: str) -> TableDef | None:  # noqa: A002
        """The code table of that number, as "0003" or "3"."""
        return self.tables.get(id.zfill(4))


@cache
def version(id: str) -> Version:  # noqa: A002
    """The tables of one of `VERSIONS`, loaded once; UsageError for another."""
    if id not in VERSIONS:
        raise UsageError(
            f"no tables for HL7 version {id!r}", place="MSH-12", hint=f"use one of {', '.join(VERSIONS)}"
        )
    data = _load(f"hl7-{id}.json")
    return Version(
        id,
        _View(data["segments"], _segment),
        _View(data["datatypes"], _datatype),
        _View(data["structures"], _structure),
        _Tables(id),
        MappingProxyType(data["events"]),
    )


def nearest(text: str) -> tuple[Version, bool]:
    """The version that MSH-12 names, or the one nearest to it, and whether it was found exactly.

    "2.5.1^GBR" is 2.5.1, exactly; what lies between two versions takes the older ("2.5.2" is read
    as 2.5.1), what lies beyond takes the outermost; what is no version takes 2.5.1, the one most
    used in imaging. HL7 v2.5.1 §2.15.9.12.
    """
    name = re.split(r"[\^~&]", text, maxsplit=1)[0].strip()
    if name in VERSIONS:
        return version(name), True
    match = re.match(r"[vV]?\s*(\d{1,4}(?:\.\d{1,4}){1,3})", name)
    if match is None:
        return version("2.5.1"), False
    wanted = tuple(int(part) for part in match.group(1).split("."))
    older = [known for known in VERSIONS if tuple(int(part) for part in known.split(".")) <= wanted]
    return version(older[-1] if older else VERSIONS[0]), False


def _load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((_DATA / name).read_bytes())
    return content


def _segment(key: str, raw: Any) -> SegmentDef:
    name, rows = raw
    return SegmentDef(
        key,
        name,
        tuple(
            FieldDef(number, name, datatype, usage, 1 if usage == "R" else 0, most or None, length, table)
            for number, (name, datatype, usage, most, length, table) in enumerate(rows, 1)
        ),
    )


def _datatype(key: str, raw: Any) -> DatatypeDef:
    name, rows = raw
    return DatatypeDef(key, name, tuple(ComponentDef(number, *row) for number, row in enumerate(rows, 1)))


def _structure(key: str, raw: Any) -> StructureDef:
    name, text = raw
    return StructureDef(key, name, parse_structure(text))


@cache
def _table_data() -> dict[str, Any]:
    tables: dict[str, Any] = _load("hl7-tables.json")["tables"]
    return tables


class _Tables(Mapping[str, TableDef]):
    """The code tables of one version; the file of all versions is read on first use."""

    __slots__ = ("_built", "_order")

    def __init__(self, id: str) -> None:  # noqa: A002
        self._order = VERSIONS.index(id)
        self._built: dict[str, TableDef] = {}

    def _holds(self, raw: Any) -> bool:
        first, last = raw[2]
        return bool(first <= self._order <= last)

    def __getitem__(self, key: str) -> TableDef:
        found = self._built.get(key)
        if found is None:
            raw = _table_data()[key]
            if not self._holds(raw):
                raise KeyError(key)
            name, kind, _, codes = raw
            held = {code: row[0] for code, row in codes.items() if row[1] <= self._order <= row[2]}
            found = self._built[key] = TableDef(key, name, kind, MappingProxyType(held))
        return found

    def __contains__(self, key: object) -> bool:
        raw = _table_data().get(key) if isinstance(key, str) else None
        return raw is not None and self._holds(raw)

    def __iter__(self) -> Iterator[str]:
        return (key for key, raw in _table_data().items() if self._holds(raw))

    def __len__(self) -> int:
        return sum(1 for _ in self)
