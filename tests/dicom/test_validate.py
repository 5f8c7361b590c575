"""The checker on real files and on objects that break one rule each; dciodvfy is the judge in interop."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chiasm import dicom
from chiasm.dicom.general import new_object
from chiasm.dicom.secondary_capture import Raster, secondary_capture
from chiasm.dicom.structured_report import structured_report
from chiasm.dicom.validate import validate, validate_data
from chiasm.errors import ChiasmError, Severity

NOW = datetime(2026, 11, 23, 9, 30)
ABOUT = {"PatientName": "Doe^John", "PatientID": "1", "PatientSex": "M", "StudyID": "S"}


@pytest.fixture
def capture() -> dicom.DataSet:
    return secondary_capture(Raster(2, 2, 1, 8, (b"\1\2\3\4",)), ABOUT, NOW)


def found(data: dicom.DataSet) -> list[tuple[str, str]]:
    return [(one.path, one.rule) for one in validate_data(data)]


def test_an_object_in_order_has_no_findings(capture):
    assert list(validate(dicom.create(capture))) == []


@pytest.mark.parametrize(
    ("keyword", "value", "expected"),
    [
        ("ConversionType", "", ("00080064", "empty-type-1")),
        ("Rows", (2, 2), ("00280010", "value-multiplicity")),
        ("PatientSex", "X", ("00100040", "enumerated-value")),
        ("PixelRepresentation", 7, ("00280103", "enumerated-value")),
        ("KVP", "120", ("00180060", "not-in-iod")),
        ("PhotometricInterpretation", None, ("00280004", "empty-type-1")),
    ],
)
def test_one_broken_attribute(capture, keyword, value, expected):
    capture[keyword] = value
    assert found(capture) == [expected]


@pytest.mark.parametrize(
    ("keyword", "expected"),
    [
        ("ConversionType", ("00080064", "missing-type-1")),
        ("SOPInstanceUID", ("00080018", "missing-type-1")),
        ("PatientBirthDate", ("00100030", "missing-type-2")),
        ("PixelData", ("7FE00010", "missing-type-1c")),
    ],
)
def test_one_missing_attribute(capture, keyword, expected):
    del capture[keyword]
    assert found(capture) == [expected]


def test_a_condition_that_holds_makes_it_missing(capture):
    """PS3.3 §C.7.6.3: Planar Configuration is required where there is more than one sample."""
    capture["SamplesPerPixel"] = 3
    assert ("00280006", "missing-type-1c") in found(capture)


def test_a_finding_names_module_attribute_path_and_section(capture):
    del capture["PatientID"]
    one = next(iter(validate_data(capture)))
    assert one.severity is Severity.ERROR
    assert one.message == "Patient: PatientID of type 2 is missing"
    assert one.citation.startswith("PS3.3 §C.7")


def test_places_in_nested_sequences(capture):
    capture["ProcedureCodeSequence"] = [
        {"CodeValue": "1", "CodingSchemeDesignator": "99A", "CodeMeaning": "One"},
        {"CodeValue": "2", "CodeMeaning": "Two"},
        {"CodingSchemeDesignator": "99A", "CodeMeaning": "Three"},
    ]
    assert found(capture) == [
        ("00081032/1/00080102", "missing-type-1c"),
        ("00081032/2/00080100", "missing-type-1c"),
    ]


def test_a_conditional_module_is_judged_where_something_of_it_is_there(capture):
    capture["ClinicalTrialProtocolID"] = "P1"
    rules = found(capture)
    assert ("00120010", "missing-type-1") in rules  # Clinical Trial Sponsor Name: PS3.3 §C.7.1.3
    assert ("00120021", "missing-type-2") in rules


def test_overlays_in_every_group(capture):
    capture.set(0x60020010, 2, "US")
    assert {path for path, rule in found(capture) if rule.startswith("missing")} == {
        "60020011", "60020040", "60020050", "60020100", "60020102", "60023000",
    }  # fmt: skip


def test_private_elements(capture):
    capture.set(0x00091001, "x", "LO")
    capture.set(0x00110003, "x", "LO")
    capture.set(0x00130010, None, "LO")
    assert found(capture) == [
        ("00091001", "private-creator"),
        ("00110003", "private-element"),
        ("00130010", "private-creator"),
    ]


def test_retired_attributes_and_group_lengths_are_notes(capture):
    capture["OtherPatientIDs"] = "x"
    capture.set(0x00080000, 4, "UL")
    notes = [one for one in validate_data(capture) if one.rule == "retired"]
    assert {one.path for one in notes} == {"00080000", "00101000"}
    assert {one.severity for one in notes} == {Severity.NOTE}


def test_an_unknown_class_has_its_values_checked_alone():
    data = new_object(ABOUT, "1.2.3.4", "OT", NOW)
    data["PatientBirthDate"] = "19991301"
    assert found(data) == [("00080016", "unknown-sop-class"), ("00100030", "value-format")]


def test_content_items_deep_below(capture):
    """A thousand levels cost neither the stack nor a level of the plan each."""
    item: dict[str, object] = {"type": "TEXT", "name": ["1", "99A", "Deep"], "value": "x"}
    for _ in range(300):
        item = {"type": "CONTAINER", "name": ["1", "99A", "Head"], "items": [item]}
    data = structured_report(item, ABOUT, "comprehensive", NOW)
    assert found(data) == []
    deepest = data
    while "ContentSequence" in deepest:
        deepest = deepest["ContentSequence"][0]
    del deepest["TextValue"]
    (path, rule), *rest = found(data)
    assert rest == []
    assert rule == "missing-type-1c"
    assert path.count("/") == 2 * 300
    assert path.endswith("/0040A160")


def test_every_real_file_is_judged_without_a_crash(pydicom_files):
    judged = 0
    for path in pydicom_files:
        try:
            package = dicom.read_file(path)
        except ChiasmError:
            continue
        for one in validate(package):
            assert one.message
            assert one.citation.startswith("PS3."), one
            parts = one.path.split("/")
            assert all(len(tag) == 8 for tag in parts[::2]), one
        judged += 1
    assert judged > 150


@pytest.mark.parametrize("name", ["CT_small.dcm", "test-SR.dcm", "rtplan.dcm", "liver_1frame.dcm"])
@given(st.data())
@settings(max_examples=25)
def test_hostile_bytes_end_in_findings_or_in_an_error_of_ours(pydicom_data, name, data):
    content = bytearray((pydicom_data / "test_files" / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 40))):
        content[data.draw(st.integers(132, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        for one in validate(dicom.parse(bytes(content))):
            assert one.rule
    except ChiasmError:
        pass


def test_a_ct_is_checked_within_50_ms(pydicom_data: Path):
    path = pydicom_data / "test_files" / "CT_small.dcm"
    assert list(validate(dicom.read_file(path))) == []
    best = min(_seconds(path) for _ in range(5))
    assert best < 0.05


def _seconds(path: Path) -> float:
    start = time.perf_counter()
    list(validate(dicom.read_file(path)))
    return time.perf_counter() - start
