"""The DICOM JSON model, both ways. PS3.18 §F.

Decimal and integer strings are written as numbers where the number has their very text, and as strings
where it has not (`1.50`, `+1`), which the standard allows: nothing is rounded. Binary values stand inline
up to a size, and beyond it by reference. Nesting is walked with a stack of its own.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import LimitError, ParseError
from ..limits import DEFAULT, Limits
from ..standards import dictionary
from .dataset import DataSet, Element
from .names import PersonName
from .vr import BYTE_VRS, WORD_SIZES

Json = dict[str, Any]
BulkReader = Callable[[str], bytes]
BulkWriter = Callable[[str, bytes], str | None]

_NUMBERS = frozenset(("DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"))
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def to_dict(data: DataSet, *, bulk: BulkWriter | None = None) -> Json:
    """The data set as the object that PS3.18 §F.2 describes; group lengths are left out.

    `bulk` is asked for the URI of each binary value, by its path and bytes; None keeps it inline.
    """
    root: Json = {}
    stack: list[tuple[Iterator[Element], Json, str, bool]] = [(iter(data), root, "", data.form.little)]
    while stack:
        elements, target, prefix, little = stack[-1]
        element = next(elements, None)
        if element is None:
            stack.pop()
            continue
        if element.tag & 0xFFFF == 0:
            continue
        key = f"{element.tag:08X}"
        if element.vr == "SQ":
            entry: Json = {"vr": "SQ"}
            items = element.items
            if items:
                objects: list[Json] = [{} for _ in items]
                entry["Value"] = objects
                below = [
                    (iter(item), one, f"{prefix}{key}/{number}/", item.form.little)
                    for number, (item, one) in enumerate(zip(items, objects, strict=True))
                ]
                stack += reversed(below)
            target[key] = entry
        else:
            target[key] = _entry(element, little, prefix + key, bulk)
    return root


def to_json(data: DataSet, *, bulk: BulkWriter | None = None) -> str:
    """The data set as DICOM JSON text, of any depth."""
    return dump(to_dict(data, bulk=bulk))


def dump(value: object) -> str:
    """JSON text of nested objects and lists; unlike the standard library's, of any depth."""
    out: list[str] = []
    pending: list[object] = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, _Text):
            out.append(one)
        elif isinstance(one, dict) and one:
            parts: list[object] = [_Text("{")]
            for number, (key, inner) in enumerate(one.items()):
                comma = "," if number else ""
                parts += [_Text(f"{comma}{json.dumps(key, ensure_ascii=False)}:"), inner]
            pending += reversed([*parts, _Text("}")])
        elif isinstance(one, list) and one:
            parts = [_Text("[")]
            for number, inner in enumerate(one):
                parts += [_Text(","), inner] if number else [inner]
            pending += reversed([*parts, _Text("]")])
        else:
            out.append(json.dumps(one, ensure_ascii=False))
    return "".join(out)


class _Text(str):
    """Text that is already JSON."""

    __slots__ = ()


def _entry(element: Element, little: bool, path: str, bulk: BulkWriter | None) -> Json:
    vr = element.vr
    entry: Json = {"vr": vr}
    if vr in BYTE_VRS:
        if element.length:
            raw = little_endian(element.raw, vr, little)
            uri = bulk(path, raw) if bulk else None
            if uri is None:
                entry["InlineBinary"] = base64.b64encode(raw).decode("ascii")
            else:
                entry["BulkDataURI"] = uri
        return entry
    value = element.value
    if value is None:
        return entry
    values = value if isinstance(value, tuple) else (value,)
    entry["Value"] = [_json_value(vr, one) for one in values]
    return entry


def little_endian(raw: bytes, vr: str, little: bool) -> bytes:
    """The bytes in little endian order, which PS3.18 §F.2.7 asks for."""
    size = WORD_SIZES.get(vr, 1)
    if little or size == 1:
        return raw
    whole = len(raw) - len(raw) % size
    turned = bytearray(raw)
    for offset in range(size):
        turned[offset:whole:size] = raw[size - 1 - offset : whole : size]
    return bytes(turned)


def _json_value(vr: str, value: object) -> object:
    if value is None or value == "":
        return None
    if vr == "PN":
        groups = str(value).split("=")
        return {name: group for name, group in zip(_GROUPS, groups, strict=False) if group}
    if vr == "AT":
        return f"{value:08X}"
    if vr in {"FL", "FD"} and isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if vr in {"DS", "IS"}:
        return _number(str(value))
    return value


