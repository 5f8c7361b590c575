"""Whether the preamble and the file meta information are as a file must have them. PS3.10 §7.1."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Finding, Severity
from ..standards import dictionary, uids
from .keys import text_of
from .package import Package
from .validate_values import check

CITATION = "PS3.10 §7.1"
_TYPE_1 = (0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012)
_SAME = ((0x00020002, 0x00080016), (0x00020003, 0x00080018))
DIRECTORY = "1.2.840.10008.1.3.10"


def check_meta(package: Package) -> Iterator[Finding]:
    """The findings of preamble and group 0002; a bare data set has one note."""
    header, data = package.header, package.data
    if not len(header):
        text = "there is no file meta information: this is a bare data set"
        yield Finding(Severity.WARNING, "00020010", "no-meta", text, CITATION)
        return
    if package.preamble is None:
        text = "there is no preamble of 128 bytes before the prefix DICM"
        yield Finding(Severity.ERROR, "00020000", "no-preamble", text, CITATION)
    for tag in _TYPE_1:
        element = header.element(tag)
        if element is None or not element.length:
            rule = "missing-type-1" if element is None else "empty-type-1"
            state = "missing" if element is None else "empty"
            text = f"File Meta Information: {dictionary.keyword(tag)} is {state}"
            yield Finding(Severity.ERROR, text_of(tag), rule, text, CITATION)
    version = header.element(0x00020001)
    if version is not None and (version.vr != "OB" or version.raw[1:2] != b"\1"):
        text = "FileMetaInformationVersion is not the two bytes 00 and 01"
        yield Finding(Severity.ERROR, "00020001", "value-format", text, CITATION)
    for meta, own in _SAME:
        there, here = header.get(meta), data.get(own)
        if there and here and there != here:
            text = (
                f"{dictionary.keyword(meta)} is {there!r}, {dictionary.keyword(own)} of the data set {here!r}"
            )
            yield Finding(Severity.ERROR, text_of(meta), "meta-mismatch", text, CITATION)
    syntax = header.get(0x00020010)
    if isinstance(syntax, str) and uids.transfer_syntax(syntax) is None:
        text = f"TransferSyntaxUID {syntax!r} is no known transfer syntax"
        yield Finding(Severity.WARNING, "00020010", "unknown-transfer-syntax", text, "PS3.5 §A")
    for element in header:
        if element.tag >> 16 != 2:
            text = f"{element.keyword or text_of(element.tag)} is no file meta element"
            yield Finding(Severity.ERROR, text_of(element.tag), "not-in-iod", text, CITATION)
        else:
            yield from check(element, text_of(element.tag))
