"""The code tables of HL7 v2, with the versions in which each code stands, from the FHIR R4 package.

npm hl7.fhir.r4.examples 4.0.1 (CC0) carries the v2 tables as CodeSystems; the version in which a
code was added or removed stands in the narrative alone, in the last column of its table. Codes that
were dropped before 2.9 come from hl7apy's tables of 2.3.1 and later, with hl7-dictionary's texts.
"""

from __future__ import annotations

import html
import importlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from .hl7_records import VERSIONS
from .hl7_sources import dictionary_codes, plain

_ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<td\s*(?:/>|>(.*?)</td>)", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_FILE = re.compile(r"CodeSystem-v2-(?:(2\.[\d.]+)-)?(\d{4})\.json$")
_NO_CODES = {"...", "\u2026", "L,M,N", "For micriobo", ""}
"""Entries that say "and so on", or stand for several codes that are listed too."""
LAST = len(VERSIONS) - 1
TOLD_FROM = VERSIONS.index("2.3.1")


@dataclass(slots=True)
class CodeTable:
    """One table: name and codes, each with text, first and last version by index."""

    name: str
    codes: dict[str, tuple[str, int, int]] = field(default_factory=dict)


def _index(version: str) -> int:
    """The place of a version in the list; what lies beyond it (2.9) is one past the end."""
    return VERSIONS.index(version) if version in VERSIONS else LAST + 1


def _lifetime(cell: str) -> tuple[int, int]:
    added = re.search(r"(?:added|from) v(2[\d.]*\d)", cell)
    removed = re.search(r"removed after v(2[\d.]*\d)", cell)
    return (_index(added.group(1)) if added else 0), (
        min(_index(removed.group(1)), LAST) if removed else LAST
    )


def _narrative(text: str) -> tuple[str, dict[str, tuple[str, int, int]]]:
    name = re.search(r"<p>(.*?)</p>", text, re.DOTALL)
    codes = {}
    for row in _ROW.findall(text):
        cells = [plain(html.unescape(_TAG.sub(" ", cell))) for cell in _CELL.findall(row)]
        if len(cells) >= 4 and cells[0] and cells[0] != "Code":
            codes[cells[0]] = (cells[1], *_lifetime(cells[-1]))
    return plain(name.group(1)) if name else "", codes


def code_tables(npm: Path) -> dict[str, CodeTable]:
    """Every table with codes, by number; one redefined between versions is joined, codes with their spans."""
    parts: dict[str, dict[str, Path]] = {}
    for path in sorted((npm / "hl7.fhir.r4.examples").glob("CodeSystem-v2-*.json")):
        match = _FILE.search(path.name)
        if match:
            parts.setdefault(match.group(2), {})[match.group(1) or "2.1"] = path
    tables: dict[str, CodeTable] = {}
    for number, editions in sorted(parts.items()):
        starts = sorted(editions, key=_index)
        for start, following in zip(starts, [*starts[1:], None], strict=True):
            resource = json.loads(editions[start].read_text("utf-8"))
            name, codes = _narrative(resource["text"]["div"])
            table = tables.setdefault(number, CodeTable(name))
            end = _index(following) - 1 if following else LAST
            said = {concept["code"]: concept.get("display", "") for concept in resource.get("concept", ())}
            for code, meaning in said.items():
                text, first, last = codes.get(plain(code), ("", _index(start), end))
                first, last = max(first, _index(start)), min(last, end)
                if code in table.codes and following is None and first <= last:
                    first = min(first, table.codes[code][1])
                if first <= last:
                    table.codes[code] = (plain(meaning or text), first, last)
    _add_dropped(tables, npm)
    return tables


def _add_dropped(tables: dict[str, CodeTable], npm: Path) -> None:
    """Add the codes that later versions dropped: spans from hl7apy, texts from hl7-dictionary.

    The FHIR package holds the tables of 2.9, without what was removed before: CE and TS of 0125.
    """
    meant = dictionary_codes(npm)
    spans = _spans()
    for number in sorted(set(meant) | set(spans)):
        name, meanings = meant.get(number, ("", {}))
        table = tables.setdefault(number, CodeTable(name))
        table.name = table.name or name
        if not table.codes and number not in spans:
            table.codes.update({code: (meaning, 0, LAST) for code, meaning in meanings.items()})
        for code, (first, last) in spans.get(number, {}).items():
            text, early, late = table.codes.get(code, (meanings.get(code, ""), first, last))
            table.codes[code] = (text, min(first, early), max(last, late))
    for table in tables.values():
        for code in _NO_CODES & set(table.codes):
            del table.codes[code]


def _spans() -> dict[str, dict[str, tuple[int, int]]]:
    """The first and last version of every code of hl7apy's tables, which begin with `TOLD_FROM`."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for order, version in enumerate(VERSIONS):
        if order < TOLD_FROM or version == "2.7.1":
            continue
        tables = importlib.import_module(f"hl7apy.v{version.replace('.', '_')}.tables").TABLES
        for key, (_, codes) in tables.items():
            held = found.setdefault(key.removeprefix("HL7"), {})
            for code in codes:
                first, _ = held.get(code, (order, order))
                held[code] = (first, order)
    return found
