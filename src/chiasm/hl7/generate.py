"""A valid instance of any message structure of any version, for tests of interfaces.

The content is made up and plain; the same arguments give the same message. HL7 v2.5.1 §2.12
(abstract message syntax), §2.15.9 (MSH).
"""

from __future__ import annotations

from random import Random

from ..errors import UsageError
from ..standards import hl7tables
from ..standards.hl7tables import ANY_SEGMENT, NO_TYPE, VARIES, FieldDef, Node, StructureDef, Version
from .message import Message, parse

_TEXTS = {
    "NM": ("12", "1"),
    "SI": ("1",),
    "DT": ("20260102", "202601", "2026"),
    "TM": ("103000", "1030", "10"),
    "DTM": ("20260102103000+0100", "20260102103000", "202601021030", "20260102", "202601", "2026"),
    "TN": ("555-1234",),
    "SNM": ("5551234", "5"),
}
_UNUSED = frozenset({"W", "X"})
_CODED = frozenset({"CE", "CF", "CNE", "CWE", "HD"})
_OPEN = ("…", "...", "zzz", " ", ",", "<", "&", "^", "~", "\\", "|")


def instance(version: str, structure: str, *, optional: bool = False, seed: int = 0) -> Message:
    """Make a message of that structure that validates without an error.

    `optional` adds every optional segment, field and component that the lengths leave room for;
    `seed` varies which alternative of a choice is taken. Raises UsageError for an unknown version or
    structure.
    """
    return parse("\r".join(rows(version, structure, optional=optional, seed=seed)) + "\r")


def rows(version: str, structure: str, *, optional: bool = False, seed: int = 0) -> list[str]:
    """The segments of `instance` as ER7 texts."""
    tables = hl7tables.version(version)
    definition = tables.structure(structure)
    if definition is None:
        raise UsageError(f"HL7 {version} has no message structure {structure!r}", place="MSH-9.3")
    maker = _Maker(tables, optional)
    names = _segments(definition, Random(seed), optional=optional)
    return [
        maker.header(structure) if name == "MSH" else maker.segment(name, structure[:3]) for name in names
    ]


def _segments(definition: StructureDef, random: Random, *, optional: bool) -> list[str]:
    """The segment ids of one instance, in order."""
    out: list[str] = []
    pending = list(reversed(definition.children))
    while pending:
        node = pending.pop()
        times = max(node.min, 1) if optional else node.min
        if not times:
            continue
        if node.kind == "segment":
            out += ["NTE" if node.name == ANY_SEGMENT else node.name] * times
        else:
            for _ in range(times):
                pending += reversed(_inside(node, random))
    return out


def _inside(node: Node, random: Random) -> tuple[Node, ...]:
    return (random.choice(node.children),) if node.kind == "choice" and node.children else node.children


