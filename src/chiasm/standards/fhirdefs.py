"""FHIR R4 as data: the elements of every resource and data type, and the codes that are required.

One file, `data/fhir-r4.json`, read on first use and kept; a type becomes records only when it is asked
for. Names, cardinalities, types and codes only: the standard's prose is not here.

FHIR R4 §2.28 (resource definitions), §4.1 (code systems and value sets).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["ElementDef", "TypeDef", "codes", "definition", "is_resource", "provenance", "type_names"]

_FILE = Path(__file__).parent / "data" / "fhir-r4.json"


@dataclass(frozen=True, slots=True)
class ElementDef:
    """One element of a type.

    `path` is within the type, as `series.uid`; `name` its last part, without the `[x]` of a choice. `max`
    None is without bound. `types` are the data types admitted, empty for a backbone element that stands
    elsewhere (`same_as`). `targets` are the resources that a reference may point at, empty for any.
    `required` is the value set whose codes alone are admitted.
    """

    path: str
    name: str
    choice: bool
    min: int
    max: int | None
    types: tuple[str, ...]
    targets: tuple[str, ...]
    required: str
    same_as: str


@dataclass(frozen=True, slots=True)
class TypeDef:
    """One resource or data type; `kind` is `resource`, `complex-type` or `primitive-type`.

    `children` gives the elements of the type itself under the empty path, and those of each backbone
    element under its path, in the order of the definition.
    """

    name: str
    kind: str
    abstract: bool
    children: Mapping[str, tuple[ElementDef, ...]]


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))
    return content


@cache
def definition(name: str) -> TypeDef | None:
    """The definition of a resource or data type by its name; None where FHIR R4 has none."""
    found = _content()["types"].get(name)
    if found is None:
        return None
    kind, abstract, elements = found
    children: dict[str, list[ElementDef]] = {"": []}
    for path, row in elements.items():
        parent, _, last = path.rpartition(".")
        children.setdefault(parent, []).append(_element(path, last, row))
    return TypeDef(name, kind, bool(abstract), {path: tuple(found) for path, found in children.items()})


def _element(path: str, last: str, row: list[Any]) -> ElementDef:
    least, most, types, targets, required, same = row
    choice = last.endswith("[x]")
    name = last.removesuffix("[x]")
    return ElementDef(path, name, choice, least, most or None, tuple(types), tuple(targets), required, same)


def is_resource(name: str) -> bool:
    """Whether a name is that of a resource that can stand by itself."""
    found = _content()["types"].get(name)
    return found is not None and found[0] == "resource" and not found[1]


def type_names() -> tuple[str, ...]:
    """The names of all resources and data types."""
    return tuple(_content()["types"])


@cache
def codes(value_set: str) -> Mapping[str, frozenset[str]] | None:
    """The codes of a required value set by code system; None where FHIR does not enumerate them."""
    found = _content()["value_sets"].get(value_set)
    if found is None:
        return None
    return {system: frozenset(listed) for system, listed in found.items()}


def provenance() -> Mapping[str, Any]:
    """Edition, sources with their hashes, and generator of the table."""
    stated: Mapping[str, Any] = _content()["provenance"]
    return stated
