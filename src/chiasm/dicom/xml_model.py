"""The Native DICOM Model in XML, both ways. PS3.19 §A.1.

Built and read with a stack; DTDs, entities and the network are off.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lxml import etree

from ..errors import LimitError, ParseError
from ..limits import DEFAULT, Limits
from ..standards import dictionary
from .dataset import DataSet, Element
from .json_model import BulkReader, BulkWriter, little_endian
from .names import PersonName
from .vr import BYTE_VRS

if TYPE_CHECKING:
    from lxml.etree import _Element

_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_PARTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_REALS, _INTEGERS = frozenset(("FL", "FD")), frozenset(("SL", "SS", "SV", "UL", "US", "UV"))


def to_xml(data: DataSet, *, bulk: BulkWriter | None = None) -> bytes:
    """The data set as a NativeDicomModel document in UTF-8; group lengths are left out.

    `bulk` is asked for the URI of each binary value, by its path and bytes; None keeps it inline.
    Characters that XML cannot hold are written as the replacement that `\\uXXXX` shows.
    """
    root = etree.Element("NativeDicomModel")
    stack: list[tuple[Iterator[Element], _Element, str, DataSet]] = [(iter(data), root, "", data)]
    while stack:
        elements, parent, prefix, owner = stack[-1]
        element = next(elements, None)
        if element is None:
            stack.pop()
            continue
        if element.tag & 0xFFFF == 0:
            continue
        node = _attribute(parent, element, owner)
        if element.vr != "SQ":
            _values(node, element, owner, f"{prefix}{element.tag:08X}", bulk)
            continue
        below = []
        for number, item in enumerate(element.items, 1):
            child = etree.SubElement(node, "Item", number=str(number))
            below.append((iter(item), child, f"{prefix}{element.tag:08X}/{number - 1}/", item))
        stack += reversed(below)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _attribute(parent: _Element, element: Element, owner: DataSet) -> _Element:
    given = {"tag": f"{element.tag:08X}", "vr": element.vr}
    if element.keyword:
        given["keyword"] = element.keyword
    creator = owner.get(element.tag & 0xFFFF0000 | (element.tag >> 8 & 0xFF)) if element.is_private else None
    if creator and element.tag & 0xFFFF > 0xFF:
        given["privateCreator"] = str(creator)
    return etree.SubElement(parent, "DicomAttribute", given)


def _values(node: _Element, element: Element, owner: DataSet, path: str, bulk: BulkWriter | None) -> None:
    vr = element.vr
    if vr in BYTE_VRS:
        if element.length:
            raw = little_endian(element.raw, vr, owner.form.little)
            uri = bulk(path, raw) if bulk else None
            if uri is None:
                etree.SubElement(node, "InlineBinary").text = base64.b64encode(raw).decode("ascii")
            else:
                etree.SubElement(node, "BulkData", uri=uri)
        return
    value = element.value
    values = () if value is None else value if isinstance(value, tuple) else (value,)
    for number, one in enumerate(values, 1):
        if vr == "PN":
            _name(etree.SubElement(node, "PersonName", number=str(number)), str(one or ""))
        else:
            text = "" if one is None else _number(one)
            if vr == "AT" and isinstance(one, int):
                text = f"{one:08X}"
            etree.SubElement(node, "Value", number=str(number)).text = _legal(text)


def _number(value: object) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _legal(text: str) -> str:
    """Text that XML can hold: other control characters are shown as `\\uXXXX`."""
    if text.isprintable():
        return text
    return "".join(
        c if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff") else f"\\u{ord(c):04x}" for c in text
    )


def _name(node: _Element, text: str) -> None:
    for kind, group in zip(_GROUPS, text.split("="), strict=False):
        if group:
            target = etree.SubElement(node, kind)
            for part, written in zip(_PARTS, group.split("^"), strict=False):
                if written:
                    etree.SubElement(target, part).text = _legal(written)


def parse_xml(
    content: bytes, *, limits: Limits = DEFAULT, source: str = "", bulk: BulkReader | None = None
) -> DataSet:
    """The data set of a NativeDicomModel document.

    `bulk` fetches what a BulkData names; without it such a value is refused. Raises ParseError for what
    is not such a document, LimitError for more than the budgets allow.
    """
    if len(content) > limits.xml_bytes:
        raise LimitError(f"{len(content)} bytes of XML", source=source, rule="limits.xml_bytes")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        document = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ParseError(
            f"it is not well-formed XML: {error.msg}", source=source, rule="PS3.19 §A.1"
        ) from None
    if b"<!DOCTYPE" in content[: limits.xml_bytes]:
        raise ParseError("a document type declaration is not allowed", source=source, rule="PS3.19 §A.1")
    root = DataSet()
    pending: list[tuple[DataSet, _Element, str]] = [(root, document, "")]
    while pending:
        data, node, prefix = pending.pop()
        for attribute in node.iterchildren("{*}DicomAttribute"):
            text = str(attribute.get("tag") or "")
            path = prefix + text
            try:
                tag = int(text, 16)
            except ValueError:
                raise ParseError(
                    f"'{text}' is no tag", source=source, place=path, rule="PS3.19 §A.1"
                ) from None
            vr = str(attribute.get("vr") or dictionary.vr(tag))
            if vr == "SQ":
                nodes = list(attribute.iterchildren("{*}Item"))
                items = [DataSet() for _ in nodes]
                data.set(tag, items, "SQ")
                pending += [
                    (item, one, f"{path}/{n}/")
                    for n, (item, one) in enumerate(zip(items, nodes, strict=True))
                ]
            else:
                _restore(data, tag, vr, attribute, source, path, bulk)
    return root


def _restore(
    data: DataSet, tag: int, vr: str, node: _Element, source: str, path: str, bulk: BulkReader | None
) -> None:
    values: list[object] = []
    for child in node.iterchildren("*"):
        kind = etree.QName(child).localname
        text = child.text or ""
        try:
            if kind == "InlineBinary":
                data.set(tag, base64.b64decode(text, validate=False), vr)
                return
            if kind == "BulkData":
                if bulk is None:
                    raise ParseError(
                        "a value by reference, and nobody to fetch it", source=source, place=path
                    )
                data.set(tag, bulk(str(child.get("uri"))), vr)
                return
            values.append(_person(child) if kind == "PersonName" else _value(vr, text))
        except (ValueError, binascii.Error):
            raise ParseError(f"'{text[:60]}' is no value of {vr}", source=source, place=path) from None
    data.set(tag, tuple(values) if len(values) > 1 else values[0] if values else None, vr)


def _person(node: _Element) -> PersonName:
    groups = []
    for kind in _GROUPS:
        group = node.find(f"{{*}}{kind}")
        parts = [] if group is None else [(group.findtext(f"{{*}}{part}") or "") for part in _PARTS]
        groups.append("^".join(parts).rstrip("^"))
    return PersonName("=".join(groups).rstrip("="))


def _value(vr: str, text: str) -> object:
    if vr == "AT":
        return int(text, 16)
    if vr in _REALS:
        return float(text)
    return int(text) if vr in _INTEGERS else text
