"""Readers over values given inline; SR documents built by hand with pydicom, an independent writer."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from chiasm import hl7
from chiasm.dicom import DataSet, Package, parse
from chiasm.mapping.reading import DicomReader, FieldReader
from chiasm.model import Instant, Sender

Code = tuple[str, str, str]
Made = tuple[str, str, Code | None, dict[str, Any], list[Any]]
"""A content item: its relationship, value type, name, fields by keyword, and the items below it."""


@pytest.fixture
def field() -> Callable[..., FieldReader]:
    """A reader of PID-3 with the given ER7 text, from a component on."""

    def make(text: str, component: int = 1) -> FieldReader:
        message = hl7.parse(f"MSH|^~\\&|A|B|C|D|20260101||ADT^A08|1|P|2.5.1\rPID|||{text}\r")
        return FieldReader("PID[1]-3", message.segments[1].value(3), component)

    return make


@pytest.fixture
def data_set() -> Callable[..., DataSet]:
    """A data set of the given keywords, in UTF-8."""

    def make(**elements: object) -> DataSet:
        data = DataSet(charset="ISO_IR 192")
        for keyword, value in elements.items():
            data[keyword] = value
        return data

    return make


@pytest.fixture
def reader(data_set: Callable[..., DataSet]) -> Callable[..., DicomReader]:
    """A reader of a data set of the given keywords."""
    return lambda **elements: DicomReader(("", data_set(**elements)), zone="zone")


@pytest.fixture(scope="session")
def sr_bytes() -> Callable[..., bytes]:
    """`sr_bytes(root, **header)`: a Part 10 SR, written by pydicom, with a tree of `Made` items."""

    def build(root: Made, **header: Any) -> bytes:
        data = _sr_item(root)
        known: dict[str, Any] = {
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.34",
            "SOPInstanceUID": "1.2.3.4.5",
            "StudyInstanceUID": "1.2.3",
            "SeriesInstanceUID": "1.2.3.4",
            "Modality": "SR",
            "PatientName": "Doe^Jane",
            "PatientID": "P1",
            "ContentDate": "20240131",
            "ContentTime": "120000",
            "CompletionFlag": "COMPLETE",
            "VerificationFlag": "UNVERIFIED",
        }
        data.update(_sr_fields({**known, **header}))
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = data.SOPClassUID
        meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.file_meta = meta
        written = io.BytesIO()
        pydicom.dcmwrite(written, data, enforce_file_format=True)
        return written.getvalue()

    return build


@pytest.fixture(scope="session")
def sr_package(sr_bytes: Callable[..., bytes]) -> Callable[..., Package]:
    """`sr_package(root, **header)`: the same, parsed."""
    return lambda root, **header: parse(sr_bytes(root, **header))


@pytest.fixture(scope="session")
def sender() -> Sender:
    """Who sends, at a fixed moment."""
    return Sender("SENDER", "FACILITY", Instant("20240201080000"))


def _number(name: Code, value: str, unit: Code, *children: Made) -> Made:
    measured = [{"NumericValue": value, "MeasurementUnitsCodeSequence": unit}]
    return ("CONTAINS", "NUM", name, {"MeasuredValueSequence": measured}, list(children))


def _coded(relationship: str, name: Code, value: Code, *children: Made) -> Made:
    return (relationship, "CODE", name, {"ConceptCodeSequence": value}, list(children))


def _heading(name: Code, *children: Made) -> Made:
    return ("CONTAINS", "CONTAINER", name, {"ContinuityOfContent": "SEPARATE"}, list(children))


def _root(name: Code, template: str, *children: Made) -> Made:
    used = [{"MappingResource": "DCMR", "TemplateIdentifier": template}]
    fields = {"ContinuityOfContent": "SEPARATE", "ContentTemplateSequence": used}
    return ("", "CONTAINER", name, fields, list(children))


@pytest.fixture(scope="session")
def measurement_report() -> Made:
    """A TID 1500 report: two groups, a site with its laterality, a region on an image, a failed number."""
    named = {
        "ReferencedSOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
        "ReferencedSOPInstanceUID": "1.2.9.1",
        "ReferencedFrameNumber": ["1", "2"],
    }
    image: Made = ("SELECTED FROM", "IMAGE", None, {"ReferencedSOPSequence": [named]}, [])
    points = {"GraphicType": "POLYLINE", "GraphicData": [1.5, 2.0, 3.25, 4.0]}
    region: Made = ("INFERRED FROM", "SCOORD", ("111030", "DCM", "Image Region"), points, [image])
    modifier = "HAS CONCEPT MOD"
    laterality = _coded(modifier, ("272741003", "SCT", "Laterality"), ("7771000", "SCT", "Left"))
    site = _coded(modifier, ("363698007", "SCT", "Finding Site"), ("39607008", "SCT", "Lung"), laterality)
    method = _coded(
        modifier, ("370129005", "SCT", "Measurement Method"), ("126410", "DCM", "SUV body weight")
    )
    failed = {
        "MeasuredValueSequence": [],
        "NumericValueQualifierCodeSequence": ("114006", "DCM", "Measurement failure"),
    }
    volume: Made = ("CONTAINS", "NUM", ("118565006", "SCT", "Volume"), failed, [])
    context = "HAS OBS CONTEXT"
    tracked: Made = (context, "TEXT", ("112039", "DCM", "Tracking Identifier"), {"TextValue": "lesion 1"}, [])
    unique: Made = (context, "UIDREF", ("112040", "DCM", "Tracking Unique Identifier"), {"UID": "1.2.7"}, [])
    length, millimeter = ("410668003", "SCT", "Length"), ("mm", "UCUM", "millimeter")
    group = ("125007", "DCM", "Measurement Group")
    groups = [
        _heading(group, tracked, unique, site, _number(length, "12.5", millimeter, method, region)),
        _heading(group, _number(length, "7", millimeter), volume),
    ]
    measurements = _heading(("126010", "DCM", "Imaging Measurements"), *groups)
    return _root(("126000", "DCM", "Imaging Measurement Report"), "1500", measurements)


@pytest.fixture(scope="session")
def dose_report() -> Made:
    """A TID 10001 radiation dose report with one TID 10003 irradiation event."""
    gray = ("Gy", "UCUM", "Gy")
    started = {"DateTime": "20240131110000.123456"}
    event = _heading(
        ("113706", "DCM", "Irradiation Event X-Ray Data"),
        _coded("CONTAINS", ("113764", "DCM", "Acquisition Plane"), ("113622", "DCM", "Single Plane")),
        ("CONTAINS", "DATETIME", ("111526", "DCM", "DateTime Started"), started, []),
        ("CONTAINS", "UIDREF", ("113769", "DCM", "Irradiation Event UID"), {"UID": "1.2.88.1"}, []),
        _number(("122130", "DCM", "Dose Area Product"), "1.2e-05", ("Gy.m2", "UCUM", "Gy.m2")),
        _number(("113738", "DCM", "Dose (RP)"), "0.0015", gray),
        _number(("113733", "DCM", "KVP"), "81.5", ("kV", "UCUM", "kV")),
    )
    total = _number(("113725", "DCM", "Dose (RP) Total"), "0.0015", gray)
    device: Made = (
        "HAS OBS CONTEXT",
        "UIDREF",
        ("121012", "DCM", "Device Observer UID"),
        {"UID": "1.2.99"},
        [],
    )
    return _root(
        ("113701", "DCM", "X-Ray Radiation Dose Report"),
        "10001",
        _coded(
            "HAS CONCEPT MOD", ("121058", "DCM", "Procedure reported"), ("113704", "DCM", "Projection X-Ray")
        ),
        _coded("HAS OBS CONTEXT", ("121005", "DCM", "Observer Type"), ("121007", "DCM", "Device")),
        device,
        _coded("CONTAINS", ("113705", "DCM", "Scope of Accumulation"), ("113014", "DCM", "Study")),
        _heading(("113702", "DCM", "Accumulated X-Ray Dose Data"), total),
        event,
    )


def _sr_code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _sr_fields(fields: dict[str, Any]) -> Dataset:
    item = Dataset()
    for keyword, value in fields.items():
        if isinstance(value, tuple) and keyword.endswith("CodeSequence"):
            setattr(item, keyword, Sequence([_sr_code(*value)]))
        elif isinstance(value, list) and all(isinstance(one, dict) for one in value):
            setattr(item, keyword, Sequence([_sr_fields(one) for one in value]))
        else:
            setattr(item, keyword, value)
    return item


def _sr_item(made: Made) -> Dataset:
    relationship, value_type, name, fields, children = made
    item = _sr_fields(fields)
    if relationship:
        item.RelationshipType = relationship
    if value_type:
        item.ValueType = value_type
    if name:
        item.ConceptNameCodeSequence = Sequence([_sr_code(*name)])
    if children:
        item.ContentSequence = Sequence([_sr_item(child) for child in children])
    return item
