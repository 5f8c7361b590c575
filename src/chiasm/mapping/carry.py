"""`--carry all`: every element of a data set as an observation, so that the receiver can rebuild it.

An element is an OBX: OBX-3 is `tag^keyword^99DCMTAG^VR^^99DCMVR`, OBX-5 its values as repetitions. An
element of an item says in OBX-4 which item that is, as `17.2`: the second item of the sequence that
stands in the OBX with the set id 17; a sequence itself has the number of its items as its value. What
is not text or number, or whose text does not fit its character set, travels as Base64 (ED). Pixels stay.
"""

from __future__ import annotations

import base64
import binascii
import functools
import math
from typing import TYPE_CHECKING, Any

from ..dicom import DataSet, create
from ..errors import MappingError
from ..hl7 import STANDARD, Raw, field_text
from ..model import Disposition, Entry
from ..standards import dictionary
from .account import PIXELS
from .result import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..dicom import Element, Package
    from ..hl7 import FieldValue, Message
    from .writing import SegmentRow

TAG_SYSTEM, VR_SYSTEM = "99DCMTAG", "99DCMVR"

TEXTS = frozenset(
    ["AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"]
)
NUMBERS = frozenset(["US", "SS", "UL", "SL", "UV", "SV", "FL", "FD"])
_UNSPLIT = frozenset({"LT", "ST", "UT", "UR"})


def observe(package: Package, segments: list[SegmentRow]) -> dict[str, str]:
    """Add an OBX for each element to the segments; says of each leaf, by its path, where it travels.

    Walks the items with a stack of its own, so that no depth of nesting can exhaust Python's.
    """
    number = sum(1 for segment in segments if isinstance(segment, Raw) or segment[0] == "OBX")
    taken: dict[str, str] = {}
    stack: list[tuple[Iterator[Element], str, str]] = [(iter(package.data), "", "")]
    append, special = segments.append, STANDARD.special.search
    while stack:
        elements, prefix, sub_id = stack[-1]
        element = next(elements, None)
        if element is None:
            stack.pop()
            continue
        tag = element.tag
        if tag in PIXELS and not prefix:
            continue
        number += 1
        text = f"{tag:08X}"
        vr = element.vr
        value: FieldValue
        if vr == "SQ":
            items = element.items
            kind, value = "NM", str(len(items))
            stack += [
                (iter(items[n]), f"{prefix}{text}/{n}/", f"{number}.{n + 1}")
                for n in range(len(items) - 1, -1, -1)
            ]
            if not items:
                taken[prefix + text] = f"OBX[{number}]-5"
        else:
            kind, value = _value(element, vr)
            taken[prefix + text] = f"OBX[{number}]-5"
        plain = value.__class__ is str and special(value) is None and value != '""'
        field = value if plain else field_text(value, STANDARD)
        append(Raw(f"OBX|{number}|{kind}|{_code(tag, vr)}|{sub_id}|{field}||||||F"))
    return taken


@functools.lru_cache(maxsize=8192)
def _code(tag: int, vr: str) -> Raw:
    """OBX-3 of an element, as ER7: none of its parts can hold a delimiter."""
    return Raw(f"{tag:08X}^{dictionary.keyword(tag)}^{TAG_SYSTEM}^{vr}^^{VR_SYSTEM}")


def _value(element: Element, vr: str) -> tuple[str, FieldValue]:
    """The value type and value of the OBX that carries one element."""
    if vr in TEXTS:
        if not element.problems:
            return _text(element, vr)
    elif vr in NUMBERS:
        value = element.value
        if value is None:
            return "NM", ""
        if isinstance(value, int | float):
            return ("NM", repr(value)) if math.isfinite(value) else _binary(element)
        several: list[Any] = list(value) if isinstance(value, tuple) else []
        if several and all(map(math.isfinite, several)):
            return "NM", [repr(one) for one in several]
    elif vr == "AT":
        tags: Any = element.value
        if not isinstance(tags, bytes):
            listed = () if tags is None else tags if isinstance(tags, tuple) else (tags,)
            return "ST", [f"{one:08X}" for one in listed]
    elif element.length == 0:
        return "ST", ""
    return _binary(element)


