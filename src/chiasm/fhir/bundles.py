"""Bundles as a whole: what their entries are called, and what references between them point at.

FHIR R4 §2.36 (Bundle), §2.36.4.1 (resolving references in bundles), §2.3.0 (references).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_RELATIVE = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?")
_UUID = "urn:uuid:"
_WITH_REQUEST = frozenset({"batch", "transaction", "history"})
_WITH_RESPONSE = frozenset({"batch-response", "transaction-response", "history"})


class Index:
    """The resources of one root: of a bundle by full URL, contained ones by id."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._types: dict[str, str] = {}
        self._contained: dict[str, str] = {}
        self._entries: list[Mapping[str, Any]] = []
        if root.get("resourceType") == "Bundle" and isinstance(root.get("entry"), list):
            self._entries = [one for one in root["entry"] if isinstance(one, dict)]
        for resource in [root, *(entry.get("resource") for entry in self._entries)]:
            self._contain(resource)
        for entry in self._entries:
            resource = entry.get("resource")
            url = entry.get("fullUrl")
            if isinstance(resource, dict) and isinstance(url, str):
                self._types[url] = str(resource.get("resourceType"))

    def _contain(self, resource: Any) -> None:
        contained = resource.get("contained") if isinstance(resource, dict) else None
        for one in contained if isinstance(contained, list) else ():
            if isinstance(one, dict) and isinstance(one.get("id"), str):
                self._contained[one["id"]] = str(one.get("resourceType"))

    def target(self, reference: Any, stated: Any = None) -> tuple[str, str]:
        """The type of resource that a reference points at, as far as known, and what is wrong with it."""
        if not isinstance(reference, str):
            return (stated if isinstance(stated, str) else ""), ""
        if reference.startswith("#"):
            if len(reference) == 1:
                return str(self._root.get("resourceType")), ""
            kind = self._contained.get(reference[1:], "")
            return kind, "" if kind else f"nothing of the id '{reference[1:]}' is contained"
        if reference in self._types:
            return self._types[reference], ""
        if reference.startswith(_UUID) and self._entries:
            return "", f"no entry of the bundle has the full URL {reference}"
        found = _RELATIVE.fullmatch(reference)
        return (found[1] if found else ""), ""

    def problems(self) -> Iterator[tuple[str, str, str]]:
        """What is wrong with the bundle as such: place, rule, message. FHIR R4 §2.36.6."""
        if self._root.get("resourceType") != "Bundle":
            return
        kind = self._root.get("type")
        seen: set[tuple[Any, Any]] = set()
        for n, entry in enumerate(self._entries):
            path = f"Bundle.entry[{n}]"
            resource = entry.get("resource")
            resource = resource if isinstance(resource, dict) else {}
            url = entry.get("fullUrl")
            if isinstance(url, str):
                meta = resource.get("meta")
                version = meta.get("versionId") if isinstance(meta, dict) else None
                if (url, version) in seen and kind != "history":
                    yield f"{path}.fullUrl", "bdl-7", f"a second entry of {url}"
                seen.add((url, version))
                if "/_history/" in url:
                    yield f"{path}.fullUrl", "bdl-8", "a full URL names no version"
            if ("request" in entry and kind not in _WITH_REQUEST) or (
                "request" not in entry and kind in _WITH_REQUEST
            ):
                yield (
                    f"{path}.request",
                    "bdl-3",
                    f"a request stands in each entry of a {_listed(_WITH_REQUEST)} alone",
                )
            if "response" in entry and kind not in _WITH_RESPONSE:
                yield f"{path}.response", "bdl-4", f"a response stands in a {_listed(_WITH_RESPONSE)} alone"
            if not resource and "request" not in entry and "response" not in entry:
                yield path, "bdl-5", "an entry holds a resource, a request or a response"
        if "total" in self._root and kind not in {"searchset", "history"}:
            yield "Bundle.total", "bdl-1", "only a searchset or history has a total"
        if kind in {"document", "message"} and self._entries:
            yield from self._first(str(kind))

    def _first(self, kind: str) -> Iterator[tuple[str, str, str]]:
        expected = "Composition" if kind == "document" else "MessageHeader"
        first = self._entries[0].get("resource")
        if not isinstance(first, dict) or first.get("resourceType") != expected:
            rule = "bdl-11" if kind == "document" else "bdl-12"
            yield "Bundle.entry[0]", rule, f"the first resource of a {kind} is a {expected}"


def _listed(kinds: frozenset[str]) -> str:
    return ", ".join(sorted(kinds))
