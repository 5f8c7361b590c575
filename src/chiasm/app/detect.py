"""Which standard some bytes are written in, told from their beginning."""

from __future__ import annotations

from ..errors import ParseError

_HL7_HEADS = (b"MSH", b"FHS", b"BHS")


def standard(head: bytes, source: str = "") -> str:
    """`dicom`, `hl7`, `hl7-xml`, `fhir`, `dicom-json`, `zip`, `pdf` or `cda`, from the first kilobytes.

    Raises ParseError where there is nothing at all; bytes of no other standard are taken for a bare
    DICOM data set, whose parser says what is wrong with them.
    """
    if not head:
        raise ParseError("the file is empty", source=source)
    if head[128:132] == b"DICM":
        return "dicom"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\x0b\r\n \t")
    if text.startswith(_HL7_HEADS) or head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "hl7"
    if text.startswith(b"{"):
        return "fhir" if b'"resourceType"' in head else "dicom-json"
    if text.startswith(b"["):
        return "dicom-json"
    if text.startswith(b"<"):
        if b"urn:hl7-org:v2xml" in head:
            return "hl7-xml"
        if b"urn:hl7-org:v3" in head:
            return "cda"
        return "dicom-xml"
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head.startswith(b"%PDF"):
        return "pdf"
    return "dicom"
