"""Outputs are named by paths and numbers, targets by suffixes."""

from pathlib import Path

import pytest

from chiasm.app.naming import SUFFIXES, below, numbered, target_of
from chiasm.app.sources import Source
from chiasm.errors import UsageError
from chiasm.mapping.routes import ROUTES

DICOM = Source("x", data=b"\0" * 128 + b"DICM")


def hl7(kind, rest=b""):
    return Source("x", data=b"MSH|^~\\&|A|B|C|D|20260101||" + kind + b"|1|P|2.5.1\r" + rest)


def test_every_target_of_a_route_has_a_suffix():
    assert {target for _, target in ROUTES} == set(SUFFIXES)


@pytest.mark.parametrize(
    ("source", "destination", "expected"),
    [
        (DICOM, "a.hl7", "oru"),
        (DICOM, "a.HL7", "oru"),
        (DICOM, "a.json", "fhir"),
        (DICOM, None, "oru"),
        (hl7(b"ORM^O01"), "a.dcm", "worklist"),
        (hl7(b"OMI^O23^OMI_O23"), None, "worklist"),
        (hl7(b"ADT^A08"), "a.dcm", "patient"),
        (hl7(b"ORU^R01"), "a.dcm", "sr"),
        (hl7(b"ORU^R01", b"OBX|1|ST|00080060^Modality^99DCMTAG^CS^^99DCMVR||CT"), "a.dcm", "dicom"),
        (hl7(b"ORU^R01"), "a.json", "fhir"),
        (Source("x", data=b'<?xml version="1.0"?>\n<ORM_O01 xmlns="urn:hl7-org:v2xml">'), None, "worklist"),
        (Source("x", data=b'<a xmlns="urn:hl7-org:v2xml">'), None, "sr"),
        (Source("x", data="MSH|^~\\&|A|B|C|D|2026||ADT^A08|1|P|2.5".encode("utf-16")), None, "patient"),
        (Source("x", data=b"MSH"), None, "sr"),
        (Source("x", data=b'{"resourceType": "ServiceRequest"}'), "a.dcm", "worklist"),
    ],
)
def test_a_target_follows_from_source_and_suffix(source, destination, expected):
    assert target_of(source, Path(destination) if destination else None) == expected


@pytest.mark.parametrize("source", [DICOM, Source("x", data=b"%PDF-1.4")])
def test_a_suffix_that_says_nothing_asks_for_to(source):
    with pytest.raises(UsageError, match="--to"):
        target_of(source, Path("a.xyz"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.hl7", "a-2.hl7"),
        ("1.2.840.113.dcm.hl7", "1.2.840.113.dcm-2.hl7"),
        ("x.dcm.wl.dcm", "x.dcm-2.wl.dcm"),
        ("noend", "noend-2"),
    ],
)
def test_a_number_stands_before_the_suffix(name, expected):
    assert numbered(Path("out") / name, 2) == Path("out") / expected


@pytest.mark.parametrize(("to", "end"), [("oru", ".hl7"), ("fhir", ".json"), ("", ".out")])
def test_an_output_stands_at_the_place_of_its_source(to, end):
    assert below(Path("out"), Source("n", place="a/1.dcm"), to) == Path(f"out/a/1.dcm{end}")
    assert below(Path("out"), Source("n"), to) == Path(f"out/unnamed{end}")
