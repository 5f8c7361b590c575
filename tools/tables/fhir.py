"""Generator of the FHIR R4 table: element definitions and required value sets of HL7's own package.

    python -m tools.tables …        all tables (see the package's __main__)
    generate(out_dir)               this one alone, into that folder

Writes `fhir-r4.json`: every resource and data type with its elements (cardinality, types, targets of
references, required bindings), and the codes of the value sets that are bound with strength required.
Names and codes only: the standard's prose is not carried.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NPM = HERE / "node_modules"
PACKAGE = "hl7.fhir.r4.examples"
FILE = "fhir-r4.json"

_TYPE_OF = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
_SYSTEM_TYPE = "http://hl7.org/fhirpath/System."
_TARGET = "http://hl7.org/fhir/StructureDefinition/"
_KINDS = frozenset({"resource", "complex-type", "primitive-type"})


def generate(out_dir: Path, *, npm: Path = NPM) -> None:
    """Write the table into `out_dir`; raises SystemExit where the package is missing."""
    root = npm / PACKAGE
    if not root.is_dir():
        raise SystemExit(f"{PACKAGE} is not installed below {npm}: run npm ci --prefix tools/tables")
    definitions = sorted(root.glob("StructureDefinition-*.json"))
    terms = sorted([*root.glob("ValueSet-*.json"), *root.glob("CodeSystem-*.json")])
    types = {entry[0]: entry[1] for path in definitions if (entry := _definition(_load(path)))}
    bound = sorted(
        {element[4] for _, _, elements in types.values() for element in elements.values() if element[4]}
    )
    codes = _Terminology(_load(path) for path in terms)
    content = {
        "provenance": {
            "edition": "FHIR R4 (4.0.1)",
            "sources": [
                {
                    "package": f"npm:{PACKAGE}",
                    "version": _load(root / "package.json")["version"],
                    "sha256": _digest([*definitions, *terms]),
                }
            ],
            "generator": "tools/tables/fhir.py",
        },
        "types": dict(sorted(types.items())),
        "value_sets": {url: codes.expand(url) for url in bound},
    }
    (out_dir / FILE).write_text(_lines(content), "utf-8")


def _load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _digest(paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def _definition(found: Any) -> tuple[str, list[Any]] | None:
    """Name and [kind, abstract, elements] of a resource or data type; None for profiles."""
    if found["kind"] not in _KINDS or found.get("derivation") == "constraint":
        return None
    elements = {}
    for element in found["snapshot"]["element"][1:]:
        elements[element["path"].partition(".")[2]] = _element(element)
    return found["type"], [found["kind"], int(found["abstract"]), elements]


def _element(element: Any) -> list[Any]:
    """[min, max or 0 for any, types, targets of references, required value set, element referred to]."""
    types = []
    targets: set[str] = set()
    for one in element.get("type", ()):
        code = one["code"]
        if code.startswith(_SYSTEM_TYPE):
            stated = [ext["valueUrl"] for ext in one.get("extension", ()) if ext["url"] == _TYPE_OF]
            code = stated[0] if stated else code.removeprefix(_SYSTEM_TYPE).lower()
        types.append(code)
        targets.update(target.removeprefix(_TARGET) for target in one.get("targetProfile", ()))
    binding = element.get("binding", {})
    required = binding.get("valueSet", "").partition("|")[0] if binding.get("strength") == "required" else ""
    most = 0 if element["max"] == "*" else int(element["max"])
    same = element.get("contentReference", "").removeprefix("#").partition(".")[2]
    return [element["min"], most, types, sorted(targets - {"Resource"}), required, same]


class _Terminology:
    """Value sets and code systems, expanded where they are enumerated in the package."""

    def __init__(self, resources: Iterable[Any]) -> None:
        self._sets: dict[str, Any] = {}
        self._systems: dict[str, Any] = {}
        for one in resources:
            (self._sets if one["resourceType"] == "ValueSet" else self._systems)[one["url"]] = one

    def expand(self, url: str) -> dict[str, list[str]] | None:
        """Code system to its codes in the value set; None where it cannot be enumerated."""
        compose = self._sets.get(url, {}).get("compose")
        if not compose or compose.get("exclude"):
            return None
        found: dict[str, set[str]] = {}
        for part in compose["include"]:
            if part.get("filter") or ("system" not in part and "valueSet" not in part):
                return None
            for inner in part.get("valueSet", ()):
                expanded = self.expand(inner.partition("|")[0])
                if expanded is None or "system" in part:
                    return None
                for system, codes in expanded.items():
                    found.setdefault(system, set()).update(codes)
            if "system" in part:
                codes_here = self._codes(part)
                if codes_here is None:
                    return None
                found.setdefault(part["system"], set()).update(codes_here)
        return {system: sorted(codes) for system, codes in sorted(found.items())}

    def _codes(self, part: Any) -> list[str] | None:
        if "concept" in part:
            return [concept["code"] for concept in part["concept"]]
        system = self._systems.get(part["system"])
        if system is None or system.get("content") != "complete" or "concept" not in system:
            return None
        codes = []
        stack = list(system["concept"])
        while stack:
            concept = stack.pop()
            codes.append(concept["code"])
            stack += concept.get("concept", ())
        return codes


def _lines(content: dict[str, Any]) -> str:
    """JSON with one entry per line, so that a change shows as one."""

    def dump(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    parts = []
    for key, value in content.items():
        if key == "provenance":
            parts.append(f"{dump(key)}:{dump(value)}")
        else:
            parts.append(
                f"{dump(key)}:{{\n" + ",\n".join(f"{dump(k)}:{dump(v)}" for k, v in value.items()) + "\n}"
            )
    return "{\n" + ",\n".join(parts) + "\n}\n"
