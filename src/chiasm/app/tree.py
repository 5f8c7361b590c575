"""A file of any standard as rows of a tree: how deep, where, what it is called, what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from .. import dicom, hl7
from ..errors import UsageError
from ..standards import dictionary, hl7tables, uids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..dicom import DataSet, Element
    from .sources import Source


@dataclass(frozen=True, slots=True)
class Node:
    """One row: `path` is that of the standard, `kind` its VR or data type, `note` what a code means."""

    depth: int
    path: str
    name: str
    kind: str
    value: str
    note: str = ""


def nodes(source: Source) -> Iterator[Node]:
    """The rows of one file.

    Raises UsageError for a standard that has no tree here, ParseError for what cannot be read.
    """
    standard = source.standard()
    if standard in {"dicom-json", "dicom-xml"}:
        read = dicom.parse_json if standard == "dicom-json" else dicom.parse_xml
        yield from _data_set(read(source.read(), source=source.name))
    elif standard == "dicom":
        package = source.package()
        yield from _data_set(package.header)
        yield from _data_set(package.data)
    elif standard in {"hl7", "hl7-xml"}:
        data = source.read()
        messages = (
            (hl7.from_xml(data),)
            if standard == "hl7-xml"
            else hl7.parse_batch(data, source=source.name).messages
        )
        for message in messages:
            yield from _message(message)
    elif standard == "fhir":
        yield from _resource(source)
    else:
        raise UsageError(f"a {standard} file has no tree to show", source=source.name)


def _data_set(data: DataSet) -> Iterator[Node]:
    stack: list[tuple[Iterator[Node | Element], str, int]] = [(iter(data), "", 0)]
    while stack:
        elements, prefix, depth = stack[-1]
        element = next(elements, None)
        if element is None:
            stack.pop()
            continue
        if isinstance(element, Node):
            yield element
            continue
        path = f"{prefix}{element.tag:08X}"
        if element.vr != "SQ":
            yield _element(element, path, depth)
            continue
        items = element.items
        yield Node(depth, path, element.keyword, "SQ", f"{len(items)} item{'' if len(items) == 1 else 's'}")
        for number in range(len(items) - 1, -1, -1):
            head = Node(depth + 1, f"{path}/{number}", f"item {number + 1}", "", "")
            stack.append((chain((head,), items[number]), f"{path}/{number}/", depth + 2))


def _element(element: Element, path: str, depth: int) -> Node:
    name = element.keyword or ("private" if element.is_private else "unknown")
    if element.vr in {"OB", "OW", "OD", "OF", "OL", "OV", "UN"}:
        return Node(
            depth, path, name, element.vr, f"{element.length:,} bytes" if element.length >= 0 else "fragments"
        )
    value = element.value
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    texts = [f"{one:08X}" if element.vr == "AT" and isinstance(one, int) else str(one) for one in values]
    text = "\\".join(texts)
    note = ""
    if element.vr == "UI":
        known = uids.by_uid(text)
        note = known.name if known else ""
    elif element.vr == "AT" and values and isinstance(values[0], int):
        found = dictionary.by_tag(values[0])
        note = found.name if found else ""
    return Node(depth, path, name, element.vr, text, note)


def _message(message: hl7.Message) -> Iterator[Node]:
    version = hl7tables.nearest(message.version or "")[0]
    counts: dict[str, int] = {}
    for segment in message.segments:
        counts[segment.id] = counts.get(segment.id, 0) + 1
        path = f"{segment.id}[{counts[segment.id]}]"
        known = version.segment(segment.id)
        yield Node(0, path, known.name if known else "unknown segment", "", "")
        for number in range(1, segment.count + 1):
            text = segment.text(number)
            if not text:
                continue
            field = known.fields[number - 1] if known and number <= len(known.fields) else None
            name = field.name if field else "beyond the definition"
            note = ""
            if field and field.table:
                table = version.table(field.table)
                note = (table.codes.get(text) or "") if table else ""
            yield Node(1, f"{path}-{number}", name, field.datatype if field else "", text, note)


def _resource(source: Source) -> Iterator[Node]:
    from .. import fhir

    stack: list[tuple[int, str, str, object]] = [
        (0, "", "", fhir.parse(source.read(), source=source.name).content)
    ]
    while stack:
        depth, path, name, value = stack.pop()
        if isinstance(value, Mapping):
            kind = str(value.get("resourceType", ""))
            path = path or kind
            yield Node(depth, path, name or kind, kind, "")
            stack += [(depth + 1, f"{path}.{key}", key, one) for key, one in reversed(list(value.items()))]
        elif isinstance(value, list):
            stack += [
                (depth, f"{path}[{number}]", f"{name}[{number}]", value[number])
                for number in range(len(value) - 1, -1, -1)
            ]
        else:
            yield Node(depth, path, name, "", str(value))
