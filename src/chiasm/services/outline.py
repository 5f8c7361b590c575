"""What a file says as rows of a tree: how deep, where, what it is called, what it says.

One form for DICOM data sets, v2 messages and FHIR resources, shown in a terminal and in a browser.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from .. import hl7
from ..dicom import DataSet, Element
from ..standards import dictionary, hl7tables, uids


@dataclass(frozen=True, slots=True)
class Node:
    """One row: `path` is that of the standard, `kind` its VR or data type, `note` what a code means."""

    depth: int
    path: str
    name: str
    kind: str
    value: str
    note: str = ""


def of_data_set(data: DataSet) -> Iterator[Node]:
    """The rows of a data set; items of sequences are nested, however deep."""
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


def of_message(message: hl7.Message) -> Iterator[Node]:
    """The rows of a message: segments, and below them their fields that say something."""
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


def of_resource(content: object) -> Iterator[Node]:
    """The rows of a resource, as FHIRPath names its places; `content` is its parsed JSON."""
    stack: list[tuple[int, str, str, object]] = [(0, "", "", content)]
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
