"""Generator of the HL7 v2 tables: four packages, one corrections file, one data file per version.

    python -m tools.tables …        all tables (see the package's __main__)
    generate(out_dir)               these alone, into that folder

Writes `hl7-<version>.json`, `hl7-tables.json` and, beside the corrections, the list of every
disagreement between the sources with its outcome (`hl7-disagreements.tsv`).
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from . import hl7_sources
from .hl7_codes import LAST, TOLD_FROM, CodeTable, code_tables
from .hl7_merge import Merger, notation, span
from .hl7_records import VERSIONS, Edition, Row
from .hl7_structures import Chosen, events, structures

HERE = Path(__file__).parent
NPM = HERE / "node_modules"
CORRECTIONS = HERE / "corrections" / "hl7.toml"
REPORT = HERE / "corrections" / "hl7-disagreements.tsv"
PYPI = ("hl7apy", "hl7types")
PACKAGES = ("hl7-dictionary", "hl7v2-dictionary", "hl7.fhir.r4.examples")


def generate(out_dir: Path, *, npm: Path = NPM, report: Path | None = REPORT) -> None:
    """Write every HL7 file into `out_dir`, and the report of disagreements."""
    corrections = tomllib.loads(CORRECTIONS.read_text("utf-8"))
    merger = Merger(corrections)
    witness = hl7_sources.hl7v2_dictionary(npm)
    provenance = sources_stated(npm)
    references: dict[str, dict[str, set[str]]] = {}
    codes = code_tables(npm)
    near: Chosen | None = None
    firsts: dict[str, int] = {}
    titles: dict[str, str] = {}
    for order, version in enumerate(VERSIONS):
        said = hl7_sources.everything(version, npm)
        full = {**said, **({"hl7v2-dictionary": witness[version]} if version in witness else {})}
        merged = merger.edition(version, full)
        decided = [entry for entry in corrections["structure"] if version in span(entry["versions"])]
        take = {key: entry.get("take", "corrections") for entry in decided for key in entry["ids"]}
        texts = {key: entry["text"] for entry in decided if "text" in entry for key in entry["ids"]}
        near = structures(version, said, before=near, segments=merged.segments, log=merger.log, take=take)
        _refer(merged, references, firsts, order)
        titles |= _titles(said)
        content = {
            "provenance": {"edition": f"HL7 v{version}", **provenance},
            "segments": {
                k: [t.name, [_field(r) for _, r in sorted(t.rows.items())]]
                for k, t in merged.segments.items()
            },
            "datatypes": {
                k: [t.name, [_component(r) for _, r in sorted(t.rows.items())]]
                for k, t in merged.datatypes.items()
            },
            "structures": {
                k: [titles.get(k, ""), texts.get(k) or notation(tree)] for k, tree in near.trees.items()
            },
            "events": events(said, near.trees, _shared(codes, corrections, version)),
        }
        (out_dir / f"hl7-{version}.json").write_text(_lines(content), "utf-8")
    content = {
        "provenance": {"edition": "HL7 v2.1 to v2.8.2, tables", **provenance},
        "tables": _tables(codes, references, firsts, corrections),
    }
    (out_dir / "hl7-tables.json").write_text(_lines(content), "utf-8")
    if report:
        head = "version\tplace\taspect\tsources\toutcome\tby\n"
        report.write_text(head + "".join("\t".join(row) + "\n" for row in merger.log.rows), "utf-8")
    unused = {decision["id"] for decision in corrections.get("decision", ())} - merger.used
    if unused:
        raise SystemExit(f"corrections that apply to nothing: {sorted(unused)}")


def _titles(said: Mapping[str, Edition]) -> dict[str, str]:
    """The names of the structures: hl7types' without the message codes before them, else hl7-dictionary's."""
    found = dict(said["hl7-dictionary"].titles) if "hl7-dictionary" in said else {}
    for key, title in said["hl7types"].titles.items():
        if not re.fullmatch(r"HL7 v2 \w+ message", title):
            found[key] = re.sub(r"^[A-Z]{3}(?:/[A-Z]{3})* ?- *", "", title)
    return found


def sources_stated(npm: Path) -> dict[str, Any]:
    """The packages and their versions, each with a digest of the files that were read."""
    stated = []
    for name in PYPI:
        dist = distribution(name)
        chosen = sorted((f for f in dist.files or () if f.suffix == ".py"), key=str)
        stated.append(
            {
                "package": f"pypi:{name}",
                "version": dist.version,
                "sha256": _digest((str(f), Path(str(dist.locate_file(f)))) for f in chosen),
            }
        )
    for name in PACKAGES:
        root = npm / name
        meta = json.loads((root / "package.json").read_text("utf-8"))
        pattern = "CodeSystem-v2-*.json" if name.startswith("hl7.fhir") else "**/*.js"
        chosen_paths = sorted(
            p for p in root.glob(pattern) if "node_modules" not in p.relative_to(root).parts
        )
        stated.append(
            {
                "package": f"npm:{name}",
                "version": meta["version"],
                "sha256": _digest((p.relative_to(root).as_posix(), p) for p in chosen_paths),
            }
        )
    corrections = hashlib.sha256(CORRECTIONS.read_bytes()).hexdigest()
    return {
        "sources": stated,
        "corrections": {"file": "tools/tables/corrections/hl7.toml", "sha256": corrections},
        "generator": "tools/tables/hl7.py",
    }


def _digest(named: Iterable[tuple[str, Path]]) -> str:
    total = hashlib.sha256()
    for name, path in named:
        total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def _field(row: Row) -> list[Any]:
    return [
        row.name,
        row.datatype,
        row.usage,
        1 if row.most is None else row.most,
        row.length or None,
        row.table or None,
    ]


def _component(row: Row) -> list[Any]:
    return [row.name, row.datatype, row.usage, row.length or None, row.table or None]


def _lines(content: Mapping[str, Any]) -> str:
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


def _shared(codes: Mapping[str, CodeTable], corrections: Mapping[str, Any], version: str) -> dict[str, str]:
    """Events to structures by table 0354, whose texts list the triggers of each structure."""
    order = VERSIONS.index(version)
    found: dict[str, str] = {}
    for structure, (text, first, last) in codes["0354"].codes.items():
        if first <= order <= last and "_" in structure:
            for trigger in re.findall(r"\b[A-Z][A-Z0-9]\d\b|\bPC[A-Z0-9]\b", text):
                found[f"{structure.split('_')[0]}_{trigger}"] = structure
    for entry in corrections.get("events", ()):
        found.update(entry["map"])
    return found


def _refer(
    merged: Edition, references: dict[str, dict[str, set[str]]], firsts: dict[str, int], order: int
) -> None:
    for part in (merged.segments, merged.datatypes):
        for table in part.values():
            for row in table.rows.values():
                if row.table:
                    # Before IS came with 2.3, an ID referred to tables of both kinds.
                    early = order < VERSIONS.index("2.3.1")
                    told = "ID before 2.3.1" if row.datatype == "ID" and early else row.datatype
                    references.setdefault(row.table, {}).setdefault(told, set()).add(row.name)
                    firsts.setdefault(row.table, order)


def _tables(
    codes: Mapping[str, CodeTable],
    references: Mapping[str, Mapping[str, set[str]]],
    firsts: Mapping[str, int],
    corrections: Mapping[str, Any],
) -> dict[str, Any]:
    """Number to [name, kind, [first, last], {code: [text, first, last]}]; versions by their index.

    A table that an ID or CNE refers to is defined by HL7, one that an IS or only a CWE does by the
    user; the corrections file names the external ones.
    """
    external = corrections["tables"]["external"]
    found = {}
    for number in sorted(set(codes) | set(references)):
        table = codes.get(number, CodeTable(""))
        types = set(references.get(number, ()))
        name = (
            table.name
            or external.get(number)
            or min((n for names in references.get(number, {}).values() for n in names), default="")
        )
        closed = bool(types & {"ID", "CNE"}) and "IS" not in types
        kind = "hl7" if closed or (not types and table.codes) else "user"
        if number in external:
            kind = "external"
        used = firsts.get(number, LAST)
        for code, (text, begin, end) in table.codes.items():
            # What stands in the first tables that tell versions is as old as the use of its table.
            table.codes[code] = (text, min(begin, used) if begin == TOLD_FROM else begin, end)
        for entry in corrections["codes"]:
            if entry["table"] == number:
                begin = VERSIONS.index(entry["from"])
                table.codes |= {code: (text, begin, LAST) for code, text in entry["add"].items()}
        first = min([used, *(row[1] for row in table.codes.values())])
        if number in corrections["tables"]["every_version"]:
            table = CodeTable(table.name, {code: (row[0], 0, LAST) for code, row in table.codes.items()})
        rows = {code: list(row) for code, row in sorted(table.codes.items()) if row[1] <= LAST}
        found[number] = [name, kind, [first, LAST], rows]
    return found
