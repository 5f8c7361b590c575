"""Elements of content items that the records have no field for: taken along, and put back.

An attribute is an element by its path in the item, its value representation and its values as text.
What is not text or number travels as Base64. PS3.5 §6.2.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ..errors import MappingError
from ..model import Attribute
from .sr_elements import FLOAT_VRS, INTEGER_VRS, TEXT_VRS, WHOLE_VRS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..dicom import DataSet, Element
    from .reading import Leaf

_PATH = re.compile(r"(?:[0-9A-Fa-f]{8}/\d{1,4}/)*[0-9A-Fa-f]{8}")
_COUNT = re.compile(r"\d{1,4}")
# Four digits bound what a foreign message can ask for: an item number is a promise of so many items.

Node = dict[int, tuple[str, Any]]
"""A data set in the making: a value representation and a value by tag; the value of SQ is a list of nodes."""


def kept(element: Element, prefix: str, path: str, attributes: list[Attribute], leaves: list[Leaf]) -> None:
    """Add an element, and all that it holds, to the attributes and to the leaves of an item.

    `prefix` is the path of the item, `path` that of the element's own data set within the item; both
    end in a slash or are empty.
    """
    stack = [(element, path)]
    while stack:
        one, where = stack.pop()
        tag = one.tag
        if one.vr != "SQ":
            leaves.append((prefix + where, tag, ""))
            attributes.append(Attribute(f"{where}{tag:08X}", *_text(one)))
            continue
        items = one.items
        if not all(map(len, items)) or not items:
            attributes.append(Attribute(f"{where}{tag:08X}", "SQ", str(len(items))))
            leaves.append((prefix + where, tag, ""))
        stack += [
            (inner, f"{where}{tag:08X}/{number}/") for number, item in enumerate(items) for inner in item
        ]


def _text(element: Element) -> tuple[str, str]:
    vr = element.vr
    spell = _SPELLINGS.get(vr)
    if spell is None:
        return vr, base64.b64encode(element.raw).decode("ascii")
    value = element.value
    if isinstance(value, bytes) or (vr in TEXT_VRS and element.problems):
        return "UN", base64.b64encode(element.raw).decode("ascii")
    return vr, _joined(value, spell)


_SPELLINGS: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(TEXT_VRS | INTEGER_VRS, str),
    **dict.fromkeys(FLOAT_VRS, repr),
    "AT": "{:08X}".format,
}


def _joined(value: Any, spell: Callable[[Any], str]) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "\\".join("" if one is None else spell(one) for one in value)
    return spell(value)


def is_text(vr: str) -> bool:
    """Whether an attribute of this value representation is text or numbers, and not Base64."""
    return vr in TEXT_VRS or vr in INTEGER_VRS or vr in FLOAT_VRS or vr in {"AT", "SQ"}


def value(attribute: Attribute) -> Any:
    """The value of an attribute as a data set takes it.

    Raises MappingError where its text is none of its value representation.
    """
    text, vr = attribute.text, attribute.vr
    try:
        if not is_text(vr):
            return base64.b64decode(text, validate=True)
        if not text:
            return None
        if vr in WHOLE_VRS:
            return text
        parts = text.split("\\")
        if vr in INTEGER_VRS:
            parts = [int(part) for part in parts]  # type: ignore[misc]  # numbers in place of their texts
        elif vr in FLOAT_VRS:
            parts = [float(part) for part in parts]  # type: ignore[misc]  # numbers in place of their texts
        elif vr == "AT":
            parts = [int(part, 16) for part in parts]  # type: ignore[misc]  # tags in place of their texts
    except (ValueError, binascii.Error):
        raise MappingError(
            f"'{text[:40]}' is not a value of {vr}", place=attribute.path, rule="PS3.5 §6.2"
        ) from None
    return tuple(parts) if len(parts) > 1 else parts[0]


def check_path(path: str) -> None:
    """Raise MappingError for a text that is no path of an element within an item."""
    if not _PATH.fullmatch(path):
        raise MappingError(f"'{path[:80]}' is not a path within an item", rule="PS3.5 §7.1.1")


def place(node: Node, attributes: Iterable[Attribute]) -> None:
    """Put attributes back into an item in the making, with the sequences on their paths.

    Raises MappingError for a path that is none, or that passes through what is no sequence.
    """
    for attribute in attributes:
        target = node
        path = attribute.path
        check_path(path)
        *steps, last = path.split("/")
        for sequence, number in zip(steps[::2], steps[1::2], strict=True):
            target = _items(target, int(sequence, 16), int(number) + 1, path)[int(number)]
        tag = int(last, 16)
        if attribute.vr == "SQ":
            _items(target, tag, int(attribute.text) if _COUNT.fullmatch(attribute.text) else 0, path)
        else:
            target[tag] = (attribute.vr, value(attribute))


def _items(node: Node, tag: int, count: int, path: str) -> list[Node]:
    """The items of a sequence in the making, at least so many."""
    vr, items = node.setdefault(tag, ("SQ", []))
    if vr != "SQ":
        raise MappingError(f"{tag:08X} is no sequence", place=path, rule="PS3.5 §7.5")
    items += [{} for _ in range(count - len(items))]
    return cast("list[Node]", items)


def data_set(node: Node, empty: type[DataSet]) -> DataSet:
    """The data set that a node describes, made from its innermost items outward."""
    order = [node]
    for one in order:
        for vr, content in one.values():
            if vr == "SQ":
                order += content
    made: dict[int, DataSet] = {}
    for one in reversed(order):
        data = made[id(one)] = empty()
        for tag in sorted(one):
            vr, content = one[tag]
            if vr == "SQ":
                data.set(tag, [made.pop(id(item)) for item in content], vr)
            else:
                data.set(tag, content, vr)
    return made[id(node)]
