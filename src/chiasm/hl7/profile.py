"""Profiles of a message: JSON that tightens what the standard asks, checked when it is loaded.

    {"name": …, "version": "2.5.1", "structure": "ORU_R01",
     "segments": {"ZDS": {"usage": "R"}, "PATIENT_RESULT.PATIENT": {"min": 1}},
     "fields": {"PID-3": {"usage": "R", "max": 1}, "PID-3.4.1": {"pattern": "[A-Z]+"}}}

A profile may only narrow: it cannot admit what the standard forbids. The format is described in
docs/profiles.md. HL7 v2.5.1 §2.B (conformance using message profiles).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from ..errors import UsageError
from ..standards import hl7tables
from ..standards.hl7tables import ComponentDef, FieldDef
from .grammar import Grammar, Place
from .structure import Choice, grammar

_PATH = re.compile(r"([A-Z][A-Z0-9]{2})-(\d{1,4})(?:\.(\d{1,3}))?(?:\.(\d{1,3}))?", re.ASCII)
_KEYS = {
    "profile": {"name", "version", "structure", "segments", "fields"},
    "segment": {"usage", "min", "max"},
    "field": {"usage", "min", "max", "length", "fixed", "values", "pattern", "table"},
}


@dataclass(frozen=True, slots=True)
class PlaceRule:
    """How often a segment or group stands in its group, or in the message where `path` is an id alone."""

    path: tuple[str, ...]
    min: int
    max: int | None


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What one field, component or subcomponent has to be; None and empty ask nothing."""

    segment: str
    field: int
    component: int | None
    subcomponent: int | None
    min: int
    max: int | None
    length: int | None
    values: frozenset[str] | None
    pattern: re.Pattern[str] | None

    @property
    def path(self) -> str:
        """The path as the profile writes it."""
        inner = "".join(f".{n}" for n in (self.component, self.subcomponent) if n is not None)
        return f"{self.segment}-{self.field}{inner}"


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile, checked against the tables of its version. HL7 v2.5.1 §2.B."""

    name: str
    version: str
    structure: str
    places: tuple[PlaceRule, ...]
    fields: tuple[FieldRule, ...]

    def choice(self, given: Choice) -> Choice:
        """The version and structure to check by: the profile's own."""
        return Choice(hl7tables.version(self.version), grammar(self.version, self.structure), given.findings)


def load_profile(source: str | bytes | Mapping[str, object]) -> Profile:
    """Read a profile from JSON text or a mapping.

    Raises UsageError, naming the place, for unknown keys, versions, structures, paths and tables,
    for constraints that contradict each other and for those that loosen the standard.
    """
    if isinstance(source, Mapping):
        data: object = source
    else:
        try:
            data = json.loads(source)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"the profile is not JSON: {error}") from None
    root = _object(data, "profile", "profile")
    version, structure = _text(root, "version"), _text(root, "structure")
    tables = hl7tables.version(version)
    if tables.structure(structure) is None:
        raise UsageError(f"version {version} has no structure {structure!r}", place="structure")
    rules = grammar(version, structure)
    places = tuple(
        _place_rule(rules, path, _object(value, path, "segment"))
        for path, value in _members(root, "segments").items()
    )
    fields = tuple(
        _field_rule(tables, path, _object(value, path, "field"))
        for path, value in _members(root, "fields").items()
    )
    _no_orphans(places, fields)
    return Profile(str(root.get("name", "")), version, structure, places, fields)


