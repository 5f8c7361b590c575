"""The information objects of DICOM: which modules an object has, and which attributes a module.

PS3.3 §A (objects), §C (modules), §7.4 (types). Read on first use; nodes become records when asked for.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"

Condition = dict[str, Any]
"""A condition as data: `type` (MN mandatory, else not allowed; MU mandatory, else free; MC mandatory, else
`other` tells whether it is allowed; NU not allowed, else free), then a comparison: `op` with `tag`, `index`,
`values`, or `and` and `or` of comparisons. `free` marks an MU that may be present
otherwise by the words of the standard.

`op` is + present, ++ present with a value, - absent, 0 present without a value, =, !=, >, <, => points to a
tag. `index` counts values from 0; without it any value is meant. A comparison has no `type`.
"""


@dataclass(frozen=True, slots=True)
class Values:
    """The values that an attribute may have: `closed` enumerated values, or open defined terms.

    `number` is the value they are for, counted from 1; 0 for all. `condition` is the comparison that makes
    the list count, None where it always does. PS3.3 §7.4, PS3.5 §6.3.
    """

    closed: bool
    number: int
    terms: tuple[str, ...]
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class AttributeUse:
    """One attribute of a module, with those of its items: `type` is 1, 1C, 2, 2C or 3.

    `condition` is None where it has none, or none that a program can decide. `section` cites what
    explains the attribute, empty for what the module's table says. `key` tells uses apart. Attributes
    of overlays have the tag of the first overlay group and repeat in each, as PS3.3 §C.9 has them.
    """

    tag: int
    type: str
    condition: Condition | None
    values: tuple[Values, ...]
    section: str
    key: int
    children_keys: tuple[int, ...]

    @property
    def children(self) -> tuple[AttributeUse, ...]:
        """The attributes of the items of a sequence."""
        return tuple(_node(key) for key in self.children_keys)


@dataclass(frozen=True, slots=True)
class ModuleUse:
    """A module of an object: `usage` is M, C or U; `condition` that of C, where it can be decided.

    `attribute_keys` lead to its attributes, which are those of this object: another module of it may
    override a type. PS3.3 §A.1.3
    """

    key: str
    name: str
    usage: str
    ie: str
    condition: Condition | None
    section: str
    attribute_keys: tuple[int, ...]

    @property
    def attributes(self) -> tuple[AttributeUse, ...]:
        """The attributes at the top level of the module; none where the sources do not have them."""
        return tuple(_node(key) for key in self.attribute_keys)


@dataclass(frozen=True, slots=True)
class FunctionalGroup:
    """A functional group of a multi-frame object, by the tag of its sequence. PS3.3 §C.7.6.16.

    It stands in the shared item, or in every per-frame item, where it may. `usage` is M or C, empty where
    the tables do not tell; `condition` is that of C.
    """

    tag: int
    in_shared: bool
    in_per_frame: bool
    usage: str
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class Iod:
    """An information object: its modules in the order of PS3.3 §A, and the functional groups it may have."""

    key: str
    name: str
    modules: tuple[ModuleUse, ...]
    functional_groups: tuple[FunctionalGroup, ...]


@functools.cache
def _load() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((_DATA / "dicom-iods.json").read_bytes())
    return content


@functools.cache
def _node(key: int) -> AttributeUse:
    content = _load()
    tag, kind, condition, values, section, children = content["nodes"][key]
    cited = content["sections"][section]
    return AttributeUse(
        tag,
        kind,
        content["conditions"][condition],
        _values(values),
        f"PS3.3 §{cited}" if cited else "",
        key,
        tuple(children),
    )


@functools.cache
def _values(place: int) -> tuple[Values, ...]:
    found = _load()["values"][place]
    return tuple(Values(kind == "E", number, tuple(terms), test) for kind, number, terms, test in found)


@functools.cache
def for_sop_class(uid: str) -> Iod | None:
    """The information object of a SOP class; None for one that has none here."""
    key = _load()["classes"].get(uid)
    return by_key(key) if key is not None else None


@functools.cache
def by_key(key: str) -> Iod | None:
    """The information object of a key as `ct-image`; None for an unknown one."""
    content = _load()
    if key not in content["iods"]:
        return None
    title, uses, groups = content["iods"][key]
    conditions, modules = content["conditions"], content["modules"]
    return Iod(
        key,
        title,
        tuple(
            ModuleUse(
                module,
                modules[module][0],
                usage,
                ie,
                conditions[condition],
                modules[module][1],
                tuple(own[0] if own else modules[module][2]),
            )
            for module, usage, ie, condition, *own in uses
        ),
        tuple(
            FunctionalGroup(tag, "S" in where, "P" in where, usage, conditions[condition])
            for tag, where, usage, condition in groups
        ),
    )


def walk(module: ModuleUse) -> Iterator[tuple[str, AttributeUse]]:
    """All attributes of a module at any depth, each with its path of tags as `00400275/00400009`."""
    stack = [(f"{use.tag:08X}", use) for use in reversed(module.attributes)]
    while stack:
        path, use = stack.pop()
        yield path, use
        stack += [(f"{path}/{child.tag:08X}", child) for child in reversed(use.children)]


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


def extensible(cid: int) -> bool | None:
    """Whether a context group may be extended, None where the tables do not tell. PS3.16 §7.2.3."""
    told = {group[0]: group[2] for group in _load()["groups"].values() if group[2] is not None}
    return told.get(cid)


def sop_classes() -> tuple[str, ...]:
    """The SOP classes that have an information object here."""
    return tuple(_load()["classes"])
