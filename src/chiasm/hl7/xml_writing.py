"""ER7 to the XML encoding, `urn:hl7-org:v2xml`: elements named by group, segment, field and data type.

    <ORU_R01><MSH>…</MSH><ORU_R01.PATIENT_RESULT>…<PID><PID.5><XPN.1><FN.1>Doe</FN.1></XPN.1></PID.5></PID>

Empty parts are left out, but for a last one: it keeps trailing delimiters. An escape that is no plain
character is `<escape V="X0D"/>`. Parts that the version has no type for are named by their place, as
`ZDS.1.2`. HL7 v2.xml §2 (encoding rules), HL7 v2.5.1 §2.7 (escapes).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from ..errors import EncodeError
from ..standards import hl7tables
from ..standards.hl7tables import VARIES, Version
from .delimiters import HEADERS, Delimiters
from .escape import known_escape
from .groups import Group
from .segment import Segment
from .structure import choose, group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .charset import Coding

NAMESPACE = "urn:hl7-org:v2xml"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ILLEGAL = re.compile("[^\t\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKUP = re.compile("[&<>]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


class Written(Protocol):
    """What writing needs of a message."""

    delimiters: Delimiters
    coding: Coding

    @property
    def segments(self) -> Sequence[Segment]:
        """The segments in message order."""


def to_xml(message: Written) -> bytes:
    """The message in the XML encoding, UTF-8; EncodeError for a segment id that is no XML name."""
    choice = choose(message)
    tree = group(message)
    root = choice.grammar.id if choice.grammar is not None else _event(message)
    writer = _Writer(choice.version, message.delimiters, message.coding)
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n', f'<{root} xmlns="{NAMESPACE}">']
    pending: list[tuple[str, Iterator[Segment | Group[Segment]]]] = [(root, iter(tree.children))]
    while pending:
        name, children = pending[-1]
        for child in children:
            if isinstance(child, Group):
                inner = f"{root}.{child.name}"
                out.append(f"<{inner}>")
                pending.append((inner, iter(child.children)))
                break
            out.append(writer.segment(child))
        else:
            pending.pop()
            out.append(f"</{name}>")
    out.append("\n")
    return "".join(out).encode("utf-8")


def _event(message: Written) -> str:
    """A root for a message without a structure: its code and trigger."""
    header = message.segments[0]
    parts = [str(header.get(9, 1, number, 1) or "") for number in (3, 1, 2)]
    name = parts[0] or "_".join(part for part in parts[1:] if part)
    return name if _NAME.fullmatch(name) else "MESSAGE"


class _Writer:
    """Writes the segments of one message; everything below a segment is three levels, no more."""

    __slots__ = ("_coding", "_marks", "_plain", "_version")

    def __init__(self, version: Version, marks: Delimiters, coding: Coding) -> None:
        self._version = version
        self._marks = marks
        self._coding = coding
        special = re.escape(marks.escape) if marks.escape else ""
        self._plain = re.compile(f"[{special}&<>\x00-\x08\x0a-\x1f\ud800-\udfff\ufffe\uffff]")

    def segment(self, segment: Segment) -> str:
        """One segment element."""
        name = segment.id
        if not _NAME.fullmatch(name):
            raise EncodeError(f"{name[:20]!r} is no name in XML", place=name[:20], rule="HL7 v2.xml §2")
        out = [f"<{name}>"]
        definition = self._version.segment(name)
        fields = definition.fields if definition is not None else ()
        last = segment.count
        for number in range(1, last + 1):
            raw = segment.raw(number) or ""
            tag = f"{name}.{number}"
            if name in HEADERS and number <= 2:
                out.append(f"<{tag}>{self._literal(raw)}</{tag}>")
                continue
            if not raw and number < last:
                continue
            datatype = fields[number - 1].datatype if number <= len(fields) else ""
            if datatype == VARIES:
                datatype = (segment.raw(2) or "") if (name, number) == ("OBX", 5) else ""
            mark = self._marks.repetition
            repetitions = raw.split(mark) if mark else [raw]
            out += [self._part(tag, datatype, repetition, 0) for repetition in repetitions]
        out.append(f"</{name}>")
        return "".join(out)

    def _part(self, tag: str, datatype: str, raw: str, level: int) -> str:
        """A repetition (level 0), a component (1) or a subcomponent (2)."""
        if not raw:
            return f"<{tag}/>"
        mark = ("component", "subcomponent")[level] if level < 2 else ""
        separator = getattr(self._marks, mark) if mark else ""
        parts = raw.split(separator) if separator else [raw]
        types = _types(self._version, datatype) if level < 2 else ()
        deeper = level == 0 and self._marks.subcomponent and self._marks.subcomponent in raw
        if len(parts) == 1 and (raw == '""' or not (types or deeper)):
            return f"<{tag}>{self._text(raw)}</{tag}>"
        stem = datatype if types else tag
        last = len(parts)
        inner = [
            self._part(f"{stem}.{n}", types[n - 1] if n <= len(types) else "", part, level + 1)
            for n, part in enumerate(parts, 1)
            if part or n == last
        ]
        return f"<{tag}>{''.join(inner)}</{tag}>"

    def _text(self, raw: str) -> str:
        """A leaf, its plain characters as text and all other escapes as elements."""
        if self._plain.search(raw) is None and self._coding.clean:
            return raw
        escape = self._marks.escape
        if not escape:
            return self._literal(raw)
        out = []
        last = 0
        for match in known_escape(escape).finditer(raw):
            out.append(self._literal(raw[last : match.start()]))
            last = match.end()
            out.append(self._escape(match[0][1:-1]))
        out.append(self._literal(raw[last:]))
        return "".join(out)

    def _escape(self, body: str) -> str:
        marks = self._marks
        named = {"F": marks.field, "S": marks.component, "T": marks.subcomponent, "R": marks.repetition}
        char = marks.escape if body == "E" else named.get(body, "")
        if char:
            return _ENTITIES.get(char, char)
        return f'<escape V="{_quoted(body)}"/>'

    def _literal(self, raw: str) -> str:
        """Text without escapes; what XML cannot hold becomes one, of its bytes in the message's set."""
        coding = self._coding
        text = coding.charset.decode(coding.to_bytes(raw)) if coding.bytewise else raw
        text = _MARKUP.sub(lambda match: _ENTITIES[match[0]], text)
        return _ILLEGAL.sub(self._illegal, text)

    def _illegal(self, match: re.Match[str]) -> str:
        char = match[0]
        if "\udc00" <= char <= "\udcff":
            return f'<escape V="X{ord(char) - 0xDC00:02X}"/>'
        try:
            data = self._coding.charset.encode(char)
        except EncodeError:
            data = char.encode("utf-8", "surrogatepass")
        return f'<escape V="X{data.hex().upper()}"/>'


@lru_cache(maxsize=4096)
def _component_types(version: str, datatype: str) -> tuple[str, ...]:
    definition = hl7tables.version(version).datatype(datatype)
    components = definition.components if definition is not None else ()
    return tuple(part.datatype for part in components)


def _types(version: Version, datatype: str) -> tuple[str, ...]:
    """The data types of the components of a type; none for a primitive or unknown one."""
    return _component_types(version.id, datatype) if datatype else ()


def _quoted(text: str) -> str:
    return re.sub('[&<>"]', lambda match: _ENTITIES[match[0]], text)
