"""Readers of the HL7 v2 sources: hl7apy, hl7types, hl7-dictionary and hl7v2-dictionary.

Each turns one package's shape into `hl7_records.Edition`, adding and judging nothing: what the
packages disagree on is settled in `hl7_merge`. hl7types is read as text, never imported.
"""

from __future__ import annotations

import html
import importlib
import json
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .hl7_records import VERSIONS, Branch, Edition, Row, Table

_ROW = re.compile(
    r"^        ?[A-Za-z0-9_]+\.(\d+) (?:\(([a-z]+)\) )?- ([^|\n]*) \(([^()|\n]*)\)(.*)$", re.MULTILINE
)
_HEAD = re.compile(
    r'^class (\w+)\((\w+)\):\n    """(.*?)(?: \(S[^()]*\))?\.?(?:\n|""")', re.MULTILINE | re.DOTALL
)
_CLASS = re.compile(r"^Class: (\S+)$", re.MULTILINE)
_FIELD = re.compile(r"^    (\w+): (\S.*?) = Field\(\n(.*?)^    \)", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r'title=(?:\(\s*)?("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')')
_NOTE = re.compile(r'description=\(?\s*("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')')
_ALIAS = re.compile(r'serialization_alias="[^".]+\.(\d+)"')
_NODE = re.compile(r"^    (\w+): (Optional\[)?(List\[)?_(\w+)\]*(?: \| None)? = Field\(", re.MULTILINE)


def _text(literal: str) -> str:
    """The value of a Python string literal, with white space and typographic quotes made plain."""
    return plain(str(json.loads(literal) if literal[0] == '"' else literal[1:-1].replace("\\'", "'")))


def plain(text: str) -> str:
    """One line, single blanks, straight quotes and hyphens."""
    text = (
        html.unescape(text)
        .replace("\u2019", "'")
        .replace("\u2018", "'")
        .replace("\u2013", "-")
        .replace("\u00a0", " ")
    )
    return " ".join(text.replace("\u201c", '"').replace("\u201d", '"').split())


def _segment(name: str) -> str:
    """The segment id of a leaf; the standard writes "any segment of this standard" as Hxx."""
    return "Hxx" if name.upper().startswith("ANY") else name


# --- hl7apy ---------------------------------------------------------------------------------------


def _apy_table(value: str | None) -> str:
    return value[3:] if value and value.startswith("HL7") else ""


def _apy_branch(child: Any, groups: dict[str, Any], prefix: str) -> Branch:
    name, _, (least, most), kind = child
    most = 0 if most == -1 else most
    if kind == "SEG":
        return Branch("segment", _segment(name), least, most)
    shape, children = groups[name][:2]
    parts = tuple(_apy_branch(item, groups, prefix) for item in children)
    short = name[len(prefix) + 1 :] if name.upper().startswith(prefix.upper() + "_") else name
    return Branch("choice" if shape == "choice" else "group", short, least, most, parts)


def _apy_rows(shape: Any) -> list[Any]:
    """The rows of a segment or data type; a few entries lack the inner tuple, some have no rows."""
    if isinstance(shape[0], str):
        shape = shape[1] if len(shape) > 1 else ()
    return [row for row in shape if row[-1] in ("FIE", "CMP")]


