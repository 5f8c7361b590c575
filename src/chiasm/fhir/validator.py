"""Checking a resource against the definitions of FHIR R4: every deviation a finding, at its place.

Names of elements, cardinalities, data types, formats of primitives, codes of required bindings, choices,
targets of references, bundles and what they contain, and the invariants of `invariants`. Walks with a
stack of its own, so that no nesting can exhaust Python's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import Finding, Severity
from ..standards import fhirdefs
from . import bundles, invariants, primitives
from .resource import Resource

_ELEMENTS = "FHIR R4 §2.28"
_JSON = "FHIR R4 §2.6.2"
_SHADOW = frozenset({"id", "extension"})


@dataclass(frozen=True, slots=True)
class _Task:
    """One object still to check: what it is, where it stands, and which elements it may have."""

    node: Mapping[str, Any]
    path: str
    type: str
    below: str


class _Check:
    """One run over one resource."""

    def __init__(self, root: Resource) -> None:
        self.findings: list[Finding] = []
        self.index = bundles.Index(root.content)
        self.stack: list[_Task] = []

    def say(self, path: str, rule: str, message: str, citation: str = _ELEMENTS) -> None:
        self.findings.append(Finding(Severity.ERROR, path, rule, message, citation))

    def resource(self, node: Any, path: str) -> None:
        """Queue a resource, if it is one."""
        kind = node.get("resourceType") if isinstance(node, dict) else None
        if not isinstance(kind, str) or not fhirdefs.is_resource(kind):
            self.say(path, "resource-type", f"'{kind}' is not a resource of FHIR R4")
        else:
            self.stack.append(_Task(node, path, kind, ""))

    def run(self) -> None:
        while self.stack:
            task = self.stack.pop()
            self._object(task)
            for rule, message, place in invariants.broken(task.type if not task.below else "", task.node):
                self.say(f"{task.path}{place}", rule, message, "FHIR R4 §2.28.0.3")

    def _object(self, task: _Task) -> None:
        definition = fhirdefs.definition(task.type)
        assert definition is not None
        known = set()
        if definition.kind == "resource" and not task.below:
            known.add("resourceType")
        if not task.node:
            self.say(task.path, "empty", "an object without content", _JSON)
        for element in definition.children.get(task.below, ()):
            names = _names(element)
            present = [name for name in names if name in task.node or f"_{name}" in task.node]
            known.update(names)
            known.update(f"_{name}" for name in names)
            if element.min and not present:
                self.say(f"{task.path}.{element.name}", "required", f"{element.name} has to be there")
            if len(present) > 1:
                self.say(f"{task.path}.{element.name}", "choice", f"both {present[0]} and {present[1]}")
            for name in present:
                self._element(task, element, name, names[name])
        for name in task.node:
            if name not in known:
                self.say(f"{task.path}.{name}", "unknown-element", f"{task.type} has no element '{name}'")

    def _element(self, task: _Task, element: fhirdefs.ElementDef, name: str, kind: str) -> None:
        """One element of an object: its list if it repeats, each value by its type."""
        value = task.node.get(name)
        shadow = task.node.get(f"_{name}")
        path = f"{task.path}.{name}"
        if element.max == 1:
            if isinstance(value, list):
                self.say(path, "cardinality", "it does not repeat, so it is no list")
                return
            self._value(task, element, kind, value, shadow, path=path)
            return
        if not isinstance(value, (list, type(None))) or not isinstance(shadow, (list, type(None))):
            self.say(path, "cardinality", "it repeats, so it is a list")
            return
        values, shadows = value or [], shadow or []
        if not values and not shadows:
            self.say(path, "empty", "a list without content", _JSON)
        count = max(len(values), len(shadows))
        if element.max is not None and count > element.max:
            self.say(path, "cardinality", f"{count} values where {element.max} may be")
        for n in range(count):
            one = values[n] if n < len(values) else None
            beside = shadows[n] if n < len(shadows) else None
            self._value(task, element, kind, one, beside, path=f"{path}[{n}]")

    def _value(
        self, task: _Task, element: fhirdefs.ElementDef, kind: str, value: Any, shadow: Any, *, path: str
    ) -> None:
        if kind == "Resource":
            self.resource(value, path)
            return
        if element.same_as or kind in {"BackboneElement", "Element"}:
            below = element.same_as or element.path
            self._complex(value, path, task.type, below)
            return
        definition = fhirdefs.definition(kind)
        if definition is None or definition.kind != "primitive-type":
            self._complex(value, path, kind, "")
            self._bound(element, kind, value, path)
            if kind == "Reference" and isinstance(value, dict):
                self._reference(element, value, path)
            return
        if shadow is not None:
            self._shadow(shadow, path)
        if value is None:
            if shadow is None:
                self.say(path, "empty", "null says nothing", _JSON)
            return
        if element.path == "id" and task.below == "" and fhirdefs.is_resource(task.type):
            kind = "id"
        wrong = primitives.problem(kind, value)
        if wrong:
            self.say(path, "primitive-format", f"{_shown(value)}: {wrong}", "FHIR R4 §2.24.0.1")
        else:
            self._bound(element, kind, value, path)

    def _complex(self, value: Any, path: str, kind: str, below: str) -> None:
        if isinstance(value, dict):
            self.stack.append(_Task(value, path, kind, below))
        else:
            self.say(path, "type", f"{_shown(value)} where an object of {kind} stands", _JSON)

    def _shadow(self, shadow: Any, path: str) -> None:
        """The id and extensions of a primitive value. FHIR R4 §2.6.2.4."""
        if not isinstance(shadow, dict) or not shadow or not _SHADOW.issuperset(shadow):
            self.say(path, "type", "beside a primitive stand its id and extensions alone", _JSON)
            return
        extensions = shadow.get("extension", [])
        if not isinstance(extensions, list):
            self.say(f"{path}.extension", "cardinality", "it repeats, so it is a list")
            return
        for n, one in enumerate(extensions):
            self._complex(one, f"{path}.extension[{n}]", "Extension", "")

    def _bound(self, element: fhirdefs.ElementDef, kind: str, value: Any, path: str) -> None:
        """The code of a required binding: a bare code, a Coding, or any coding of a concept."""
        admitted = fhirdefs.codes(element.required) if element.required else None
        if admitted is None:
            return
        if isinstance(value, str):
            if not any(value in codes for codes in admitted.values()):
                self.say(path, "required-code", f"'{value}' is not in {element.required}", "FHIR R4 §4.1.5")
            return
        codings = [value] if kind == "Coding" else value.get("coding") if isinstance(value, dict) else None
        if kind not in {"Coding", "CodeableConcept"} or not isinstance(codings, list):
            return
        if not any(
            isinstance(one, dict) and one.get("code") in admitted.get(str(one.get("system")), ())
            for one in codings
        ):
            self.say(path, "required-code", f"no code of {element.required}", "FHIR R4 §4.1.5")

    def _reference(self, element: fhirdefs.ElementDef, value: dict[str, Any], path: str) -> None:
        kind, wrong = self.index.target(value.get("reference"), value.get("type"))
        if wrong:
            self.say(f"{path}.reference", "reference", wrong, "FHIR R4 §2.3.0")
        elif kind and element.targets and kind not in element.targets:
            allowed = ", ".join(element.targets)
            self.say(
                f"{path}.reference",
                "reference-target",
                f"a {kind}, where may stand: {allowed}",
                "FHIR R4 §2.3.0",
            )


def _names(element: fhirdefs.ElementDef) -> dict[str, str]:
    """The names that an element may have in JSON, each with its type."""
    if not element.choice:
        return {element.name: element.types[0] if element.types else ""}
    return {f"{element.name}{kind[0].upper()}{kind[1:]}": kind for kind in element.types}


def _shown(value: Any) -> str:
    text = str(value)
    return f"'{text[:40]}…'" if len(text) > 40 else f"'{text}'"


def validate(resource: Resource) -> list[Finding]:
    """What is wrong with a resource, in the order of its elements; empty where nothing is."""
    check = _Check(resource)
    check.resource(resource.content, resource.type)
    check.run()
    for path, rule, message in check.index.problems():
        check.say(path, rule, message, "FHIR R4 §2.36")
    return sorted(check.findings, key=lambda finding: (finding.path, finding.rule))