def _object(value: object, place: str, kind: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise UsageError("expected an object", place=place)
    unknown = sorted(str(key) for key in value if key not in _KEYS[kind])
    if unknown:
        raise UsageError(f"unknown key {unknown[0]!r}", place=place, hint=f"one of {sorted(_KEYS[kind])}")
    return value


def _members(root: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = root.get(key, {})
    if not isinstance(value, Mapping):
        raise UsageError("expected an object", place=key)
    return value


def _text(root: Mapping[str, object], key: str) -> str:
    value = root.get(key)
    if not isinstance(value, str):
        raise UsageError(f"{key} is missing or no text", place=key)
    return value


def _count(rule: Mapping[str, object], key: str, place: str) -> int | None:
    value = rule.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UsageError(f"{key} is no count", place=place)
    return value


def _bounds(rule: Mapping[str, object], place: str, low: int, high: int | None) -> tuple[int, int | None]:
    """The cardinality a rule asks for, within that of the standard (`low`, `high`)."""
    usage = rule.get("usage")
    least, most = _count(rule, "min", place), _count(rule, "max", place)
    if usage not in {None, "R", "RE", "O", "X"}:
        raise UsageError(f"usage {usage!r} is none of R, RE, O, X", place=place)
    if usage == "X" and (least or most):
        raise UsageError("usage X contradicts a cardinality above 0", place=place)
    if usage == "R" and (least == 0 or most == 0):
        raise UsageError("usage R contradicts a cardinality of 0", place=place)
    least = (1 if usage == "R" else low) if least is None else least
    most = (0 if usage == "X" else high) if most is None else most
    if most is not None and least > most and not (usage == "X" and low == 0):
        raise UsageError(f"min {least} is above max {most}", place=place)
    if least < low or (high is not None and (most is None or most > high)):
        raise UsageError(f"the standard asks for {low} to {'any' if high is None else high}", place=place)
    return least, most


def _place_rule(rules: Grammar, path: str, rule: Mapping[str, object]) -> PlaceRule:
    steps = tuple(path.split("."))
    if len(steps) == 1 and re.fullmatch(r"[A-Z][A-Z0-9]{2}", path):
        if path not in rules.leaves and not path.startswith("Z"):
            raise UsageError(f"{rules.id} has no segment {path}", place=path)
        return PlaceRule(steps, *_bounds(rule, path, 0, None))
    at = rules.root
    for step in steps:
        found = _child(at, step)
        if found is None:
            raise UsageError(f"{at.name} has no {step}", place=path)
        at = found
    low, high = (at.min, at.max) if at.parent is None or at.parent.kind != "choice" else (0, at.max)
    return PlaceRule(steps, *_bounds(rule, path, low, high))


def _child(group: Place, name: str) -> Place | None:
    pending = list(group.children)
    while pending:
        child = pending.pop(0)
        if child.kind == "choice":
            pending = [*child.children, *pending]
        elif child.name == name:
            return child
    return None


def _field_rule(tables: hl7tables.Version, path: str, rule: Mapping[str, object]) -> FieldRule:
    match = _PATH.fullmatch(path)
    if match is None:
        raise UsageError("not a field path", place=path, hint="write it as PID-3 or PID-3.4.1")
    segment, *rest = match.groups()
    number, component, subcomponent = (None if n is None else int(n) for n in rest)
    definition = _definition(tables, path, segment, number or 0, (component, subcomponent))
    low, high = (0, None) if definition is None else (int(definition.usage == "R"), 1)
    if isinstance(definition, FieldDef):
        low, high = definition.min, definition.max
    elif component is not None:
        high = 1
    least, most = _bounds(rule, path, low, high)
    length = _count(rule, "length", path)
    values = _values(tables, path, rule)
    pattern = _pattern(path, rule)
    for value in sorted(values or ()):
        if length is not None and len(value) > length:
            raise UsageError(f"{value!r} is longer than length {length}", place=path)
        if pattern is not None and pattern.fullmatch(value) is None:
            raise UsageError(f"{value!r} does not match the pattern", place=path)
    if most == 0 and values:
        raise UsageError("a forbidden field cannot have fixed or listed values", place=path)
    return FieldRule(segment, number or 0, component, subcomponent, least, most, length, values, pattern)


def _definition(
    tables: hl7tables.Version, path: str, segment: str, number: int, inner: tuple[int | None, int | None]
) -> FieldDef | ComponentDef | None:
    """What the standard says of the place; None for local segments and varying types, which admit any."""
    found = tables.segment(segment)
    if found is None:
        if segment.startswith("Z"):
            return None
        raise UsageError(f"version {tables.id} has no segment {segment}", place=path)
    if not 1 <= number <= len(found.fields):
        raise UsageError(f"{segment} has {len(found.fields)} fields", place=path)
    at: FieldDef | ComponentDef = found.fields[number - 1]
    for step in inner:
        if step is None:
            break
        if at.datatype == hl7tables.VARIES:
            return None
        datatype = tables.datatype(at.datatype)
        count = len(datatype.components) if datatype else 0
        if datatype is None or not 1 <= step <= count:
            raise UsageError(f"{at.datatype} has {count} components", place=path)
        at = datatype.components[step - 1]
    return at


def _values(tables: hl7tables.Version, path: str, rule: Mapping[str, object]) -> frozenset[str] | None:
    given: list[frozenset[str]] = []
    if "fixed" in rule:
        if not isinstance(rule["fixed"], str):
            raise UsageError("fixed is no text", place=path)
        given.append(frozenset({rule["fixed"]}))
    if "values" in rule:
        listed = rule["values"]
        if not isinstance(listed, list) or not listed or not all(isinstance(value, str) for value in listed):
            raise UsageError("values is no list of texts", place=path)
        given.append(frozenset(listed))
    if "table" in rule:
        table = tables.table(str(rule["table"]))
        if table is None or not table.codes:
            raise UsageError(f"version {tables.id} has no codes for table {rule['table']!r}", place=path)
        given.append(frozenset(table.codes))
    if not given:
        return None
    for narrower, wider in pairwise(given):
        if not narrower <= wider:
            extra = min(narrower - wider)
            raise UsageError(f"{extra!r} contradicts the other values listed here", place=path)
    return given[0]


def _pattern(path: str, rule: Mapping[str, object]) -> re.Pattern[str] | None:
    text = rule.get("pattern")
    if text is None:
        return None
    try:
        return re.compile(str(text))
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(f"not a regular expression: {error}", place=path) from None


def _no_orphans(places: tuple[PlaceRule, ...], fields: tuple[FieldRule, ...]) -> None:
    """A field cannot be required of a segment that is forbidden."""
    forbidden = {rule.path[0] for rule in places if len(rule.path) == 1 and rule.max == 0}
    for rule in fields:
        if rule.segment in forbidden and rule.min:
            raise UsageError(f"the profile forbids {rule.segment}", place=rule.path)