def hl7apy(version: str) -> Edition | None:
    """hl7apy 1.3.5: every version but 2.7.1; knows no lengths, and of usage only "required"."""
    edition = Edition()
    if version == "2.7.1":
        return None
    package = f"hl7apy.v{version.replace('.', '_')}"
    load = {
        part: importlib.import_module(f"{package}.{part}")
        for part in ("segments", "fields", "datatypes", "messages", "groups")
    }
    fields = load["fields"].FIELDS
    for key, shape in load["segments"].SEGMENTS.items():
        if len(key) != 3:
            continue  # ANYHL7SEGMENT: a wildcard of structures, no segment
        table = edition.segments[key] = Table()
        for ref, _, (least, most), _ in _apy_rows(shape):
            entry = fields[ref]
            gone = entry[2] in ("WD", "wd", None)
            table.rows[int(ref.rsplit("_", 1)[1])] = Row(
                entry[3].replace("_", " "),
                "-" if gone else entry[2],
                "W" if gone else "R" if least else "",
                0 if most == -1 else most,
                None,
                _apy_table(entry[4]),
            )
    for key, shape in load["datatypes"].DATATYPES_STRUCTS.items():
        table = edition.datatypes[key] = Table()
        for ref, entry, (least, _), _ in _apy_rows(shape):
            gone = entry[2] in ("WD", "wd", None)
            table.rows[int(ref.rsplit("_", 1)[1])] = Row(
                entry[3].replace("_", " "),
                "-" if gone else entry[2],
                "W" if gone else "R" if least else "",
                1,
                None,
                _apy_table(entry[4]),
            )
    for key, (_, children, *_) in load["messages"].MESSAGES.items():
        edition.structures[key] = tuple(_apy_branch(child, load["groups"].GROUPS, key) for child in children)
        edition.events[key] = key
    return edition


# --- hl7types -------------------------------------------------------------------------------------

_USAGE = {"NA": "NA", "O": "O", "R": "R", "C": "C", "X": "X", "B": "B", "opt": "O", "req": "R", "": ""}


def _types_table(text: str) -> Table:
    """One segment or data type module: the class docstring gives type and usage, the fields the rest."""
    head = _HEAD.search(text)
    table = Table(plain(head.group(3)) if head else "")
    docs = {int(m.group(1)): m for m in _ROW.finditer(text)}
    for match in _FIELD.finditer(text):
        alias = _ALIAS.search(match.group(3))
        if alias is None:
            continue
        number = int(alias.group(1))
        title, note = _TITLE.search(match.group(3)), _NOTE.search(match.group(3))
        doc = docs[number]
        word = doc.group(2) or (doc.group(5).split() or [""])[0]
        said = _text(note.group(1)) if note else ""
        length = re.search(r"LEN:(\d+)", said)
        code = re.search(r"\| (\d{4}) - ", doc.group(5)) or re.search(r"Table (\d{4})", said)
        table.rows[number] = Row(
            _text(title.group(1)) if title else "",
            doc.group(4),
            _USAGE.get(word, ""),
            0 if "List[" in match.group(2) else 1,
            int(length.group(1)) if length else None,
            code.group(1) if code and code.group(1) != "9999" else "",
        )
    return table


def _types_tree(folder: Path, text: str, prefix: str) -> tuple[Branch, ...]:
    nodes = []
    for name, optional, many, target in _NODE.findall(text):
        least, most = (0 if optional else 1), (0 if many else 1)
        path = folder / "groups" / f"{target}.py"
        if not path.exists():
            nodes.append(Branch("segment", _segment(target), least, most))
            continue
        children = _types_tree(folder, path.read_text("utf-8"), prefix)
        short = target[len(prefix) + 1 :] if target.upper().startswith(prefix.upper() + "_") else name
        nodes.append(Branch("group", short, least, most, children))
    return tuple(nodes)


def hl7types(version: str) -> Edition:
    """hl7types 0.9.5: every version; usage and names in full, no code tables, withdrawn fields left out."""
    spec = find_spec("hl7types")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "hl7" / f"v{version.replace('.', '_')}"
    edition = Edition()
    for part, target in (("segments", edition.segments), ("datatypes", edition.datatypes)):
        for path in sorted((folder / part).glob("[!_]*.py")):
            target[path.stem] = _types_table(path.read_text("utf-8"))
    aliases: dict[str, str] = {}
    for path in sorted((folder / "messages").glob("[!_]*.py")):
        text = path.read_text("utf-8")
        head = _HEAD.search(text)
        if head is None:
            continue
        edition.titles[path.stem] = plain(head.group(3))
        if head.group(2) == "HL7Model":
            edition.structures[path.stem] = _types_tree(folder, text, path.stem)
        else:
            aliases[path.stem] = head.group(2)
    for event in edition.titles:
        structure = event
        while structure in aliases:
            structure = aliases[structure]
        edition.events[event] = structure
    return edition


# --- hl7-dictionary and hl7v2-dictionary ----------------------------------------------------------