class _Maker:
    """Makes segments and values of one version."""

    def __init__(self, version: Version, optional: bool) -> None:
        self._version = version
        self._optional = optional

    def header(self, structure: str) -> str:
        """The MSH that names the structure; MSH-9.3 where the version has room for it."""
        code, trigger = self._event(structure)
        event = f"{code}^{trigger}" if trigger else code
        definition = self._version.segments["MSH"]
        kind = definition.fields[8]
        datatype = self._version.datatype(kind.datatype)
        known = self._version.structure_for(code, trigger)
        named = f"{code}^{trigger}^{structure}"
        roomy = datatype is not None and len(datatype.components) >= 3
        fits = kind.length is None or len(named) <= kind.length
        if roomy and (fits or known is None or known.id != structure):
            event = named
        fixed = {7: "20260102103000", 9: event, 10: "1", 11: "P", 12: self._version.id}
        fields = [fixed.get(field.number) or self._field(field) for field in definition.fields[2:]]
        return "|".join(["MSH", "^~\\&", *fields]).rstrip("|")

    def _event(self, structure: str) -> tuple[str, str]:
        """A message code and trigger that the structure carries."""
        if self._version.events.get(structure, structure) == structure:
            event = structure
        else:
            carried = (event for event, carrier in self._version.events.items() if carrier == structure)
            event = next(carried, structure)
        code, _, trigger = event.partition("_")
        if trigger.endswith("nn"):  # a site names its own event here
            free = (f"Z{n}" for n in range(99, 0, -1))
            trigger = next(z for z in free if self._version.structure_for(code, z) is None)
        kind = self._version.datatype("MSG")
        if not trigger and kind is not None and kind.components[1].usage == "R":
            trigger = "A01"
        return code, trigger

    def segment(self, name: str, code: str) -> str:
        """One segment with its required fields, or with all."""
        definition = self._version.segment(name)
        if definition is None:
            return name
        fixed = _conditional(name, code, optional=self._optional)
        if name == "ORC":
            control = self._version.table("0119")
            fixed = {1: "SC"} if control is None or "SC" in control.codes else {}
        fields = [fixed.get(field.number) or self._field(field) for field in definition.fields]
        if not any(fields) and fields:
            fields[0] = self._field(definition.fields[0], wanted=True)
        return "|".join([name, *fields]).rstrip("|")

    def _field(self, field: FieldDef, *, wanted: bool = False) -> str:
        used = field.usage == "R" or wanted or (self._optional and field.usage not in {"W", "X", "B"})
        if not used or field.datatype == NO_TYPE:
            return ""
        return self._value(field.datatype, field.length, field.table, 0)

    def _value(self, datatype: str, length: int | None, table: str | None, depth: int) -> str:
        if datatype == VARIES:
            return "TEXT"
        definition = self._version.datatype(datatype)
        if definition is None or not definition.components:
            return self._leaf(datatype, length, table)
        if datatype == "SN":
            return "^&"[min(depth, 1)].join(("=", "12"))[: length or None]
        if depth == 2:
            first = definition.components[0]
            return self._value(first.datatype, length, first.table, 2)
        parts = [""] * len(definition.components)
        mark = "^&"[depth]
        usable = [c for c in definition.components if c.usage not in _UNUSED and c.datatype != NO_TYPE]
        required = [c for c in usable if c.usage == "R"] or usable[:1]
        others = [c for c in usable if c not in required] if self._optional else []
        for component in (*required, *others):
            own = (
                table or component.table if component.number == 1 and datatype in _CODED else component.table
            )
            room = _least(component.length, length)
            parts[component.number - 1] = self._value(component.datatype, room, own, depth + 1)
            if length is not None and len(mark.join(parts).rstrip(mark)) > length and component in others:
                parts[component.number - 1] = ""
        pair = {"HD": 1, "EI": 2}.get(datatype, len(parts))
        if "" in parts[pair : pair + 2]:  # a universal ID without its type
            parts[pair : pair + 2] = [""] * len(parts[pair : pair + 2])
        return mark.join(parts).rstrip(mark)

    def _leaf(self, datatype: str, length: int | None, table: str | None) -> str:
        if datatype in _TEXTS:
            fitting = [text for text in _TEXTS[datatype] if length is None or len(text) <= length]
            return fitting[0] if fitting else _TEXTS[datatype][-1]
        definition = self._version.table(table) if table else None
        for code in sorted(definition.codes) if definition else ():
            if (length is None or len(code) <= length) and not any(mark in code for mark in _OPEN):
                return code
        if definition is not None and definition.kind == "hl7" and definition.codes:
            return ""
        return "TEXT"[:length] or "T"


def _least(one: int | None, other: int | None) -> int | None:
    return one if other is None else other if one is None else min(one, other)


def _conditional(name: str, code: str, *, optional: bool) -> dict[int, str]:
    """What `conditions` asks of a segment: a type for OBX-5, times and status of a reported OBR."""
    if name == "OBX":
        return {2: "ST", 5: "TEXT"} if optional else {2: "ST"}
    if name == "OBR" and code in {"ORU", "OUL", "ORF"}:
        return {7: "20260102103000", 25: "F"}
    return {}
