"""Several sources of HL7 v2 into one edition per version, with a record of every disagreement.

The rules, in order: a decision of `corrections/hl7.toml` (the standard itself, with citation); what
most sources say; hl7types, whose names and usages are fullest. Numbers that a version leaves out
but its predecessor or another source has are withdrawn fields, and are kept as such.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .hl7_records import VERSIONS, Branch, Edition, Row, Table

PSEUDO = {"Hxx", "Zxx", "ZL7", "ED"}
"""Entries of the segment lists that are wildcards, samples or data types, not segments."""

NO_TYPE = "-"
_VARIES = {"*", "var", "varies", "VARIES", "VAR"}
_GENERIC = {"CM", "CK"}


@dataclass(slots=True)
class Log:
    """Every disagreement met: (version, place, aspect, what each source says, outcome, by what)."""

    rows: list[tuple[str, str, str, str, str, str]] = field(default_factory=list)

    def note(
        self, version: str, place: str, aspect: str, said: Mapping[str, Any], outcome: Any, by: str
    ) -> None:
        """Record one, unless all sources that speak say the same and the outcome is that."""
        spoken = {name: value for name, value in said.items() if value not in (None, "")}
        if len({str(value) for value in spoken.values()} | {str(outcome)}) > 1:
            text = "; ".join(f"{name}: {value}" for name, value in spoken.items())
            self.rows.append((version, place, aspect, text, str(outcome), by))


def _most_said(said: Mapping[str, Any], prefer: Iterable[str]) -> tuple[Any, str]:
    counts = Counter(value for value in said.values() if value not in (None, ""))
    if not counts:
        return None, "none"
    ranked = counts.most_common()
    if len(ranked) == 1:
        return ranked[0][0], "all"
    if ranked[0][1] > ranked[1][1]:
        return ranked[0][0], "majority"
    for name in prefer:
        if said.get(name) not in (None, ""):
            return said[name], name
    return ranked[0][0], "majority"


def _datatype(said: Mapping[str, str]) -> tuple[str, str]:
    """The data type: a specific CM_ type over bare CM, one spelling of "varies", else what most say."""
    plain = {
        name: "varies" if value in _VARIES else value for name, value in said.items() if value != NO_TYPE
    }
    value, by = _most_said(plain, ("hl7types", "hl7apy", "hl7-dictionary"))
    if value in _GENERIC:
        finer = plain.get("hl7apy", "")
        if finer.startswith(f"{value}_"):
            return finer, "specific type"
    return value or NO_TYPE, by


def _usage(said: Mapping[str, str], lenient: bool) -> tuple[str, str]:
    """R only where most sources that tell R from the rest say so; else C, B or O as stated.

    `lenient`: the packages made from the schemas (hl7apy, hl7types) state no component usage in 2.5
    and 2.5.1, so that hl7-dictionary alone can say R there.
    """
    if lenient and said.get("hl7-dictionary") == "R":
        return "R", "hl7-dictionary"
    votes = {name: value == "R" for name, value in said.items() if value and value != "NA"}
    if "hl7apy" in said and said["hl7apy"] != "W":
        votes["hl7apy"] = said["hl7apy"] == "R"
    required, by = _most_said(votes, ("hl7types", "hl7apy"))
    if required:
        return "R", by
    # The witness is the one source that knows B; C is told by hl7types (and hl7-dictionary from 2.6 on).
    for code, name in (
        ("C", "hl7types"),
        ("B", "hl7v2-dictionary"),
        ("C", "hl7-dictionary"),
        ("C", "hl7v2-dictionary"),
    ):
        if said.get(name) == code:
            return code, name
    return "O", by


def _most(said: Mapping[str, int | None]) -> tuple[int, str]:
    """The repetitions: a finite number says more than "repeats", which says more than nothing."""
    repeats, by = _most_said({k: v != 1 for k, v in said.items() if v is not None}, ("hl7types", "hl7apy"))
    if not repeats:
        return 1, by
    finite = [value for value in said.values() if value not in (None, 0, 1)]
    return (min(v for v in finite if v is not None), "finite") if finite else (0, by)


class Merger:
    """Merges version after version, since withdrawn fields are known from the version before."""

    def __init__(self, corrections: Mapping[str, Any]) -> None:
        self.log = Log()
        self.corrections = corrections
        self.used: set[str] = set()
        self.previous: Edition | None = None

    def edition(self, version: str, sources: Mapping[str, Edition]) -> Edition:
        """One version from what each source says of it."""
        merged = Edition()
        merged.segments = self._tables(version, "segments", sources)
        merged.datatypes = self._tables(version, "datatypes", sources)
        self._correct(version, merged)
        self.previous = merged
        return merged

    def _tables(self, version: str, part: str, sources: Mapping[str, Edition]) -> dict[str, Table]:
        tables: dict[str, dict[str, Table]] = {
            name: getattr(edition, part) for name, edition in sources.items()
        }
        core = {name: held for name, held in tables.items() if name in ("hl7apy", "hl7types")}
        before = getattr(self.previous, part) if self.previous else {}
        # A segment listed without fields is one whose every field is withdrawn (QRD in 2.7).
        listed = {key for held in core.values() for key, table in held.items() if table.rows or key in before}
        names = sorted(listed - (PSEUDO if part == "segments" else set()))
        names = [key for key in names if key not in self.corrections.get("absent", {}).get(version, [])]
        return {
            key: self._table(version, part, key, {n: h[key] for n, h in tables.items() if key in h})
            for key in names
        }

    def _table(self, version: str, part: str, key: str, said: Mapping[str, Table]) -> Table:
        title = next(
            (
                table.name
                for name in ("hl7types", "hl7-dictionary", "hl7v2-dictionary")
                if (table := said.get(name)) and table.name
            ),
            key,
        )
        table = Table(title)
        core = {name: t for name, t in said.items() if name in ("hl7types", "hl7apy")}
        decisive = said.get("hl7types")
        # hl7apy lags behind in what 2.6 and later withdraw: there, a field that hl7types lacks is withdrawn.
        if decisive is not None and VERSIONS.index(version) >= VERSIONS.index("2.6"):
            core = {"hl7types": decisive}
        numbers = {number for t in core.values() for number, row in t.rows.items() if row.usage != "W"}
        before = getattr(self.previous, part).get(key) if self.previous else None
        # Numbers at the end fall away by withdrawal since 2.5 only; before, they did by renumbering.
        trailing = before.rows if before and VERSIONS.index(version) >= VERSIONS.index("2.5") else ()
        last = max([*numbers, *trailing], default=0)
        for number in range(1, last + 1):
            rows = {name: t.rows[number] for name, t in said.items() if number in t.rows}
            live = {name: row for name, row in rows.items() if name in core and row.usage != "W"}
            place = f"{key}-{number}" if part == "segments" else f"{key}.{number}"
            older = before.rows.get(number) if before else None
            if live:
                table.rows[number] = self._row(version, place, rows)
            else:
                table.rows[number] = self._withdrawn(version, place, rows, older)
        return table

    def _row(self, version: str, place: str, rows: Mapping[str, Row]) -> Row:
        # The witness votes on usage only: from 2.6 on it repeats older editions.
        judges = {name: row for name, row in rows.items() if name != "hl7v2-dictionary"}
        row = Row(
            name=next((rows[n].name for n in ("hl7types", "hl7-dictionary", "hl7apy") if n in rows), "")
        )
        lenient = "." in place and version in ("2.5", "2.5.1")
        said: dict[str, Mapping[str, Any]] = {
            "datatype": {n: r.datatype for n, r in judges.items()},
            "usage": {n: r.usage for n, r in rows.items()},
            "most": {n: r.most for n, r in judges.items() if r.usage != "W"},
            "table": {n: "" if r.table == "9999" else r.table for n, r in judges.items()},
            "length": {n: r.length or None for n, r in judges.items()},
        }
        row.datatype, how = _datatype(said["datatype"])
        row.usage, how_usage = _usage(said["usage"], lenient)
        row.most, how_most = _most(said["most"])
        table, how_table = _most_said(said["table"], ("hl7types", "hl7apy"))
        row.table = table or ""
        row.length, how_length = _most_said(said["length"], ("hl7types",))
        settled = {"datatype": how, "most": how_most, "table": how_table, "length": how_length}
        # Which source names C and B is no disagreement; whether a field is required is one.
        if len({u == "R" for n, u in said["usage"].items() if u and n in judges}) > 1:
            settled["usage"] = how_usage
        for aspect, by in settled.items():
            self.log.note(version, place, aspect, said[aspect], getattr(row, aspect), by)
        return row

    def _withdrawn(self, version: str, place: str, rows: Mapping[str, Row], older: Row | None) -> Row:
        name = next((rows[n].name for n in ("hl7-dictionary", "hl7apy") if n in rows), "")
        if older is not None and older.name:
            name = older.name
        name = name.title() if name.isupper() else name
        said = {n: r.usage or "present" for n, r in rows.items()}
        self.log.note(version, place, "kept", {"missing in": "hl7types", **said}, "W", "withdrawn, kept")
        return Row(name or "Withdrawn", NO_TYPE, "W", 1, None, "")

    def _correct(self, version: str, merged: Edition) -> None:
        """Apply the decisions of the corrections file; each names its versions, place and changes."""
        for decision in self.corrections.get("decision", ()):
            if version not in span(decision["versions"]):
                continue
            for place in decision["places"]:
                key, mark, number = re.fullmatch(r"(\w+)([-.])(\d+)", place).groups()  # type: ignore[union-attr]
                tables = merged.segments if mark == "-" else merged.datatypes
                if key not in tables:
                    continue
                self.used.add(decision["id"])
                old = tables[key].rows.get(int(number), Row())
                new = replace(old, **decision["set"])
                if new != old:
                    tables[key].rows[int(number)] = new
                    self.log.note(
                        version, place, "corrected", {"merged": _brief(old)}, _brief(new), decision["id"]
                    )


def _brief(row: Row) -> str:
    limits = f"max {row.most or '*'}, length {row.length}, table {row.table or '-'}"
    return f"{row.name}, {row.datatype}, {row.usage}, {limits}"


def span(text: str) -> set[str]:
    """The versions of "2.5.1", "2.3..2.6" (both ends included) and lists of these, separated by blanks."""
    found: set[str] = set()
    for part in text.split():
        first, _, last = part.partition("..")
        begin, end = VERSIONS.index(first), VERSIONS.index(last or first)
        found.update(VERSIONS[begin : end + 1])
    return found


def notation(branches: Iterable[Branch]) -> str:
    """The one-line form of a structure (see `chiasm.standards.hl7_syntax`)."""
    marks = {(1, 1): "", (0, 1): "?", (0, 0): "*", (1, 0): "+"}
    parts = []
    for branch in branches:
        mark = marks.get((branch.least, branch.most), f"{{{branch.least},{branch.most or ''}}}")
        inner = notation(branch.children)
        body = {"segment": "", "group": f"({inner})", "choice": f"<{inner}>"}[branch.kind]
        parts.append(f"{branch.name}{body}{mark}")
    return " ".join(parts)
