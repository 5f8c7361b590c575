"""Whether a code is one of its table, and how much it matters where it is not.

A table of HL7 is closed: another code is an error, in a coded element with exceptions (CWE) or a CE
a warning. A user-defined table holds suggestions, so another code is a note; a table whose codes
are kept elsewhere says nothing. HL7 v2.5.1 §2.5.3.6, §2.A.4 (CE), §2.A.12 (CNE), §2.A.13 (CWE).
"""

from __future__ import annotations

from ..errors import Severity
from ..standards.hl7tables import PRIMITIVES, Version

_CODED = frozenset({"CE", "CF", "CNE", "CWE", "HD"})
_OPEN = ("…", "...", "zzz", " or ", ",")
"""Marks of rows that describe codes instead of listing one: a table with them is no closed list."""
_LOCAL_TABLES = frozenset({"0003", "0076", "0354", "0125", "0104", "0301", "0396", "0203"})
"""Tables of HL7 to which sites may add codes of their own (Z events, 99zzz systems, local domains)."""
_DESCRIBED = frozenset({"0291"})
"""Tables of HL7 that refer to a register kept elsewhere: media subtypes are those of RFC 2046."""


class Codes:
    """The tables of one version, as verdicts on codes."""

    __slots__ = ("_closed", "_version")

    def __init__(self, version: Version) -> None:
        self._version = version
        self._closed: dict[str, tuple[frozenset[str], str]] = {}

    def coded(self, datatype: str) -> bool:
        """Whether the first component of the type is a code of the field's table."""
        return datatype in _CODED

    def judge(self, table: str, code: str, datatype: str) -> tuple[Severity, str] | None:
        """The severity and wording for a code that its table does not hold; None where it does."""
        known = self._closed.get(table)
        if known is None:
            known = self._closed[table] = self._read(table)
        codes, kind = known
        if not codes or code in codes:
            return None
        message = f"{code[:40]!r} is not in table {table}"
        if kind == "user":
            return Severity.NOTE, f"{message}, which sites may extend"
        if kind == "open":
            if code[:1] == "Z" or code[:2] == "99" or code == "L" or code[:3] in {"HL7", "ISO"}:
                return None
            if self._in_use(table, code):
                return None
            return Severity.WARNING if table in {"0301", "0396", "0203"} else Severity.ERROR, message
        if kind == "described":
            return Severity.NOTE, message
        return Severity.WARNING if datatype in {"CE", "CF", "CWE", "HD"} else Severity.ERROR, message

    def _in_use(self, table: str, code: str) -> bool:
        """Whether the version's own structures and types use a code that its table leaves out."""
        if table == "0125":
            return code in PRIMITIVES or self._version.datatype(code) is not None
        if table == "0354":
            return code in self._version.structures
        if table == "0076":
            return any(name.partition("_")[0] == code for name in self._version.structures)
        if table == "0003":
            events = (*self._version.events, *self._version.structures)
            return any(event.partition("_")[2] == code for event in events)
        return False

    def _read(self, table: str) -> tuple[frozenset[str], str]:
        definition = self._version.table(table)
        if definition is None or definition.kind == "external":
            return frozenset(), "external"
        codes = frozenset(definition.codes)
        if definition.kind == "user":
            return codes, "user"
        if table in _LOCAL_TABLES:
            return codes, "open"
        described = table in _DESCRIBED or any(mark in code for code in codes for mark in _OPEN)
        return codes, "described" if described else "hl7"
