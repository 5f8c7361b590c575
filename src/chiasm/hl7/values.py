"""What the tables of one version say of one segment: its fields, their types, lengths and codes.

A plan is compiled once for each segment of a version; checking a segment then walks its valued
fields only. Texts are ER7 as they stand between delimiters, so that a delimiter inside a primitive
is seen. HL7 v2.5.1 §2.5.3 (fields), §2.6 (their attributes), §2.A (data types).
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import Finding, Severity
from ..standards.hl7tables import NO_TYPE, PRIMITIVES, VARIES, FieldDef, Version
from .codes import Codes
from .datatypes import fault, section
from .delimiters import Delimiters

_UNBOUNDED = 60_000
_NULL = '""'
_TEXTS = frozenset({"FT", "TX", "ST"})
_PAIRS = {"HD": (2, "HL7 v2.5.1 §2.A.33"), "EI": (3, "HL7 v2.5.1 §2.A.28")}
"""The first of two components that are valued together or not at all."""
_WITHDRAWN = frozenset({"W", "X"})


class ValueCheck:
    """Checks the segments of one message; findings gather in `findings`, in order."""

    __slots__ = ("_codes", "_length", "_marks", "_version", "delimiters", "findings")

    def __init__(self, version: Version, delimiters: Delimiters, findings: list[Finding]) -> None:
        self._version = version
        self._codes = Codes(version)
        self.delimiters = delimiters
        self.findings = findings
        # From 2.7 a length is one that receivers have to keep, no longer a maximum (HL7 v2.7 §2.5.5.3).
        before_2_7 = tuple(int(part) for part in version.id.split(".")) < (2, 7)
        self._length = Severity.ERROR if before_2_7 else Severity.WARNING
        marks = (delimiters.component, delimiters.subcomponent, delimiters.repetition)
        self._marks = tuple(mark for mark in marks if mark)

    def add(self, severity: Severity, path: str, rule: str, message: str, citation: str) -> None:
        """Note one finding."""
        self.findings.append(Finding(severity, path, rule, message, citation))

    def segment(self, path: str, name: str, fields: Sequence[str]) -> None:
        """Check the fields of one segment; `fields[n]` is field n as ER7, `fields[0]` the id.

        A segment that the version does not have is passed over: its place is reported elsewhere.
        """
        definition = self._version.segment(name)
        if definition is None:
            return
        known = len(definition.fields)
        for field in definition.fields:
            text = fields[field.number] if field.number < len(fields) else ""
            if text:
                self._field(f"{path}-{field.number}", field, text, fields, name)
            elif field.usage == "R":
                message = f"{field.name} is required"
                self.add(
                    Severity.ERROR, f"{path}-{field.number}", "missing-field", message, "HL7 v2.5.1 §2.6.2"
                )
        for number in range(known + 1, len(fields)):
            if fields[number]:
                message = f"{name} has {known} fields in version {self._version.id}"
                self.add(Severity.ERROR, f"{path}-{number}", "surplus-field", message, "HL7 v2.5.1 §2.6")

    def _field(self, path: str, field: FieldDef, text: str, fields: Sequence[str], name: str) -> None:
        if field.usage in _WITHDRAWN and field.datatype == NO_TYPE:
            message = f"{field.name or 'the field'} is withdrawn or reserved in version {self._version.id}"
            self.add(Severity.WARNING, path, "withdrawn-field", message, "HL7 v2.5.1 §2.6.2")
            return
        if name in {"MSH", "FHS", "BHS"} and field.number <= 2:
            self._header(path, field, text)
            return
        if field.usage in _WITHDRAWN:
            message = f"{field.name} is not to be used in version {self._version.id}"
            self.add(Severity.WARNING, path, "withdrawn-field", message, "HL7 v2.5.1 §2.6.2")
        datatype = field.datatype
        if datatype == VARIES:
            datatype = self._named_type(name, field.number, fields)
        mark = self.delimiters.repetition
        repetitions = text.split(mark) if mark and mark in text else [text]
        while repetitions and not repetitions[-1]:
            repetitions.pop()
        if field.usage == "R" and not any(_valued(part, self._marks) for part in repetitions):
            self.add(Severity.ERROR, path, "missing-field", f"{field.name} is required", "HL7 v2.5.1 §2.6.2")
            return
        if field.max is not None and len(repetitions) > field.max and datatype not in _TEXTS - {"ST"}:
            message = f"{field.name} may be given {field.max} times, not {len(repetitions)} times"
            self.add(
                Severity.ERROR, f"{path}[{field.max + 1}]", "surplus-repetition", message, "HL7 v2.5.1 §2.6.4"
            )
        for number, repetition in enumerate(repetitions, 1):
            if repetition:
                here = f"{path}[{number}]"
                self._size(here, field.name, repetition, field.length, field.table)
                self.value(here, datatype, repetition, field.table, depth=0)

    def _header(self, path: str, field: FieldDef, text: str) -> None:
        if field.number == 2 and not 2 <= len(text) <= 5:
            self.add(
                Severity.ERROR, path, "encoding-characters", "MSH-2 has two to five", "HL7 v2.7 §2.14.9.2"
            )

    def _named_type(self, name: str, number: int, fields: Sequence[str]) -> str:
        """The type of OBX-5 as OBX-2 names it; other varying fields are not typed by a sibling alone."""
        if name == "OBX" and number == 5:
            named = fields[2] if len(fields) > 2 else ""
            if named in PRIMITIVES or self._version.datatype(named) is not None:
                return named
        return VARIES

    def _size(self, path: str, name: str, text: str, length: int | None, table: str | None = None) -> None:
        if length is None or length >= _UNBOUNDED or len(text) <= length or text == _NULL:
            return
        size = len(self._plain(text))
        if size > length:
            if table and (listed := self._version.table(table)) and text in listed.codes:
                return  # OBX-2 has two characters, and its own table codes of three, until v2.6 mends it
            message = f"{name} has {size} characters; the length is {length}"
            self.add(self._length, path, "over-long", message, "HL7 v2.5.1 §2.6.3")

    def _plain(self, text: str) -> str:
        """The text with the escapes of delimiters undone: what a length and a code count."""
        escape = self.delimiters.escape
        if not escape or escape not in text or len(text) > _UNBOUNDED:
            return text
        given = self.delimiters
        for letter, mark in zip(
            "FSTRE", (given.field, given.component, given.subcomponent, given.repetition, escape), strict=True
        ):
            text = text.replace(f"{escape}{letter}{escape}", mark)
        return text

    def value(self, path: str, datatype: str, text: str, table: str | None, *, depth: int) -> None:
        """Check one value: a repetition (depth 0), a component (1) or a subcomponent (2)."""
        if datatype in {VARIES, NO_TYPE, ""} or text == _NULL:
            return
        definition = self._version.datatype(datatype)
        if definition is None or not definition.components:
            self._primitive(path, datatype, text, table, depth)
            return
        if depth == 2:  # no delimiter is left: the first part of the type is all that can be here
            self.value(path, definition.components[0].datatype, text, definition.components[0].table, depth=2)
            return
        mark = (self.delimiters.component, self.delimiters.subcomponent)[depth]
        parts = text.split(mark) if mark else [text]
        known = len(definition.components)
        for component in definition.components:
            here = f"{path}.{component.number}"
            part = parts[component.number - 1] if component.number <= len(parts) else ""
            if part:
                if component.datatype == NO_TYPE or component.usage in _WITHDRAWN:
                    message = (
                        f"{component.name or 'the component'} is withdrawn in version {self._version.id}"
                    )
                    self.add(Severity.WARNING, here, "withdrawn-component", message, section(datatype))
                    continue
                self._size(here, component.name, part, component.length)
                own = component.table
                if component.number == 1 and self._codes.coded(datatype):
                    self._codes_of_field(here, table or own, part, parts, datatype)
                    own = None
                self.value(here, component.datatype, part, own, depth=depth + 1)
            elif component.usage == "R" and any(parts):
                message = f"{component.name} is required in a {datatype}"
                self.add(Severity.ERROR, here, "missing-component", message, section(datatype))
        if len(parts) > known and any(parts[known:]):
            number = next(i for i in range(known, len(parts)) if parts[i]) + 1
            message = f"a {datatype} has {known} components in version {self._version.id}"
            self.add(Severity.ERROR, f"{path}.{number}", "surplus-component", message, section(datatype))
        if datatype in _PAIRS:
            self._pair(path, datatype, parts)
        elif datatype == "SN" and depth == 0:
            self._structured(path, parts)

    def _primitive(self, path: str, datatype: str, text: str, table: str | None, depth: int) -> None:
        if datatype == "CM":  # its parts are described in prose alone
            return
        for mark in (self.delimiters.component, self.delimiters.subcomponent)[depth:]:
            if mark and mark in text:
                message = f"{datatype} has no parts, but an unescaped {mark!r} stands in it"
                self.add(Severity.ERROR, path, "delimiter-in-primitive", message, "HL7 v2.5.1 §2.5.3.2")
                return
        reason = fault(datatype, text)
        if reason:
            severity = Severity.WARNING if datatype == "TN" else Severity.ERROR
            self.add(severity, path, "value-format", f"{text[:40]!r}: {reason}", section(datatype))
        elif table is not None and datatype in {"ID", "IS", "ST", "CM"}:
            answer = self._codes.judge(table, self._plain(text), datatype)
            if answer is not None:
                self.add(answer[0], path, "table-value", answer[1], "HL7 v2.5.1 §2.5.3.6")

    def _codes_of_field(
        self, path: str, table: str | None, code: str, parts: Sequence[str], datatype: str
    ) -> None:
        """A coded element may take its code from another system than the table: then that is named."""
        if table is None or code == _NULL:
            return
        system = parts[2] if len(parts) > 2 else ""
        if system and system != f"HL7{table}" and datatype not in {"HD", "IS"}:
            return
        answer = self._codes.judge(table, self._plain(code), datatype)
        if answer is not None:
            self.add(answer[0], path, "table-value", answer[1], "HL7 v2.5.1 §2.5.3.6")

    def _pair(self, path: str, datatype: str, parts: Sequence[str]) -> None:
        """A universal ID and its type are valued together. HL7 v2.5.1 §2.A.28 (EI), §2.A.33 (HD)."""
        first, citation = _PAIRS[datatype]
        one, other = (parts[n - 1] if n <= len(parts) else "" for n in (first, first + 1))
        if bool(one) != bool(other):
            empty = first + 1 if one else first
            message = f"components {first} and {first + 1} of {datatype} are valued together or not at all"
            self.add(Severity.ERROR, f"{path}.{empty}", "missing-conditional-component", message, citation)

    def _structured(self, path: str, parts: Sequence[str]) -> None:
        """The comparator and the separator of a structured numeric. HL7 v2.5.1 §2.A.70."""
        allowed = {1: {"", ">", "<", ">=", "<=", "=", "<>"}, 3: {"", "-", "+", "/", ".", ":"}}
        for number, texts in allowed.items():
            part = self._plain(parts[number - 1]) if number <= len(parts) else ""
            if part not in texts:
                message = f"{part[:10]!r} is none of {' '.join(sorted(texts)).strip()}"
                self.add(Severity.ERROR, f"{path}.{number}", "value-format", message, "HL7 v2.5.1 §2.A.70")


def _valued(text: str, marks: Sequence[str]) -> bool:
    """Whether anything but delimiters is there."""
    return bool(text.strip("".join(marks)))
