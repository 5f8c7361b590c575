"""Conditions taken apart into terms: what is compared how, apart from the values it is compared with.

Queries whose terms differ in values alone share one statement.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ServiceError
from ..model.query import Condition, Equals, Exists, Path, Query, Range, Wildcard
from ..standards import dictionary
from . import index_keys, names
from .extract_tables import LEVEL_OF

DERIVED = {
    0x00080061: 1, 0x00080062: 1, 0x00201206: 1, 0x00201208: 1, 0x00201209: 2,
    0x00201200: 0, 0x00201202: 0, 0x00201204: 0,
}  # fmt: skip
"""Attributes that the index makes itself, with their levels: modalities, SOP classes, counts."""

_PATTERN = 1024
_STARS = 16


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison: `kind` and `path` are part of the statement, `values` are its parameters.

    `path` is the key's name, and the item's key's name after it for a sequence. Kinds: eq, in, ge, le,
    between, glob, prefix (from, to), present, absent; any and all combine `inner`,
    item says that one item of a sequence meets all of it. Beginnings of patients' names that
    studies are listed by are `starts`, longer ones `begins`: from, to, and the beginning listed.
    """

    kind: str
    level: int
    path: tuple[str, ...]
    values: tuple[object, ...] = ()
    inner: tuple[Term, ...] = ()

    @property
    def shape(self) -> tuple[object, ...]:
        """What makes the statement, the values aside."""
        return (self.kind, self.level, self.path, tuple([one.shape for one in self.inner]))

    def parameters(self) -> list[object]:
        """The values of this term and of those in it, in order."""
        found = list(self.values)
        for one in self.inner:
            found += one.parameters()
        return found


def level_of(path: Path) -> int | None:
    """The level whose entities have an attribute; None for one that is not kept, and cannot be matched."""
    if not path:
        return None
    found = LEVEL_OF.get(path[0])
    return DERIVED.get(path[0]) if found is None else found


def terms(query: Query) -> list[Term]:
    """The terms that must all be met. ServiceError for a condition on an attribute that is not kept."""
    found: list[Term] = []
    for condition in query.conditions:
        found += _terms(condition, query.fuzzy)
    return _by_item(found)


def _by_item(found: list[Term]) -> list[Term]:
    """The terms with those on one sequence put together: one item must meet them all. PS3.4 §C.2.2.2.6."""
    items: dict[str, list[Term]] = {}
    for one in found:
        if len(one.path) == 2 and one.kind not in ("absent", "any", "all"):
            items.setdefault(one.path[0], []).append(one)
    shared = {name: parts for name, parts in items.items() if len(parts) > 1}
    rest = [one for one in found if not any(one is part for parts in shared.values() for part in parts)]
    return rest + [
        Term("item", parts[0].level, (name,), (), tuple(parts)) for name, parts in shared.items()
    ]  # fmt: skip


def _terms(condition: Condition, fuzzy: bool) -> list[Term]:
    path = condition.path
    level = level_of(path)
    if level is None:
        said = ".".join(f"{tag:08X}" for tag in path)
        raise ServiceError("bad-query", f"{said} is not among the attributes that are matched")
    place = (
        (f"{path[0]:08X}", ".".join([f"{tag:08X}" for tag in path[1:]])) if path[1:] else (f"{path[0]:08X}",)
    )
    vr = dictionary.vr(path[-1])
    if isinstance(condition, Exists):
        return [Term("present" if condition.present else "absent", level, place)]
    if isinstance(condition, Range):
        return [_range(condition, level, place, vr)]
    if isinstance(condition, Wildcard):
        return _wildcard(condition.pattern, level, place, vr, fuzzy)
    return _equals(condition, level, place, vr, fuzzy)


def _equals(condition: Equals, level: int, place: tuple[str, ...], vr: str, fuzzy: bool) -> list[Term]:
    values = condition.values
    if vr == "PN":
        return _names(condition, level, place, fuzzy)
    if vr in ("TM", "DT"):
        parts = [_within(level, place, vr, value) for value in values]
        return parts if len(parts) == 1 else [Term("any", level, place, (), tuple(parts))]
    keys = [index_keys.key(vr, value) for value in values]
    if len(keys) == 1:
        return [Term("eq", level, place, (keys[0],))]
    return [Term("in", level, place, (tuple(keys),))]


def _within(level: int, place: tuple[str, ...], vr: str, value: str) -> Term:
    bounds = index_keys.time_bounds if vr == "TM" else index_keys.moment_bounds
    return Term("between", level, place, bounds(value))


def _names(condition: Equals, level: int, place: tuple[str, ...], fuzzy: bool) -> list[Term]:
    options: list[Term] = []
    for value in condition.values:
        groups = names.groups(value)
        every = [Term("eq", level, place, (group,)) for group in groups]
        options.append(_all(every, level, place))
        if fuzzy:
            options += [_by_sound(group, level, place) for group in groups]
    return options if len(options) == 1 else [Term("any", level, place, (), tuple(options))]


