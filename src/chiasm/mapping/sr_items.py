"""From a DICOM SR data set to the content items of a report, of every value type, at any depth.

Every element of every item is read: what the records have no field for becomes an attribute of its
item. Items are walked with a stack of their own. PS3.3 §C.17.3 and §C.18.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..dicom import Element
from ..errors import ChiasmError
from ..model import Attribute, Coded, Content, Reference
from . import sr_elements as sr
from .sr_attributes import kept
from .times import from_dicom_dt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..dicom import DataSet
    from ..model import Position
    from .reading import Leaf


@dataclass(frozen=True, slots=True)
class ItemsReading:
    """The items of a tree, and the leaves that each was read from."""

    items: tuple[Content, ...]
    leaves: tuple[list[Leaf], ...]


Known = dict[bytes, tuple[Coded | None, tuple[int, ...]]]
"""Concepts by the bytes of the sequence that says them, with the tags that were read for them."""


class _Item:
    """One item in the making: its fields, the leaves read, the attributes that have no field.

    `known` are the concepts met before: a report says the same few names and units again and again.
    """

    __slots__ = ("attributes", "fields", "known", "leaves", "prefix", "value_type")

    def __init__(self, prefix: str, value_type: str, known: Known | None) -> None:
        self.prefix = prefix
        self.value_type = value_type
        self.known = known
        self.fields: dict[str, Any] = {}
        self.leaves: list[Leaf] = []
        self.attributes: list[Attribute] = []

    def keep(self, element: Element, path: str = "") -> str:
        """Take an element along as an attribute; gives back no text."""
        kept(element, self.prefix, path, self.attributes, self.leaves)
        return ""

    def text(self, element: Element, path: str = "") -> str | None:
        """The text of an element of one value; None, and the element kept, where it is anything else."""
        value = element.value
        if value.__class__ is str or value is None or isinstance(value, str):
            self.leaves.append((self.prefix + path, element.tag, ""))
            return str(value) if value else ""
        self.keep(element, path)
        return None

    def first(self, element: Element, path: str = "") -> Sequence[Element]:
        """The elements of the first item of a sequence; those of further items are kept."""
        items = element.items
        if not items:
            self.leaves.append((self.prefix + path, element.tag, ""))
            return ()
        for number in range(1, len(items)):
            for other in items[number]:
                self.keep(other, f"{path}{element.tag:08X}/{number}/")
        return tuple(items[0])

    def code(self, element: Element, path: str) -> Coded | None:
        """The concept that a code sequence says. PS3.3 §8.8."""
        known = self.known
        if known is None:
            return self._code(element, path)
        raw = element.raw
        found = known.get(raw)
        if found is not None:
            where = f"{self.prefix}{path}{element.tag:08X}/0/"
            self.leaves += [(where, tag, "") for tag in found[1]]
            return found[0]
        leaves, kept_before = len(self.leaves), len(self.attributes)
        concept = self._code(element, path)
        if len(self.attributes) == kept_before and len(element.items) == 1:
            known[raw] = (concept, tuple(tag for _, tag, _ in self.leaves[leaves:]))
        return concept

    def _code(self, sequence: Element, outer: str) -> Coded | None:
        code = scheme = meaning = version = ""
        path = f"{outer}{sequence.tag:08X}/0/"
        for element in self.first(sequence, outer):
            tag = element.tag
            if tag == sr.MEANING:
                meaning = self.text(element, path) or ""
            elif tag == sr.SCHEME:
                scheme = self.text(element, path) or ""
            elif tag == sr.SCHEME_VERSION:
                version = self.text(element, path) or ""
            elif tag in {sr.CODE_VALUE, sr.LONG_CODE, sr.URN_CODE} and not code:
                code = self.text(element, path) or ""
            else:
                self.keep(element, path)
        return Coded(code, scheme, meaning, version) if code or meaning or scheme else None


def read_items(data: DataSet) -> ItemsReading:
    """The content items of a data set, the root first; none where it has no root.

    PS3.3 §C.17.3.
    """
    if data.get(sr.VALUE_TYPE) is None:
        return ItemsReading((), ())
    items: list[Content] = []
    leaves: list[list[Leaf]] = []
    stack: list[tuple[DataSet, str, Position]] = [(data, "", (1,))]
    # The bytes of an edited data set are not what it says.
    known: Known | None = None if data.is_dirty else {}
    while stack:
        source, prefix, position = stack.pop()
        if prefix and known is not None and sr.CHARACTER_SET in source.records:
            known = None
        item, children = _read(source, prefix, known)
        items.append(_content(item, position))
        leaves.append(item.leaves)
        stack += [
            (children[number], f"{prefix}0040A730/{number}/", (*position, number + 1))
            for number in range(len(children) - 1, -1, -1)
        ]
    return ItemsReading(tuple(items), tuple(leaves))


def _read(source: DataSet, prefix: str, known: Known | None) -> tuple[_Item, Sequence[DataSet]]:
    value = source.get(sr.VALUE_TYPE)
    is_plain = value.__class__ is str
    item = _Item(prefix, str(value) if is_plain else "", known)
    children: Sequence[DataSet] = ()
    for tag, record in source.records.items():
        if tag == sr.VALUE_TYPE and is_plain:
            item.fields["value_type"] = value
            item.leaves.append((prefix, tag, ""))
            continue
        element = Element(source, tag, record)
        if tag == sr.CONTENT:
            children = element.items
            if not children:
                item.leaves.append((prefix, tag, ""))
            continue
        if not prefix and tag not in _ROOT:
            continue
        reader = _READERS.get(tag)
        if reader is not None:
            reader(item, element)
        elif tag != sr.CHARACTER_SET:
            item.keep(element)
    return item, children


def _content(item: _Item, position: Position) -> Content:
    attributes = item.attributes
    if len(attributes) > 1:
        attributes.sort(key=_path)
    return Content(position, attributes=tuple(attributes), **item.fields)


def _path(attribute: Attribute) -> str:
    return attribute.path


def _plain(field: str) -> Callable[[_Item, Element], None]:
    def read(item: _Item, element: Element) -> None:
        text = item.text(element)
        if text:
            item.fields[field] = text

    return read


def _text(item: _Item, element: Element) -> None:
    if sr.TEXT_TAGS[element.tag] != item.value_type:
        item.keep(element)
        return
    text = item.text(element)
    if text:
        item.fields["text"] = text


def _name(item: _Item, element: Element) -> None:
    item.fields["name"] = item.code(element, "")


def _code(item: _Item, element: Element) -> None:
    if item.value_type == "CODE":
        item.fields["code"] = item.code(element, "")
    else:
        item.keep(element)


def _qualifier(item: _Item, element: Element) -> None:
    if item.value_type == "NUM":
        item.fields["qualifier"] = item.code(element, "")
    else:
        item.keep(element)


def _measured(item: _Item, element: Element) -> None:
    if item.value_type != "NUM":
        item.keep(element)
        return
    path = "0040A300/0/"
    for part in item.first(element):
        if part.tag == sr.NUMERIC_VALUE and part.vr == "DS":
            value = part.value
            item.leaves.append((item.prefix + path, part.tag, ""))
            if value is not None:
                values = value if isinstance(value, tuple) else (value,)
                item.fields["numbers"] = tuple("" if one is None else str(one) for one in values)
        elif part.tag == sr.UNITS:
            item.fields["unit"] = item.code(part, path)
        else:
            item.keep(part, path)


def _reference(item: _Item, element: Element) -> None:
    if item.value_type not in sr.REFERENCE_TYPES:
        item.keep(element)
        return
    path = "00081199/0/"
    sop_class = instance = ""
    narrowed: dict[int, tuple[int, ...]] = {}
    for part in item.first(element):
        numbers = _whole(part.value) if part.tag in _NARROWED else None
        if part.tag == sr.SOP_CLASS:
            sop_class = item.text(part, path) or ""
        elif part.tag == sr.SOP_INSTANCE:
            instance = item.text(part, path) or ""
        elif numbers:
            narrowed[part.tag] = numbers
            item.leaves.append((item.prefix + path, part.tag, ""))
        else:
            item.keep(part, path)
    if sop_class or instance or narrowed:
        frames, segments, channels = (narrowed.get(tag, ()) for tag in _NARROWED)
        item.fields["reference"] = Reference(sop_class, instance, frames, segments, channels)


def _whole(value: object) -> tuple[int, ...] | None:
    """Whole numbers, if they are written in the one way that they can be written back."""
    values = value if isinstance(value, tuple) else (value,)
    found = []
    for one in values:
        if isinstance(one, int):
            found.append(one)
        elif isinstance(one, str) and one.isascii() and one.isdigit() and str(int(one)) == one:
            found.append(int(one))
        else:
            return None
    return tuple(found)


def _coordinates(item: _Item, element: Element) -> None:
    value = element.value if element.vr == "FL" else None
    if item.value_type not in {"SCOORD", "SCOORD3D"} or value is None or isinstance(value, bytes):
        item.keep(element)
        return
    values = value if isinstance(value, tuple) else (value,)
    item.leaves.append((item.prefix, element.tag, ""))
    # Nine digits tell every single-precision number apart from its neighbors.
    item.fields["coordinates"] = tuple(format(one, ".9g") for one in values)


def _graphic(item: _Item, element: Element) -> None:
    wanted = {"TCOORD"} if element.tag == sr.RANGE_TYPE else {"SCOORD", "SCOORD3D"}
    text = item.text(element) if item.value_type in wanted else item.keep(element)
    if text:
        item.fields["graphic"] = text


def _points(item: _Item, element: Element) -> None:
    value = element.value
    is_none = value is None or isinstance(value, bytes)
    if item.value_type != "TCOORD" or "basis" in item.fields or is_none:
        item.keep(element)
        return
    item.leaves.append((item.prefix, element.tag, ""))
    item.fields["basis"] = sr.BASES[element.tag]
    item.fields["coordinates"] = tuple(map(str, value)) if isinstance(value, tuple) else (str(value),)


def _frame_of_reference(item: _Item, element: Element) -> None:
    text = item.text(element) if item.value_type == "SCOORD3D" else item.keep(element)
    if text:
        item.fields["basis"] = text


def _template(item: _Item, element: Element) -> None:
    items = element.items
    if len(items) == 1 and items[0].get(sr.MAPPING_RESOURCE) == sr.DCMR and item.value_type == "CONTAINER":
        path = "0040A504/0/"
        for part in items[0]:
            if part.tag == sr.TEMPLATE_ID:
                item.fields["template"] = item.text(part, path) or ""
            elif part.tag == sr.MAPPING_RESOURCE:
                item.text(part, path)
            else:
                item.keep(part, path)
    else:
        item.keep(element)


def _target(item: _Item, element: Element) -> None:
    numbers = None if item.value_type else _whole(element.value)
    if numbers:
        item.fields["by_reference"] = numbers
        item.leaves.append((item.prefix, element.tag, ""))
    else:
        item.keep(element)


def _observed(item: _Item, element: Element) -> None:
    value = element.value
    try:
        moment = from_dicom_dt(value) if isinstance(value, str) else None
    except ChiasmError:
        moment = None
    if moment is None or len(moment.digits) > 14:
        item.keep(element)
        return
    item.leaves.append((item.prefix, element.tag, ""))
    item.fields["observed"] = moment


def _table(item: _Item, element: Element) -> None:
    value = element.value
    if item.value_type != "TABLE" or not isinstance(value, int):
        item.keep(element)
        return
    item.leaves.append((item.prefix, element.tag, ""))
    rows, _, columns = item.fields.get("text", "x").partition("x")
    item.fields["text"] = f"{value}x{columns}" if element.tag == sr.TABLE_ROWS else f"{rows}x{value}"


_NARROWED = (sr.FRAMES, sr.SEGMENTS, sr.CHANNELS)
_ROOT = frozenset(
    {sr.VALUE_TYPE, sr.CONCEPT_NAME, sr.CONTINUITY, sr.TEMPLATE, sr.OBSERVED, sr.OBSERVATION_UID}
)
"""The elements of the root that are its own as an item; the others are those of the document."""

_READERS: dict[int, Callable[[_Item, Element], None]] = {
    sr.RELATIONSHIP: _plain("relationship"),
    sr.VALUE_TYPE: _plain("value_type"),
    sr.OBSERVATION_UID: _plain("identifier"),
    sr.CONCEPT_NAME: _name,
    sr.CONCEPT_CODE: _code,
    sr.MEASURED_VALUE: _measured,
    sr.QUALIFIER: _qualifier,
    sr.REFERENCED_SOP: _reference,
    sr.GRAPHIC_TYPE: _graphic,
    sr.RANGE_TYPE: _graphic,
    sr.GRAPHIC_DATA: _coordinates,
    sr.FRAME_OF_REFERENCE: _frame_of_reference,
    sr.TEMPLATE: _template,
    sr.TARGET_ITEM: _target,
    sr.OBSERVED: _observed,
    sr.TABLE_ROWS: _table,
    sr.TABLE_COLUMNS: _table,
    **dict.fromkeys(sr.BASES, _points),
    **dict.fromkeys(sr.TEXT_TAGS, _text),
}
