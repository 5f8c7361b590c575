"""What an information object wants of a data set and of the items in it, its modules laid over each other.

A level is one data set of the object: for each tag, what every module says of it. Levels are made when they
are reached and kept. PS3.3 §A, §C.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from ..standards import iods
from ..standards.iods import AttributeUse, Iod, ModuleUse

DIRECTORY_RECORDS = 0x00041220


@dataclass(frozen=True, slots=True)
class Use:
    """What one module says of one attribute."""

    module: ModuleUse
    attribute: AttributeUse

    @property
    def citation(self) -> str:
        """The section of the attribute or its module; the chapter of all modules where none is told."""
        return self.attribute.section or self.module.section or "PS3.3 §C"


@dataclass(frozen=True, slots=True)
class Level:
    """One data set or item: the uses of each tag; `sequence` is that whose item it is, 0 at the top.

    `is_open` where the standard does not list all that may be there. `wanted` are the tags that are not of
    type 3 throughout. `kept` are the levels of the object by what they are made of, so that a sequence that
    is nested in itself a thousand times has one.
    """

    uses: dict[int, tuple[Use, ...]]
    sequence: int
    is_open: bool
    wanted: tuple[int, ...]
    kept: dict[tuple[int, ...], Level] = field(repr=False, compare=False)

    def below(self, tag: int) -> Level:
        """The level of the items of a sequence; a sequence within itself has the same items again."""
        uses = self.uses.get(tag)
        if uses is None:
            return self if tag == self.sequence else EMPTY
        key = (tag, *(use.attribute.key for use in uses))
        known = self.kept.get(key)
        if known is None:
            pairs = [(use.module, child) for use in uses for child in use.attribute.children]
            known = self.kept[key] = _level(pairs, tag, self.kept)
        return known


def _level(
    pairs: list[tuple[ModuleUse, AttributeUse]], sequence: int, kept: dict[tuple[int, ...], Level]
) -> Level:
    uses: dict[int, list[Use]] = {}
    for module, attribute in pairs:
        uses.setdefault(attribute.tag, []).append(Use(module, attribute))
    wanted = [tag for tag, known in uses.items() if any(use.attribute.type != "3" for use in known)]
    return Level(
        {tag: tuple(known) for tag, known in uses.items()},
        sequence,
        sequence == DIRECTORY_RECORDS or not uses,
        tuple(sorted(wanted)),
        kept,
    )


EMPTY = Level({}, 0, True, (), {})
"""The level of items of which the standard is not known to say anything."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An information object laid out: its top level, and the tags that only one of its modules has."""

    iod: Iod
    top: Level
    own: dict[str, frozenset[int]]


@functools.lru_cache(maxsize=64)
def plan_of(sop_class: str) -> Plan | None:
    """The plan of a SOP class's object, kept for the next of its class; None for an unknown class."""
    iod = iods.for_sop_class(sop_class)
    if iod is None:
        return None
    attributes = {module.key: module.attributes for module in iod.modules}
    holders: dict[int, int] = {}
    for found in attributes.values():
        for attribute in found:
            holders[attribute.tag] = holders.get(attribute.tag, 0) + 1
    own = {
        key: frozenset(attribute.tag for attribute in found if holders[attribute.tag] == 1)
        for key, found in attributes.items()
    }
    pairs = [(module, attribute) for module in iod.modules for attribute in attributes[module.key]]
    return Plan(iod, _level(pairs, 0, {}), own)
