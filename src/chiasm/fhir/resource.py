"""A resource as a tree: read and edited by paths, encoded to its own bytes while nobody edits it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import EncodeError, UsageError
from .numbers import Number, dump
from .paths import Step, child, json_steps, steps, walk


class Resource:
    """One resource of FHIR R4, as a Bundle or a Patient.

    `content` is its tree: dicts, lists, texts, booleans, whole numbers, and `Number` for the others. It is
    for reading; edits go by paths, so that the bytes it came from are given up only when they have to be.
    """

    __slots__ = ("_content", "_original")

    def __init__(self, content: dict[str, Any], original: bytes | None = None) -> None:
        if not isinstance(content.get("resourceType"), str):
            raise UsageError("a resource has a resourceType", rule="FHIR R4 §2.6.2")
        self._content = content
        self._original = original

    @property
    def type(self) -> str:
        """The name of the resource, as `Bundle`."""
        return str(self._content["resourceType"])

    @property
    def content(self) -> Mapping[str, Any]:
        """The tree, for reading."""
        return self._content

    def to_dict(self) -> dict[str, Any]:
        """A copy of the tree that is the caller's own."""
        return copy.deepcopy(self._content)

    def get(self, path: str, default: Any = None) -> Any:
        """What stands at a path, as `Patient.name[0].family`; `default` where nothing does."""
        node: Any = self._content
        for step in self._steps(path):
            node = child(node, step)
            if node is None:
                return default
        return node

    def __getitem__(self, path: str) -> Any:
        found = self.get(path)
        if found is None:
            raise KeyError(path)
        return found

    def __contains__(self, path: str) -> bool:
        return self.get(path) is not None

    def __setitem__(self, path: str, value: Any) -> None:
        """Put a value at a path; missing objects and lists on the way are made.

        Raises UsageError for an index beyond the end of a list by more than one.
        """
        found = self._steps(path)
        node: Any = self._content
        for index, step in enumerate(found[:-1]):
            node = _enter(node, step, found[index + 1], path)
        _put(node, found[-1], value, path)
        self._original = None

    def __delitem__(self, path: str) -> None:
        found = self._steps(path)
        node: Any = self._content
        for step in found[:-1]:
            node = child(node, step)
        if child(node, found[-1]) is None:
            raise KeyError(path)
        del node[found[-1]]
        self._original = None

    def walk(self) -> Iterator[tuple[str, Any]]:
        """Every leaf with its path (`Patient.name[0].family`), in the order of the resource."""
        return walk(self._content, self.type)

    def encode(self, *, indent: int | None = None) -> bytes:
        """The bytes of the resource: those it was read from, unless it was edited or is to be indented.

        Raises EncodeError for content that JSON or UTF-8 cannot hold.
        """
        if self._original is not None and indent is None:
            return self._original
        try:
            return dump(self._content, indent).encode("utf-8")
        except (TypeError, ValueError, RecursionError) as error:
            raise EncodeError(
                f"not content of JSON: {error}", source=self.type, rule="FHIR R4 §2.6.2"
            ) from None

    def _steps(self, path: str) -> list[Step]:
        return json_steps(self._content, steps(path, self.type))

    def __repr__(self) -> str:
        return f"<Resource {self.type}>"


def _enter(node: Any, step: Step, following: Step, path: str) -> Any:
    found = child(node, step)
    if found is None:
        found = [] if isinstance(following, int) else {}
        _put(node, step, found, path)
    return found


def _put(node: Any, step: Step, value: Any, path: str) -> None:
    if not isinstance(value, (str, bool, int, Number, dict, list)):
        raise UsageError(f"{type(value).__name__} is no content of JSON", place=path)
    if isinstance(step, int) and isinstance(node, list) and step <= len(node):
        node[step : step + 1] = [value]
    elif isinstance(step, str) and isinstance(node, list) and len(node) == 1:
        _put(node[0], step, value, path)
    elif isinstance(step, str) and isinstance(node, dict):
        node[step] = value
    else:
        raise UsageError("there is no such place", place=path, hint="a list grows by one at its end")
