"""Paths into a resource: the part of FHIRPath that names one place.

`Patient.name[0].family`, counted from 0. The id and the extensions of a primitive are named as its
children (`Patient.birthDate.extension[0].url`), though JSON keeps them in a property of their own
(`_birthDate`). FHIR R4 §2.6.2.4; http://hl7.org/fhirpath.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..errors import UsageError

Step = str | int

_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)((?:\[\d{1,9}\])*)")
_OF_PRIMITIVE = frozenset({"extension", "id"})


def steps(path: str, resource_type: str) -> list[Step]:
    """The steps of a path below its resource, whose name may stand first or be left out.

    Raises UsageError for a text that is not such a path.
    """
    found: list[Step] = []
    for part in path.split("."):
        match = _STEP.fullmatch(part)
        if not match:
            raise UsageError(
                f"'{path}' is not a path", hint="write it as Patient.name[0].family, counted from 0"
            )
        found.append(match[1])
        found += [int(number) for number in re.findall(r"\d+", match[2])]
    if found and found[0] == resource_type:
        found.pop(0)
    return found


def json_steps(content: Any, path: list[Step]) -> list[Step]:
    """The steps as JSON has them, where extensions of primitives stand beside their values."""
    found: list[Step] = []
    node = content
    for index, step in enumerate(path):
        name = step
        if isinstance(step, str) and isinstance(node, dict):
            beyond = next((one for one in path[index + 1 :] if isinstance(one, str)), None)
            shadow = f"_{step}"
            if beyond in _OF_PRIMITIVE and not _has_children(node.get(step)) and shadow in node:
                name = shadow
        found.append(name)
        node = child(node, name)
    return found


def _has_children(node: Any) -> bool:
    if isinstance(node, list):
        return any(isinstance(one, dict) for one in node)
    return isinstance(node, dict)


def child(node: Any, step: Step) -> Any:
    """What a step leads to; None where nothing stands there."""
    if isinstance(step, int):
        return node[step] if isinstance(node, list) and step < len(node) else None
    if isinstance(node, list):
        node = node[0] if len(node) == 1 else None
    return node.get(step) if isinstance(node, dict) else None


def walk(content: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Every leaf with its path, in the order of the resource; with a stack of its own."""
    stack: list[tuple[str, Any]] = [(prefix, content)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, dict):
            stack += [(f"{path}.{name.removeprefix('_')}", value) for name, value in reversed(node.items())]
        elif isinstance(node, list):
            stack += [(f"{path}[{n}]", node[n]) for n in range(len(node) - 1, -1, -1)]
        elif node is not None:
            yield path, node