def _all(parts: list[Term], level: int, place: tuple[str, ...]) -> Term:
    return parts[0] if len(parts) == 1 else Term("all", level, place, (), tuple(parts))


def _by_sound(group: str, level: int, place: tuple[str, ...]) -> Term:
    heard = (*place[:-1], place[-1] + "~")
    return _all([Term("eq", level, heard, (sound,)) for sound in names.sounds(group)], level, place)


def _wildcard(pattern: str, level: int, place: tuple[str, ...], vr: str, fuzzy: bool) -> list[Term]:
    if vr != "PN":
        return [one for one in [_pattern(pattern.strip(" "), level, place)] if one]
    found: list[Term] = []
    for group in pattern.split("="):
        one = _pattern(names.folded(group), level, place)
        if one is None:
            continue
        heard = _pattern_by_sound(names.folded(group), level, place) if fuzzy else []
        found.append(_either(one, _all(heard, level, place)) if heard else one)
    return found


def _pattern_by_sound(group: str, level: int, place: tuple[str, ...]) -> list[Term]:
    """The words of a pattern by sound; of a word that is cut off, what is left of it begins the sound."""
    heard = (*place[:-1], place[-1] + "~")
    found: list[Term] = []
    for word in names.words(group):
        lead = word.split("*")[0].split("?")[0]
        for sound in names.sounds(lead):
            begun = sound.rstrip("0")
            if lead == word:
                found.append(Term("eq", level, heard, (sound,)))
            else:
                found.append(Term("prefix", level, heard, (begun, begun + index_keys.HIGHEST)))
    return found


def _either(one: Term, other: Term) -> Term:
    return Term("any", one.level, one.path, (), (one, other))


def _pattern(pattern: str, level: int, place: tuple[str, ...]) -> Term | None:
    """The term of a pattern; None for one that everything meets."""
    while "**" in pattern:
        pattern = pattern.replace("**", "*")
    if len(pattern) > _PATTERN or pattern.count("*") > _STARS:
        raise ServiceError("bad-query", f"a pattern has at most {_PATTERN} characters and {_STARS} asterisks")
    if pattern in ("*", ""):
        return None
    if "*" not in pattern and "?" not in pattern:
        return Term("eq", level, place, (pattern,))
    first = min(at for at in (pattern.find("*"), pattern.find("?")) if at >= 0)
    lead = pattern[:first]
    if pattern == lead + "*":
        lengths = [length for length in names.PREFIX_LENGTHS if length <= len(lead)]
        if place == ("00100010",) and lengths and len(lead) <= names.PREFIX_LENGTHS[-1]:
            kind = "starts" if lengths[-1] == len(lead) else "begins"
            return Term(kind, level, place, (lead, lead + index_keys.HIGHEST, lead[: lengths[-1]]))
        return Term("prefix", level, place, (lead, lead + index_keys.HIGHEST))
    return Term("glob", level, place, (pattern,))


def _range(condition: Range, level: int, place: tuple[str, ...], vr: str) -> Term:
    low, high = condition.low.strip(" "), condition.high.strip(" ")
    if condition.time is not None:
        return _moments(low, high, level, place)
    if vr == "TM":
        return _bounds(index_keys.time_bounds(low)[0], index_keys.time_bounds(high)[1], level, place)
    if vr == "DT":
        return _bounds(index_keys.moment_bounds(low)[0], index_keys.moment_bounds(high)[1], level, place)
    if place == ("00080020",):  # study dates are read off the moments, which are in order
        low, high = index_keys.key("DA", low), index_keys.key("DA", high)
        return _bounds(low, high and high + "~", level, ("00080020+",))
    return _bounds(index_keys.key(vr, low), index_keys.key(vr, high), level, place)


def _moments(low: str, high: str, level: int, place: tuple[str, ...]) -> Term:
    local = (*place[:-1], place[-1] + "+")
    if not (index_keys.has_offset(low) or index_keys.has_offset(high)):
        return _bounds(
            index_keys.moment_bounds(low)[0], index_keys.moment_bounds(high)[1], level, local
        )  # fmt: skip
    universal = (*place[:-1], place[-1] + "@")
    known = _bounds(index_keys.moment_bounds(low)[0], index_keys.moment_bounds(high)[1], level, universal)
    low, high = (one[:-5] if index_keys.has_offset(one) else one for one in (low, high))
    unknown = _bounds(index_keys.moment_bounds(low)[0], index_keys.moment_bounds(high)[1], level, local)
    return _either(known, _all([Term("absent", level, universal), unknown], level, place))


def _bounds(low: str, high: str, level: int, place: tuple[str, ...]) -> Term:
    if low and high:
        return Term("between", level, place, (low, high))
    if low:
        return Term("ge", level, place, (low,))
    return Term("le", level, place, (high,)) if high else Term("present", level, place)
