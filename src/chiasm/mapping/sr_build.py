"""From the content items of a report to the content tree of a DICOM SR data set.

PS3.3 §C.17.3 and §C.18. The tree is made from its last item to its first, so that children are there
before their parents and no depth of nesting can exhaust a stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import MappingError
from . import sr_elements as sr
from .sr_attributes import Node, data_set, place
from .text import MAX_LENGTH

if TYPE_CHECKING:
    from ..dicom import DataSet
    from ..model import Coded, Content, Position, Reference

_VR_OF_TEXT = {
    "TEXT": "UT",
    "DATETIME": "DT",
    "DATE": "DA",
    "TIME": "TM",
    "PNAME": "PN",
    "UIDREF": "UI",
    "CONTAINER": "CS",
}


def write_items(items: tuple[Content, ...], data: DataSet) -> None:
    """Write a tree into a data set, its root into the data set itself.

    Raises MappingError for an item that its elements cannot hold.
    """
    below: dict[Position, list[Node]] = {}
    root: Node = {}
    for item in reversed(items):
        node = _node(item)
        children = below.pop(item.position, None)
        if children:
            node[sr.CONTENT] = ("SQ", children[::-1])
        if len(item.position) == 1:
            root = node
        else:
            below.setdefault(item.position[:-1], []).append(node)
    made = data_set(root, type(data))
    for element in made:
        if element.vr == "SQ":
            data.set(element.tag, element.items, "SQ")
        else:
            data.set(element.tag, element.value, element.vr)


def code_node(concept: Coded) -> Node:
    """An item of a code sequence, exactly as the concept says. PS3.3 §8.1.

    Raises MappingError for what an element cannot hold; nothing is cut.
    """
    node: Node = {}
    code = concept.code
    if code.startswith(("urn:", "http:", "https:")):
        node[sr.URN_CODE] = ("UR", code)
    elif len(code) > MAX_LENGTH["SH"]:
        node[sr.LONG_CODE] = ("UC", code)
    elif code:
        node[sr.CODE_VALUE] = ("SH", code)
    for tag, vr, text in (
        (sr.SCHEME, "SH", concept.scheme),
        (sr.SCHEME_VERSION, "SH", concept.version),
        (sr.MEANING, "LO", concept.meaning),
    ):
        if text:
            node[tag] = (vr, _fits(text, vr, tag))
    return node


def _fits(text: str, vr: str, tag: int) -> str:
    if len(text) > MAX_LENGTH[vr]:
        raise MappingError(
            f"'{text}' has {len(text)} characters, {vr} holds {MAX_LENGTH[vr]}",
            place=f"{tag:08X}",
            rule="PS3.5 §6.2",
            hint="shorten it at its source; it is never cut here",
        )
    return text


def _node(item: Content) -> Node:
    node: Node = {}
    if item.relationship:
        node[sr.RELATIONSHIP] = ("CS", item.relationship)
    if item.value_type:
        node[sr.VALUE_TYPE] = ("CS", item.value_type)
    if item.name is not None:
        node[sr.CONCEPT_NAME] = ("SQ", [code_node(item.name)])
    if item.by_reference:
        node[sr.TARGET_ITEM] = ("UL", item.by_reference)
    if item.identifier:
        node[sr.OBSERVATION_UID] = ("UI", item.identifier)
    moment = item.observed
    if moment is not None:
        fraction = f".{moment.fraction}" if moment.fraction else ""
        node[sr.OBSERVED] = ("DT", moment.digits + fraction + moment.offset)
    if item.template:
        used: Node = {sr.MAPPING_RESOURCE: ("CS", sr.DCMR), sr.TEMPLATE_ID: ("CS", item.template)}
        node[sr.TEMPLATE] = ("SQ", [used])
    _value(item, node)
    place(node, item.attributes)
    return node


def _value(item: Content, node: Node) -> None:
    kind = item.value_type
    vr = _VR_OF_TEXT.get(kind)
    if vr is not None:
        if item.text:
            node[sr.TAG_OF_TEXT[kind]] = (vr, item.text)
    elif kind == "CODE":
        if item.code is not None:
            node[sr.CONCEPT_CODE] = ("SQ", [code_node(item.code)])
    elif kind == "NUM":
        _number(item, node)
    elif item.reference is not None:
        node[sr.REFERENCED_SOP] = ("SQ", [_reference(item.reference)])
    elif kind in sr.COORDINATE_TYPES:
        _points(item, node)
    elif kind == "TABLE":
        rows, _, columns = item.text.partition("x")
        for tag, text in ((sr.TABLE_ROWS, rows), (sr.TABLE_COLUMNS, columns)):
            if text.isascii() and text.isdigit():
                node[tag] = ("UL", int(text))


def _number(item: Content, node: Node) -> None:
    """The measured value; an empty sequence says that there is none. PS3.3 §C.18.1."""
    measured: Node = {}
    if item.numbers:
        measured[sr.NUMERIC_VALUE] = ("DS", item.numbers if len(item.numbers) > 1 else item.numbers[0])
    if item.unit is not None:
        measured[sr.UNITS] = ("SQ", [code_node(item.unit)])
    inside = any(one.path.startswith("0040A300/0/") for one in item.attributes)
    node[sr.MEASURED_VALUE] = ("SQ", [measured] if measured or inside else [])
    if item.qualifier is not None:
        node[sr.QUALIFIER] = ("SQ", [code_node(item.qualifier)])


def _reference(reference: Reference) -> Node:
    node: Node = {}
    if reference.sop_class:
        node[sr.SOP_CLASS] = ("UI", reference.sop_class)
    if reference.instance:
        node[sr.SOP_INSTANCE] = ("UI", reference.instance)
    if reference.frames:
        node[sr.FRAMES] = ("IS", tuple(map(str, reference.frames)))
    if reference.segments:
        node[sr.SEGMENTS] = ("US", reference.segments)
    if reference.channels:
        node[sr.CHANNELS] = ("US", reference.channels)
    return node


def _points(item: Content, node: Node) -> None:
    """Coordinates in space or time. PS3.3 §C.18.6, §C.18.7, §C.18.9.

    Raises MappingError for one that is no number.
    """
    if item.value_type == "TCOORD":
        if item.graphic:
            node[sr.RANGE_TYPE] = ("CS", item.graphic)
        tag = next((tag for tag, name in sr.BASES.items() if name == item.basis), None)
        if tag == sr.SAMPLES:
            node[tag] = ("UL", tuple(int(text) for text in _numeric(item.coordinates, "UL")))
        elif tag is not None:
            node[tag] = ("DS" if tag == sr.OFFSETS else "DT", item.coordinates)
        return
    if item.graphic:
        node[sr.GRAPHIC_TYPE] = ("CS", item.graphic)
    if item.coordinates:
        node[sr.GRAPHIC_DATA] = ("FL", tuple(float(text) for text in _numeric(item.coordinates, "FL")))
    if item.basis:
        node[sr.FRAME_OF_REFERENCE] = ("UI", item.basis)


def _numeric(texts: tuple[str, ...], vr: str) -> tuple[str, ...]:
    for text in texts:
        try:
            number = float(text)
        except ValueError:
            raise MappingError(f"'{text}' is no coordinate", rule="PS3.5 §6.2") from None
        if vr == "UL" and not (text.isascii() and text.isdigit() and number < 1 << 32):
            raise MappingError(f"'{text}' is no sample position", rule="PS3.5 §6.2")
    return texts
