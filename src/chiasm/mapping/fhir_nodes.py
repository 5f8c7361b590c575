"""Nodes of a resource tree that remember what was read of them: the ground of the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..fhir import Number, Resource
from .fhir_places import FhirPlace, Step

Leaves = list[str]


class Node:
    """One object or value of a tree, with its path and where to note what is read of it."""

    __slots__ = ("index", "leaves", "path", "value")

    def __init__(self, index: Index, path: str, value: Any, leaves: Leaves) -> None:
        self.index = index
        self.path = path
        self.value = value
        self.leaves = leaves

    def noting(self, leaves: Leaves) -> Node:
        """The same node, noting what is read elsewhere."""
        return Node(self.index, self.path, self.value, leaves)

    def leaf(self) -> str:
        """The value as text, noted as read; empty for an object."""
        value = self.value
        if isinstance(value, (dict, list)) or value is None:
            return ""
        self.leaves.append(self.path)
        return str(value).lower() if isinstance(value, bool) else str(value)

    def children(self, name: str) -> list[Node]:
        """The children of a name: one for an element that does not repeat, none where it is absent."""
        if not isinstance(self.value, Mapping):
            return []
        found = self.value.get(name)
        path = f"{self.path}.{name.removeprefix('_')}"
        if isinstance(found, list):
            return [Node(self.index, f"{path}[{n}]", one, self.leaves) for n, one in enumerate(found)]
        return [] if found is None else [Node(self.index, path, found, self.leaves)]

    def text(self, name: str) -> str:
        """The first child of a name as text, noted as read."""
        for child in self.children(name):
            return child.leaf()
        return ""

    def texts(self, name: str) -> list[str]:
        """All children of a name as texts, noted as read; nulls as empty texts."""
        return [child.leaf() for child in self.children(name)]

    def has_only(self, *names: str) -> bool:
        """Whether nothing but these names stands in an object."""
        return isinstance(self.value, Mapping) and set(names).issuperset(self.value)

    def resolve(self) -> Node | None:
        """The resource that a Reference points at, if it is at hand."""
        for child in self.children("reference"):
            found = self.index.by_url(child.leaf())
            return found.noting(self.leaves) if found else None
        return None

    def is_a(self, resource_type: str) -> bool:
        """Whether it is a resource of a type."""
        return isinstance(self.value, Mapping) and self.value.get("resourceType") == resource_type


class Index:
    """The resources of one root, which is a bundle or a resource by itself, in their order."""

    def __init__(self, root: Resource) -> None:
        self.nodes: list[Node] = []
        self._urls: dict[str, Node] = {}
        content = root.content
        entries = content.get("entry")
        if root.type != "Bundle" or not isinstance(entries, list):
            self._add(Node(self, root.type, content, []), "")
            return
        for n, entry in enumerate(entries):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(resource, dict):
                url = entry.get("fullUrl")
                self._add(
                    Node(self, f"Bundle.entry[{n}].resource", resource, []),
                    url if isinstance(url, str) else "",
                )

    def _add(self, node: Node, url: str) -> None:
        self.nodes.append(node)
        if url:
            self._urls.setdefault(url, node)
        if isinstance(node.value.get("id"), str):
            self._urls.setdefault(f"{node.value.get('resourceType')}/{node.value['id']}", node)
        for contained in node.children("contained"):
            if isinstance(contained.value, dict):
                self.nodes.append(contained)
                self._urls.setdefault(f"#{contained.value.get('id')}", contained)

    def by_url(self, url: str) -> Node | None:
        """The resource of a full URL, of a relative one (`Patient/1`) or of a fragment (`#1`)."""
        return self._urls.get(url)

    def of(self, resource_type: str) -> list[Node]:
        """All resources of a type."""
        return [node for node in self.nodes if node.is_a(resource_type)]


def at(place: FhirPlace, resources: list[Node], pins: Mapping[str, Node], leaves: Leaves) -> list[Node]:
    """The nodes at a place within resources; a pin stands for the one item of a list that is meant."""
    found = [node.noting(leaves) for node in resources if node.is_a(place.resource)]
    if place.chosen:
        found = [node for node in found if _is_chosen(node, place.chosen, place.literal)]
    way = place.resource
    for step in place.steps:
        way = f"{way}.{step.name}"
        pinned = pins.get(way)
        found = (
            [pinned.noting(leaves)] if pinned else [child for node in found for child in _step(node, step)]
        )
    return found


def _step(node: Node, step: Step) -> Iterator[Node]:
    for child in node.children(step.name):
        if step.url:
            if isinstance(child.value, Mapping) and child.value.get("url") == step.url:
                child.text("url")
                yield child
        elif not step.chosen or _is_chosen(child, step.chosen, step.literal):
            yield child


def _is_chosen(node: Node, names: tuple[tuple[str, bool], ...], literal: str) -> bool:
    """Whether a condition holds; only then is what it looked at noted as read."""
    quiet: Leaves = []
    nodes = [node.noting(quiet)]
    parents: list[Node] = []
    for name, _ in names:
        parents = nodes
        nodes = [child for one in nodes for child in one.children(name)]
    for one in nodes:
        if one.value == literal:
            one.noting(node.leaves).leaf()
            for parent in parents if names[-1][0] == "code" else ():
                if one.path.startswith(f"{parent.path}."):
                    for beside in ("system", "display"):
                        parent.noting(node.leaves).text(beside)
            return True
    return False


def is_number(value: object) -> bool:
    """Whether a value is a number of JSON."""
    return isinstance(value, (int, Number)) and not isinstance(value, bool)
