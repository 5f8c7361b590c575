"""The information objects of DICOM: which modules an object has, and which attributes a module.

PS3.3 §A (objects), §C (modules), §7.4 (types). Read on first use; nodes become records when asked for.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"

Condition = dict[str, Any]
"""A condition as data: `type` (MN mandatory, else not allowed; MU mandatory, else free; MC mandatory, else
`other`; NU not allowed, else free), then `op` with `tag`, `index`, `values`, or `and` and `or` of those."""


@dataclass(frozen=True, slots=True)
class Values:
    """The values that an attribute may have: `closed` enumerated values, or open defined terms.

    `number` is the value they are for, counted from 1; 0 for all.
    """

    closed: bool
    number: int
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AttributeUse:
    """One attribute of a module, with those of its items: `type` is 1, 1C, 2, 2C or 3.

    `condition` is None where it has none, or none that a program can decide. `key` tells uses apart.
    """

    tag: int
    type: str
    condition: Condition | None
    values: tuple[Values, ...]
    key: int
    children_keys: tuple[int, ...]

    @property
    def children(self) -> tuple[AttributeUse, ...]:
        """The attributes of the items of a sequence."""
        return tuple(_node(key) for key in self.children_keys)


@dataclass(frozen=True, slots=True)
class ModuleUse:
    """A module of an object: `usage` is M, C or U; `condition` that of C, where it can be decided."""

    key: str
    usage: str
    ie: str
    condition: Condition | None
    section: str

    @property
    def name(self) -> str:
        """The module's name in words."""
        return self.key.replace("-", " ").title()

    @property
    def attributes(self) -> tuple[AttributeUse, ...]:
        """The attributes at the top level of the module."""
        return tuple(_node(key) for key in _load()["modules"].get(self.key, ("", ()))[1])


@dataclass(frozen=True, slots=True)
class Iod:
    """An information object and its modules."""

    key: str
    modules: tuple[ModuleUse, ...]


@functools.cache
def _load() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((_DATA / "dicom-iods.json").read_bytes())
    return content


@functools.cache
def _node(key: int) -> AttributeUse:
    content = _load()
    tag, kind, condition, values, children = content["nodes"][key]
    return AttributeUse(tag, kind, content["conditions"][condition], _values(values), key, tuple(children))


@functools.cache
def _values(place: int) -> tuple[Values, ...]:
    found = _load()["values"][place]
    return tuple(Values(kind == "E", number, tuple(terms)) for kind, number, terms in found or ())


@functools.cache
def for_sop_class(uid: str) -> Iod | None:
    """The information object of a SOP class; None for one that has none here."""
    content = _load()
    key = content["classes"].get(uid)
    if key is None or key not in content["iods"]:
        return None
    uses = tuple(
        ModuleUse(name, usage, ie, condition, content["modules"].get(name, ("",))[0])
        for name, usage, ie, condition in content["iods"][key]
    )
    return Iod(key, uses)


@dataclass(frozen=True, slots=True)
class ContextGroupUse:
    """The context group of a code sequence: defined, or a baseline that only suggests.

    `is_extensible` is None where the tables do not tell. PS3.3 §8.3.
    """

    cid: int
    is_defined: bool
    is_extensible: bool | None


def context_group_of(tag: int) -> ContextGroupUse | None:
    """The context group of a code sequence; None where the tables have none for it."""
    found = _load()["groups"].get(str(tag))
    return ContextGroupUse(found[0], found[1] == "D", found[2]) if found else None


def sop_classes() -> tuple[str, ...]:
    """The SOP classes that have an information object here."""
    return tuple(_load()["classes"])