def _text(element: Element, vr: str) -> tuple[str, FieldValue]:
    value: Any = element.value
    kind = "TX" if vr in _UNSPLIT else "ST"
    if value is None:
        return kind, ""
    if isinstance(value, tuple):
        texts: list[FieldValue] = ["" if one is None else one for one in value]
        return kind, texts
    return kind, value


def _binary(element: Element) -> tuple[str, FieldValue]:
    return "ED", ("", "AP", "Octet-stream", "Base64", base64.b64encode(bytes(element.raw)).decode("ascii"))


def rebuild(message: Message) -> DataSet:
    """The data set whose elements a message carries; observations of other codes are left alone.

    Raises MappingError, naming the segment, for one that cannot be an element.
    """
    root = DataSet()
    items: dict[str, DataSet] = {"": root}
    for index, segment in enumerate(message.segments_named("OBX"), 1):
        field = segment.value(3)
        code = [part[0] for part in field[0]] if field else []
        if len(code) < 4 or code[2] != TAG_SYSTEM:
            continue
        where = f"OBX[{index}]"
        parent = items.get(_leaf(segment.value(4)))
        if parent is None:
            raise MappingError("the sequence that it belongs to has not come before it", place=f"{where}-4")
        tag = _tag(code[0], where)
        vr = code[3]
        if vr == "SQ":
            count = int(_leaf(segment.value(5)) or 0)
            children = [DataSet() for _ in range(count)]
            set_id = _leaf(segment.value(1))
            items.update((f"{set_id}.{number}", child) for number, child in enumerate(children, 1))
            parent.set(tag, children, vr)
        else:
            _restore(parent, tag, vr, _leaf(segment.value(2)), segment.value(5), where)
    return root


def _tag(text: str, where: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        raise MappingError(f"'{text}' is not a tag", place=f"{where}-3.1", rule="PS3.5 §7.1.1") from None


def _leaf(field: Any) -> str:
    """The first leaf of a field as `Segment.value` gives it."""
    while field and not isinstance(field, str):
        field = field[0]
    return str(field or "")


def _restore(parent: DataSet, tag: int, vr: str, kind: str, field: Any, where: str) -> None:
    if kind == "ED":
        try:
            raw = base64.b64decode(_leaf(field[0][4]), validate=True)
        except (IndexError, binascii.Error):
            raise MappingError(
                "the Base64 is broken", place=f"{where}-5.5", rule="HL7 v2.5.1 §2.A.24"
            ) from None
        parent.set(tag, raw, vr)
        return
    texts = [_leaf(one) for one in field] if isinstance(field, list) else [_leaf(field)]
    if vr in NUMBERS:
        convert = float if vr in {"FL", "FD"} else int
        try:
            parent.set(tag, tuple(convert(text) for text in texts if text) or None, vr)
        except ValueError:
            raise MappingError(f"'{texts}' is no number", place=f"{where}-5", rule="PS3.5 §6.2") from None
    elif vr == "AT":
        parent.set(tag, tuple(_tag(text, where) for text in texts if text) or None, vr)
    else:
        parent.set(tag, tuple(texts) if len(texts) > 1 else (texts and texts[0]) or None, vr)


_SKIPPED = "belongs to the message, not to the data set that it carries"


def restore(message: Message) -> Result:
    """The data set that a message carries, as a Part 10 file, with the account of the message's leaves.

    Raises MappingError where it carries none.
    """
    data = rebuild(message)
    sop_class = data.get("SOPClassUID")
    if sop_class is None:
        raise MappingError("the message carries no data set", hint="it is made by `--carry all`")
    output = create(data, sop_class=str(sop_class)).encode()

    def entries() -> Iterator[Entry]:
        carried = {
            f"OBX[{number}]": str(_leaf(segment.value(3)))
            for number, segment in enumerate(message.segments_named("OBX"), 1)
            if TAG_SYSTEM in (_leaf(part) for field in segment.value(3)[:1] for part in field[2:3])
        }
        for path, value in message.walk():
            if not value:
                continue
            tag = carried.get(path.partition("-")[0])
            if tag:
                yield Entry(path, Disposition.MAPPED, tag, "carry-all")
            else:
                yield Entry(path, Disposition.DROPPED, "", "not-carried", _SKIPPED)

    return Result(output, "dicom", entries)
