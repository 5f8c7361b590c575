"""The Native DICOM Model in XML, against DCMTK, and hostile documents."""

import subprocess
from pathlib import Path

import pytest
from lxml import etree

from chiasm import dicom
from chiasm.dicom import DataSet
from chiasm.dicom.xml_model import parse_xml, to_xml
from chiasm.errors import ChiasmError, LimitError, ParseError
from chiasm.limits import Limits


def plain(value: object) -> object:
    """A value without the trailing delimiters of names, which XML does not carry: PS3.19 §A.1."""
    if isinstance(value, str):
        return (
            "=".join(group.rstrip("^") for group in value.split("="))
            .rstrip("=")
            .replace("\r\n", "\n")
            .replace("\r", "\n")
        )
    if isinstance(value, tuple):
        return tuple(plain(one) for one in value)
    if isinstance(value, bytes):
        return value + b"\0" * (len(value) & 1)
    return None if value == "" else value


def test_every_file_comes_back(pydicom_files: list[Path]) -> None:
    tried = 0
    for path in pydicom_files:
        try:
            package = dicom.read_file(path)
        except ChiasmError:
            continue
        if not package.transfer_syntax.little_endian:
            continue
        there = {p: e.value for p, e in package.data.walk() if e.tag & 0xFFFF}
        back = {p: e.value for p, e in parse_xml(package.to_xml()).walk()}
        assert there.keys() == back.keys(), path.name
        differs = [
            p for p in there if (plain(there[p]) or None) != (plain(back[p]) or None) and there[p] == there[p]
        ]
        assert differs == [], path.name
        tried += 1
    assert tried > 150


def test_it_is_what_dcmtk_writes(needs_tool, pydicom_files: list[Path]) -> None:
    needs_tool("dcm2xml")
    path = next(one for one in pydicom_files if one.name == "CT_small.dcm")
    done = subprocess.run(["dcm2xml", "-nat", str(path)], capture_output=True, check=True)
    theirs = etree.fromstring(done.stdout)
    ours = etree.fromstring(dicom.read_file(path).to_xml())
    for tag in ("00100010", "00080008", "00200032", "00280010", "00080016"):
        (one,) = ours.xpath(f"*[@tag='{tag}']")
        (other,) = theirs.xpath(f"*[@tag='{tag}']")
        assert [e.text for e in one.iter() if e.text] == [
            e.text.strip() for e in other.iter() if e.text and e.text.strip()
        ]
        assert (one.get("vr"), one.get("keyword")) == (other.get("vr"), other.get("keyword"))


def test_private_creators_and_characters_that_xml_cannot_hold() -> None:
    data = DataSet(charset="ISO_IR 192")
    data.set(0x00090010, "ACME", "LO")
    data.set(0x00091001, "x\x0cy", "LT")
    (node,) = etree.fromstring(to_xml(data)).xpath("*[@tag='00091001']")
    assert node.get("privateCreator") == "ACME"
    assert node[0].text == "x\\u000cy"


def test_bulk_data_by_reference() -> None:
    data = DataSet()
    data.set(0x7FE00010, b"\1\2", "OW")
    text = to_xml(data, bulk=lambda path, raw: f"file:{path}")
    assert b'<BulkData uri="file:7FE00010"/>' in text
    assert parse_xml(text, bulk=lambda uri: b"\1\2").raw(0x7FE00010) == b"\1\2"
    with pytest.raises(ParseError, match="reference"):
        parse_xml(text)


@pytest.mark.parametrize(
    "text",
    [
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><NativeDicomModel>&e;</NativeDicomModel>',
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><NativeDicomModel>&b;</NativeDicomModel>',
        b"<NativeDicomModel>",
        b"",
        b"<NativeDicomModel><DicomAttribute tag='zz'/></NativeDicomModel>",
        b"<NativeDicomModel><DicomAttribute tag='00280010' vr='US'><Value>x</Value></DicomAttribute></NativeDicomModel>",
    ],
)
def test_hostile_and_broken_documents_are_refused(text: bytes) -> None:
    with pytest.raises(ParseError):
        parse_xml(text)


def test_nesting_and_size_have_budgets() -> None:
    deep = b"<NativeDicomModel>" + b"<DicomAttribute tag='00081032' vr='SQ'><Item>" * 5_000
    with pytest.raises(ParseError):
        parse_xml(deep)
    with pytest.raises(LimitError):
        parse_xml(b"<NativeDicomModel/>", limits=Limits(xml_bytes=5))


def test_truncation_at_each_offset(pydicom_files: list[Path]) -> None:
    path = next(one for one in pydicom_files if one.name == "test-SR.dcm")
    text = dicom.read_file(path).to_xml()[:1200]
    for end in range(len(text)):
        with pytest.raises(ParseError):
            parse_xml(text[:end])