def _number(text: str) -> object:
    """The number that has this very text, or the text where none has."""
    try:
        number = int(text)
    except ValueError:
        try:
            real = float(text)
        except ValueError:
            return text
        return real if repr(real) == text and math.isfinite(real) else text
    return number if str(number) == text else text


def parse_json(
    text: str | bytes, *, limits: Limits = DEFAULT, source: str = "", bulk: BulkReader | None = None
) -> DataSet:
    """The data set of DICOM JSON text: one object, or a list of one.

    `bulk` fetches what a BulkDataURI names; without it such a value is refused. Raises ParseError for
    what is not DICOM JSON, LimitError for more than the budgets allow.
    """
    if len(text) > limits.json_bytes:
        raise LimitError(f"{len(text)} bytes of JSON", source=source, rule="limits.json_bytes")
    try:
        content = json.loads(text)
    except RecursionError:
        raise LimitError("the JSON is nested too deeply", source=source, rule="limits.json_depth") from None
    except ValueError as error:
        raise ParseError(f"it is not JSON: {error}", source=source, rule="PS3.18 §F.2") from None
    if isinstance(content, list) and len(content) == 1:
        content = content[0]
    return from_dict(content, source=source, bulk=bulk)


def from_dict(content: object, *, source: str = "", bulk: BulkReader | None = None) -> DataSet:
    """The data set of an object as PS3.18 §F.2 describes it. Raises ParseError, naming the path."""
    root = DataSet()
    pending: list[tuple[DataSet, object, str]] = [(root, content, "")]
    while pending:
        data, entries, prefix = pending.pop()
        if not isinstance(entries, dict):
            raise ParseError("a data set is an object", source=source, place=prefix, rule="PS3.18 §F.2.2")
        for key, entry in sorted(entries.items()):
            path = f"{prefix}{key}"
            tag = _tag(key, source, path)
            if not isinstance(entry, dict):
                raise ParseError("an element is an object", source=source, place=path, rule="PS3.18 §F.2.2")
            vr = str(entry.get("vr") or dictionary.vr(tag))
            values = entry.get("Value") or []
            if vr == "SQ":
                items = [DataSet() for _ in values]
                data.set(tag, items, "SQ")
                pending += [
                    (item, one or {}, f"{path}/{n}/")
                    for n, (item, one) in enumerate(zip(items, values, strict=True))
                ]
            else:
                _restore(data, tag, vr, entry, values, _Place(source, path, bulk))
    return root


class _Place:
    """Where a value stands, and who fetches what it refers to."""

    __slots__ = ("bulk", "path", "source")

    def __init__(self, source: str, path: str, bulk: BulkReader | None) -> None:
        self.source = source
        self.path = path
        self.bulk = bulk

    def error(self, message: str) -> ParseError:
        return ParseError(message, source=self.source, place=self.path, rule="PS3.18 §F.2")


def _tag(key: str, source: str, path: str) -> int:
    if len(key) == 8:
        try:
            return int(key, 16)
        except ValueError:
            pass
    found = dictionary.tag(key)
    if found is None:
        raise ParseError(f"'{key}' is no tag", source=source, place=path, rule="PS3.18 §F.2.2")
    return found


def _restore(data: DataSet, tag: int, vr: str, entry: Json, values: list[Any], place: _Place) -> None:
    if "InlineBinary" in entry:
        try:
            raw = base64.b64decode(entry["InlineBinary"], validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise place.error("the Base64 is broken") from None
        data.set(tag, raw, vr)
    elif "BulkDataURI" in entry:
        if place.bulk is None:
            raise place.error("a value by reference, and nobody to fetch it")
        data.set(tag, place.bulk(str(entry["BulkDataURI"])), vr)
    else:
        try:
            read = tuple(_value(vr, one) for one in values)
        except (TypeError, ValueError, KeyError, AttributeError):
            raise place.error(f"'{str(values)[:60]}' is no value of {vr}") from None
        data.set(tag, read if len(read) > 1 else read[0] if read else None, vr)


def _value(vr: str, value: Any) -> object:
    if value is None:
        return None if vr in _NUMBERS else ""
    if vr == "PN":
        groups = [str(value.get(name) or "") for name in _GROUPS] if isinstance(value, dict) else [str(value)]
        return PersonName("=".join(groups).rstrip("="))
    if vr == "AT":
        return int(value, 16)
    if vr in {"FL", "FD"}:
        return float(value)
    if vr in {"DS", "IS"}:
        return value if isinstance(value, str) else repr(value)
    if vr in _NUMBERS:
        return int(value)
    return str(value)
