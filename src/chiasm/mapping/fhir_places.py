"""Places in FHIR resources: the part of FHIRPath that can be written as well as read.

`ServiceRequest.identifier.where(type.coding.code='PLAC').value` names the value of the identifier of that
type; where there is none yet, writing makes one. `extension('url')` and `value.ofType(string)` are as in
FHIRPath. What repeats, and of which type an element is, is looked up in the definitions of FHIR R4.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from ..errors import UsageError
from ..standards import fhirdefs

_STEP = re.compile(
    r"\.?(?P<name>[A-Za-z]+)"
    r"(?:\('(?P<url>[^']+)'\)|\.where\((?P<path>[A-Za-z.]+)='(?P<literal>[^']*)'\)|\.ofType\((?P<type>[A-Za-z]+)\))?"
)
_BACKBONES = frozenset({"BackboneElement", "Element"})


@dataclass(frozen=True, slots=True)
class Step:
    """One element on the way: its name in JSON, whether it repeats, its type, and which one is meant.

    `chosen` is the condition as names with whether they repeat, `literal` what stands there; `url` is
    that of an extension.
    """

    name: str
    many: bool
    type: str
    url: str = ""
    chosen: tuple[tuple[str, bool], ...] = ()
    literal: str = ""


@dataclass(frozen=True, slots=True)
class FhirPlace:
    """One place: the resource, which of several is meant, and the way into it.

    `key` tells resources of one type apart: `Observation:8302-2`. `type` is that of the place itself.
    """

    path: str
    resource: str
    key: str
    chosen: tuple[tuple[str, bool], ...]
    literal: str
    steps: tuple[Step, ...]

    @property
    def type(self) -> str:
        """The data type that stands there."""
        return self.steps[-1].type

    @property
    def many(self) -> bool:
        """Whether several values can stand there."""
        return any(step.many for step in self.steps)


@functools.lru_cache(maxsize=512)
def places(text: str) -> tuple[FhirPlace, ...]:
    """The places of one row, separated by semicolons; none for an empty text.

    Raises UsageError for what is not such a path, or no element of FHIR R4.
    """
    return tuple(_place(part.strip()) for part in text.split(";") if part.strip())


def _place(text: str) -> FhirPlace:
    parts: list[re.Match[str]] = []
    position = 0
    while position < len(text):
        found = _STEP.match(text, position)
        if not found or (found[0][0] == ".") != bool(parts):
            raise _wrong(text)
        parts.append(found)
        position = found.end()
    first, *rest = parts
    resource = first["name"]
    if not rest or not fhirdefs.is_resource(resource):
        raise _wrong(text)
    chosen = _chain(text, resource, "", first["path"]) if first["path"] else ()
    literal = first["literal"] or ""
    steps: list[Step] = []
    kind, below = resource, ""
    for index, part in enumerate(rest):
        extended = index + 1 < len(rest) and rest[index + 1]["name"] == "extension"
        step, kind, below = _step(text, part, kind, below, extended=extended)
        steps.append(step)
    key = f"{resource}:{literal}" if chosen else resource
    return FhirPlace(text, resource, key, chosen, literal, tuple(steps))


def _step(text: str, part: re.Match[str], kind: str, below: str, *, extended: bool) -> tuple[Step, str, str]:
    """One step of a path, with the type and backbone that it leads to."""
    name = part["name"]
    element = _element(kind, below, name)
    if element is None:
        raise _wrong(text)
    types = element.types
    if element.choice:
        if part["type"] not in types:
            raise _wrong(text)
        types = (part["type"],)
        name += types[0][0].upper() + types[0][1:]
    if types and types[0] in _BACKBONES:
        leads = (kind, element.path)
        shown = f"{kind}.{element.path}"
    else:
        leads = (types[0], "")
        shown = types[0]
        definition = fhirdefs.definition(shown)
        if extended and definition is not None and definition.kind == "primitive-type":
            name = f"_{name}"
    chosen = _chain(text, *leads, part["path"]) if part["path"] else ()
    literal = part["literal"] or ""
    return Step(name, element.max != 1, shown, part["url"] or "", chosen, literal), *leads


def _chain(text: str, kind: str, below: str, path: str) -> tuple[tuple[str, bool], ...]:
    """The names of a condition, each with whether it repeats."""
    found = []
    for name in path.split("."):
        element = _element(kind, below, name)
        if element is None:
            raise _wrong(text)
        found.append((name, element.max != 1))
        kind, below = (kind, element.path) if element.types[0] in _BACKBONES else (element.types[0], "")
    return tuple(found)


def _element(kind: str, below: str, name: str) -> fhirdefs.ElementDef | None:
    definition = fhirdefs.definition(kind)
    if definition is None:
        return None
    return next((one for one in definition.children.get(below, ()) if one.name == name), None)


def _wrong(text: str) -> UsageError:
    return UsageError(
        f"'{text}' is not a place in a resource of FHIR R4",
        hint="write it as Patient.name or ServiceRequest.identifier.where(type.coding.code='PLAC').value",
    )
