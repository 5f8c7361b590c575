"""Real DICOM files and messages become valid bundles, and the ledger has each leaf of them once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chiasm import dicom, fhir, hl7, mapping
from chiasm.dicom import DataSet, Package
from chiasm.mapping import Result
from chiasm.model import Disposition


def bundle_of(result: Result) -> fhir.Resource:
    bundle = fhir.parse(result.output)
    assert fhir.validate(bundle) == []
    return bundle


def kinds(bundle: fhir.Resource) -> set[str]:
    return {entry["resource"]["resourceType"] for entry in bundle["entry"]}


def check_ledger(package: Package, result: Result) -> None:
    expected = Counter(path for path, _ in package.data.walk())
    expected.update(f"{element.tag:08X}" for element in package.header)
    assert Counter(entry.source for entry in result.ledger) == expected
    for entry in result.ledger:
        assert bool(entry.target) == (entry.disposition is Disposition.MAPPED)
        assert entry.target or entry.reason


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "test-SR.dcm", "reportsi.dcm"]
)
def test_real_files(pydicom_data: Path, name: str) -> None:
    package = dicom.read_file(pydicom_data / "test_files" / name)
    result = mapping.convert(package, "fhir")
    assert "ImagingStudy" in kinds(bundle_of(result))
    check_ledger(package, result)


def test_measurement_and_dose_reports(
    sr_package: Callable[..., Package], measurement_report: Any, dose_report: Any
) -> None:
    for root in (measurement_report, dose_report):
        package = sr_package(root)
        result = mapping.convert(package, "fhir")
        assert {"DiagnosticReport", "Observation"} <= kinds(bundle_of(result))
        check_ledger(package, result)


def test_encapsulated_document() -> None:
    data = DataSet()
    for keyword, value in (
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.104.1"),
        ("SOPInstanceUID", "1.2.3.4"),
        ("StudyInstanceUID", "1.2.3"),
        ("MIMETypeOfEncapsulatedDocument", "application/pdf"),
        ("EncapsulatedDocument", b"%PDF-1.7"),
    ):
        data[keyword] = value
    package = dicom.parse(dicom.create(data).encode())
    result = mapping.convert(package, "fhir")
    bundle = bundle_of(result)
    assert "DocumentReference" in kinds(bundle)
    check_ledger(package, result)


def test_order_message() -> None:
    message = hl7.compose(
        [
            ("MSH", {3: "RIS", 7: "20200229101112+0100", 9: ("OMI", "O23", "OMI_O23"), 10: "1", 11: "P", 12: "2.5.1"}),
            ("PID", {3: ("P1", "", "", "H"), 5: ("Doe", "Jane")}),
            ("ORC", {1: "NW", 2: "PL1"}),
            ("OBR", {2: "PL1", 4: ("1", "CT head", "L")}),
            ("IPC", {1: "A1", 2: "RP1", 3: "1.2.3", 4: "S1", 5: "CT"}),
        ]
    )  # fmt: skip
    message = hl7.parse(message.encode())
    result = mapping.convert(message, "fhir")
    bundle = bundle_of(result)
    assert {"Patient", "ServiceRequest", "Task"} <= kinds(bundle)
    sources = [entry.source for entry in result.ledger]
    assert len(sources) == len(set(sources))


def test_several_objects_of_one_study(pydicom_data: Path) -> None:
    first = dicom.read_file(pydicom_data / "test_files" / "CT_small.dcm")
    other = dicom.read_file(pydicom_data / "test_files" / "CT_small.dcm")
    other.data["SOPInstanceUID"] = "1.2.3.4"
    other.data["PatientName"] = "Other"
    result = mapping.convert([("a", first), ("b", other)], "fhir")
    bundle_of(result)
    told = {entry.source: entry for entry in result.ledger}
    assert told["a#00100010"].disposition is Disposition.MAPPED
    assert "says otherwise" in told["b#00100010"].reason


def test_each_leaf_that_is_changed_shows(pydicom_data: Path) -> None:
    """A leaf that the ledger calls mapped is in the bundle: changed, it changes the bundle or the ledger."""
    path = pydicom_data / "test_files" / "CT_small.dcm"
    result = mapping.convert(dicom.read_file(path), "fhir")
    before = {entry.source: entry for entry in result.ledger}
    values = {"PN": "X^Y", "DA": "19010203", "TM": "010203", "DS": "7", "IS": "7", "UI": "1.2.77", "CS": "M", "AS": "033Y"}  # fmt: skip
    for leaf, element in dicom.read_file(path).data.walk():
        if before[leaf].disposition is not Disposition.MAPPED or "/" in leaf or not element.length:
            continue
        package = dicom.read_file(path)
        package.data[leaf] = values.get(element.vr, "other")
        after = mapping.convert(package, "fhir")
        ledger = {entry.source: entry for entry in after.ledger}
        assert after.output != result.output or ledger[leaf] != before[leaf], leaf