def _literal(path: Path) -> Any:
    text = path.read_text("utf-8")
    return json.loads(text[text.index("{") : text.rindex("}") + 1])


_OPT = {1: "O", 2: "R", 3: "C", 4: "W"}


def _dictionary_table(entry: Any, rows_key: str) -> Table:
    table = Table(plain(entry.get("desc", "")))
    for number, row in enumerate(entry[rows_key], 1):
        code = row.get("table")
        table.rows[number] = Row(
            plain(row["desc"]),
            row["datatype"],
            _OPT[row["opt"]],
            row["rep"],
            row.get("len"),
            f"{int(code):04d}" if code and int(code) != 9999 else "",
        )
    return table


def _dictionary_branch(node: Any) -> Branch:
    least, most = node["min"], node["max"]
    if node.get("compounds"):
        parts = tuple(_dictionary_branch(item) for item in node["compounds"])
        return Branch("choice", node["name"], least, most, parts)
    if node.get("children"):
        return Branch(
            "group", node["name"], least, most, tuple(_dictionary_branch(item) for item in node["children"])
        )
    return Branch("segment", _segment(node["name"] or ""), least, most)


def hl7_dictionary(version: str, npm: Path) -> Edition | None:
    """npm hl7-dictionary 1.0.1: 2.1 to 2.7.1, the only source that keeps the fields withdrawn in 2.7."""
    folder = npm / "hl7-dictionary" / "lib" / version
    if not folder.is_dir():
        return None
    edition = Edition()
    for key, entry in _literal(folder / "segments.js").items():
        edition.segments[key] = _dictionary_table(entry, "fields")
    for key, entry in _literal(folder / "fields.js").items():
        edition.datatypes[key] = _dictionary_table(entry, "subfields")
    for key, entry in _literal(folder / "messages.js").items():
        edition.titles[key] = plain(entry["desc"])
        edition.structures[key] = tuple(_dictionary_branch(node) for node in entry["segments"]["segments"])
    return edition


def dictionary_codes(npm: Path) -> dict[str, tuple[str, dict[str, str]]]:
    """The code tables of hl7-dictionary: table number to name and codes; no versions."""
    tables = _literal(npm / "hl7-dictionary" / "lib" / "tables.js")
    return {
        f"{int(key):04d}": (plain(entry["desc"]), {k: plain(v) for k, v in entry["values"].items()})
        for key, entry in tables.items()
    }


_DUMP = """
import {dictionaries} from 'hl7v2-dictionary';
process.stdout.write(JSON.stringify(dictionaries, (k, v) => typeof v === 'function' ? undefined : v));
"""


def hl7v2_dictionary(npm: Path) -> dict[str, Edition]:
    """npm hl7v2-dictionary 1.8.0: 2.1 to 2.8; a witness only, read through node."""
    # Run beside the packages, so that node finds them.
    done = subprocess.run(
        ["node", "--input-type=module", "-e", _DUMP], cwd=npm.parent, check=True, capture_output=True
    )
    editions = {}
    for version, content in json.loads(done.stdout).items():
        edition = editions[version] = Edition()
        for part, target in (("segments", edition.segments), ("types", edition.datatypes)):
            for key, entry in content[part].items():
                table = target[key] = Table(plain(entry.get("desc") or ""))
                for number, row in (entry.get("fields") or {}).items():
                    rep = row.get("rep")
                    table.rows[int(number)] = Row(
                        plain(row.get("desc") or ""),
                        row.get("type") or "",
                        row.get("opt") or "",
                        0 if rep == "infinite" else rep,
                        row.get("len"),
                        f"{int(row['table']):04d}" if str(row.get("table") or "").isdigit() else "",
                    )
    return editions


def everything(version: str, npm: Path) -> dict[str, Edition]:
    """What each source says of one version, by the short name of the source."""
    assert version in VERSIONS
    found = {
        "hl7apy": hl7apy(version),
        "hl7types": hl7types(version),
        "hl7-dictionary": hl7_dictionary(version, npm),
    }
    return {name: edition for name, edition in found.items() if edition is not None}
