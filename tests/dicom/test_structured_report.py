"""Structured reports of each kind; PS3.3 §A.35, §C.17.2, and PS3.16 §TID 1500."""

from __future__ import annotations

import pytest

from chiasm import dicom
from chiasm.dicom.structured_report import items, measurement_report, structured_report
from chiasm.dicom.validate import validate_data
from chiasm.errors import UsageError

ABOUT = {"PatientName": "Doe^J", "PatientID": "1", "StudyInstanceUID": "1.2.3", "RequestedProcedureID": "R"}
ROOT = {"type": "CONTAINER", "name": ["18748-4", "LN", "Diagnostic Imaging Report"]}
TEXT = {"type": "TEXT", "name": ["121071", "DCM", "Finding"], "value": "Keine Auffälligkeit"}
NUM = {"type": "NUM", "name": ["410668003", "SCT", "Length"], "value": "3", "unit": ["mm", "UCUM", "mm"]}
IMAGE = {"type": "IMAGE", "value": ["1.2.840.10008.5.1.4.1.1.2", "1.2.3.1", "1.2.3.0"]}
OTHER = {"type": "IMAGE", "value": ["1.2.840.10008.5.1.4.1.1.2", "1.2.4.1", "1.2.4.0", "1.2.4"]}


@pytest.mark.parametrize(
    ("kind", "sop_class"), [("basic", "88.11"), ("enhanced", "88.22"), ("comprehensive", "88.33")]
)
def test_kinds(kind, sop_class):
    below = [TEXT, IMAGE] + ([NUM] if kind != "basic" else [])
    data = structured_report({**ROOT, "items": below}, ABOUT, kind)
    assert data["SOPClassUID"] == f"1.2.840.10008.5.1.4.1.1.{sop_class}"
    assert data["ContentSequence/0/TextValue"] == "Keine Auffälligkeit"
    assert "RelationshipType" not in data  # the root has none: PS3.3 §C.17.3
    assert data["ReferencedRequestSequence/0/RequestedProcedureID"] == "R"
    assert list(validate_data(data)) == []
    assert dicom.parse(dicom.create(data).encode()).data["ContentSequence/0/TextValue"] == TEXT["value"]


def test_evidence_by_study_and_series():
    data = structured_report({**ROOT, "items": [IMAGE, OTHER, IMAGE]}, ABOUT)
    here, there = data["CurrentRequestedProcedureEvidenceSequence"]
    assert here["StudyInstanceUID"] == "1.2.3"
    assert here["ReferencedSeriesSequence/0/SeriesInstanceUID"] == "1.2.3.0"
    assert len(here["ReferencedSeriesSequence/0/ReferencedSOPSequence"]) == 1
    assert there["StudyInstanceUID"] == "1.2.4"


def test_a_series_is_never_invented():
    untold = {"type": "IMAGE", "value": IMAGE["value"][:2]}
    with pytest.raises(UsageError, match="series"):
        structured_report({**ROOT, "items": [untold]}, ABOUT)
    evidence = [{"StudyInstanceUID": "1.2.3", "ReferencedSeriesSequence": [{"SeriesInstanceUID": "1.5"}]}]
    about = {**ABOUT, "CurrentRequestedProcedureEvidenceSequence": evidence}
    data = structured_report({**ROOT, "items": [untold]}, about)
    path = "CurrentRequestedProcedureEvidenceSequence/0/ReferencedSeriesSequence/0/SeriesInstanceUID"
    assert data[path] == "1.5"


def test_what_a_kind_does_not_admit():
    with pytest.raises(UsageError):
        structured_report({**ROOT, "items": [NUM]}, ABOUT, "basic")
    with pytest.raises(UsageError):
        structured_report(ROOT, ABOUT, "grand")


def test_a_verified_report_names_its_verifiers():
    with pytest.raises(UsageError):
        structured_report(ROOT, {**ABOUT, "VerificationFlag": "VERIFIED"})
    verifier = {
        "VerifyingObserverName": "Arzt^A",
        "VerifyingOrganization": "Hospital",
        "VerificationDateTime": "20260101120000",
    }
    about = {**ABOUT, "VerificationFlag": "VERIFIED", "VerifyingObserverSequence": [verifier]}
    data = structured_report(ROOT, about)
    assert data["VerifyingObserverSequence/0/VerifyingObserverName"] == "Arzt^A"
    assert list(validate_data(data)) == []


def test_measurements():
    group = {
        "tracking": "Lesion 1",
        "finding": ["52988006", "SCT", "Lesion"],
        "site": ["39607008", "SCT", "Lung"],
        "measurements": [{k: NUM[k] for k in ("name", "value", "unit")}],
    }
    data = measurement_report([group, {"measurements": []}], ABOUT)
    assert data["ContentTemplateSequence/0/TemplateIdentifier"] == "1500"
    assert data["ConceptNameCodeSequence/0/CodeValue"] == "126000"
    texts = {item.get("TextValue") for item in items(data)}
    assert "Lesion 1" in texts
    values = [
        item["MeasuredValueSequence/0/NumericValue"] for item in items(data) if item["ValueType"] == "NUM"
    ]
    assert values == ["3"]
    assert list(validate_data(data)) == []


def test_a_measurement_without_unit_is_refused():
    with pytest.raises(UsageError):
        measurement_report([{"measurements": [{"name": NUM["name"], "value": 3}]}], ABOUT)
