"""Enumerated values of PS3.3 §C, and the codes of context groups of PS3.16 §B."""

from __future__ import annotations

import pytest

from chiasm.dicom import DataSet
from chiasm.dicom.validate_conditions import Scope
from chiasm.dicom.validate_plan import plan_of
from chiasm.dicom.validate_terms import codes, enumerated
from chiasm.errors import Severity

CT = "1.2.840.10008.5.1.4.1.1.2"


def rules(keyword: str, value: object) -> list[str]:
    plan = plan_of(CT)
    assert plan is not None
    data = DataSet({keyword: value})
    element = data.element(keyword)
    assert element is not None
    uses = plan.top.uses.get(element.tag, ())
    return [one.rule for one in enumerated(element, uses, Scope(data, plan.top, None, ""), "x")]


@pytest.mark.parametrize(
    ("keyword", "value", "is_good"),
    [
        ("PatientSex", "M", True),
        ("PatientSex", "m", False),
        ("PatientSex", None, True),
        ("PixelRepresentation", 1, True),
        ("PixelRepresentation", 2, False),
        ("BurnedInAnnotation", "YES", True),
        ("BurnedInAnnotation", "MAYBE", False),
        ("Modality", "QQ", True),  # defined terms are open
        ("LossyImageCompression", "01", True),
        ("LossyImageCompression", "1", False),
    ],
)
def test_enumerated_values(keyword, value, is_good):
    assert rules(keyword, value) == ([] if is_good else ["enumerated-value"])


def code(value: str, scheme: str, **more: str) -> DataSet:
    return DataSet({"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": "x", **more})


def coded(keyword: str, item: DataSet) -> list[tuple[str, str, Severity]]:
    data = DataSet({keyword: [item]})
    element = data.element(keyword)
    assert element is not None
    return [(one.path, one.rule, one.severity) for one in codes(element, (), "P")]


def test_a_defined_group():
    """CID 19 Patient Orientation: recumbent is of it, an invented code is not; nobody tells if it may be."""
    assert coded("PatientOrientationCodeSequence", code("102538003", "SCT")) == []
    assert coded("PatientOrientationCodeSequence", code("1", "99A")) == [
        ("P/0", "context-group", Severity.WARNING)
    ]


def test_a_baseline_group_only_suggests():
    assert coded("AnatomicRegionSequence", code("1", "99A")) == []


def test_a_code_that_claims_a_group():
    claim = {"ContextIdentifier": "19", "MappingResource": "DCMR"}
    assert coded("ProcedureCodeSequence", code("102538003", "SCT", **claim)) == []
    assert coded("ProcedureCodeSequence", code("1", "99A", **claim)) == [
        ("P/0", "context-group", Severity.WARNING)
    ]
    extended = code("1", "99A", ContextGroupExtensionFlag="Y", **claim)
    assert coded("ProcedureCodeSequence", extended) == []


def test_outdated_designators():
    (found, *_) = coded("AnatomicRegionSequence", code("T-28000", "SRT"))
    assert found == ("P/0/00080102", "deprecated-scheme", Severity.WARNING)
