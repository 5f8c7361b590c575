"""Record types and keys, against pydicom's own list and the annex of the standard."""

from __future__ import annotations

import pytest
from pydicom import fileset

from chiasm import dicom
from chiasm.dicom.directory_records import KEYS, record_of, record_type
from chiasm.dicom.validate_directory import directory
from chiasm.errors import Severity
from chiasm.standards import dictionary


def test_types_are_those_of_pydicom() -> None:
    known = {**fileset._FOUR_LEVEL_SOP_CLASSES, **fileset._SINGLE_LEVEL_SOP_CLASSES}
    assert {str(uid): record_type(str(uid)) for uid in known} == {
        str(uid): kind for uid, kind in known.items()
    }


@pytest.mark.parametrize(
    ("sop_class", "kind"),
    [
        ("1.2.840.10008.5.1.4.1.1.2", "IMAGE"),
        ("1.2.840.10008.5.1.4.1.1.66.4", "IMAGE"),
        ("1.2.840.10008.5.1.4.1.1.481.1", "IMAGE"),
        ("1.2.840.10008.5.1.4.1.1.481.23", "IMAGE"),
        ("1.2.840.10008.5.1.4.1.1.481.5", "RT PLAN"),
        ("1.2.840.10008.5.1.4.1.1.481.10", "RADIOTHERAPY"),
        ("1.2.840.10008.5.1.4.1.1.104.1", "ENCAP DOC"),
        ("1.2.840.10008.5.1.4.34.7", "PLAN"),
        ("1.2.840.10008.5.1.4.1.1.2.999", "PRIVATE"),
        ("1.3.46.670589.2.3.1.1", "PRIVATE"),
        ("", "PRIVATE"),
    ],
)
def test_types_of_the_rest(sop_class: str, kind: str) -> None:
    """PS3.3 §F.4; what is not of the standard is PRIVATE."""
    assert record_type(sop_class) == kind


def test_every_key_is_of_the_dictionary() -> None:
    for keys in KEYS.values():
        for tag, wanted in keys:
            assert dictionary.keyword(tag)
            assert wanted in {"1", "1C", "2", "3"}


@pytest.mark.parametrize("kind", sorted(KEYS))
def test_an_empty_object_makes_a_record_that_the_checks_pass(kind: str) -> None:
    """Each key of type 1 is made up, and told; those of type 2 are there without a value."""
    record, findings = record_of(kind, dicom.DataSet())
    for tag, wanted in KEYS[kind]:
        element = record.element(tag)
        assert (element is not None) == (wanted in {"1", "2"})
        if element is not None and wanted == "1" and element.vr != "SQ":
            assert element.length
    made_up = {finding.path for finding in findings}
    assert made_up == {f"{tag:08X}" for tag, wanted in KEYS[kind] if wanted == "1"}
    assert all(finding.severity is Severity.WARNING for finding in findings)
    record.set("DirectoryRecordType", kind)
    whole = dicom.DataSet({"DirectoryRecordSequence": [record]})
    assert [one for one in directory(whole) if one.severity is Severity.ERROR] == []


def test_the_nearest_date_stands_in() -> None:
    data = dicom.DataSet({"SeriesDate": "20240229", "AcquisitionDate": "20240301", "ContentTime": "1200"})
    record, findings = record_of("STUDY", data)
    assert (record["StudyDate"], record["StudyTime"]) == ("20240229", "1200")
    assert any("StudyDate" in finding.message and "20240229" in finding.message for finding in findings)


def test_retired_and_wrong_values() -> None:
    """A date of ACR-NEMA is written as one of today; what is none counts as missing."""
    data = dicom.DataSet()
    data.place(0x00080020, "DA", b"1997.04.24")
    data.place(0x00080030, "TM", b"14:04:38")
    record, findings = record_of("STUDY", data)
    assert (record["StudyDate"], record["StudyTime"]) == ("19970424", "140438")
    wrong = dicom.DataSet()
    wrong.place(0x00200011, "IS", b"abc ")
    record, findings = record_of("SERIES", wrong, 4)
    assert record["SeriesNumber"] == "4"
    assert len([one for one in findings if "SeriesNumber" in one.message]) == 1


def test_a_value_beyond_all_bounds_is_left_out() -> None:
    data = dicom.DataSet()
    data.place(0x00100010, "PN", b"A" * 60_000)
    record, _ = record_of("PATIENT", data)
    assert record.raw("PatientName") == b""


def test_only_modifiers_of_a_title_are_taken() -> None:
    """PS3.3 §F.5.15: of the content only what modifies the title, of a report of any size."""
    content = [
        {"RelationshipType": "HAS CONCEPT MOD", "ValueType": "CODE"},
        {"RelationshipType": "CONTAINS", "ValueType": "TEXT", "TextValue": "long"},
    ]
    data = dicom.DataSet({"ContentSequence": content})
    record, _ = record_of("KEY OBJECT DOC", data)
    items = record["ContentSequence"]
    assert isinstance(items, tuple)
    assert [item["RelationshipType"] for item in items if isinstance(item, dicom.DataSet)] == [
        "HAS CONCEPT MOD"
    ]


def test_the_latest_verification_is_told() -> None:
    observers = [{"VerificationDateTime": "20200101"}, {"VerificationDateTime": "20210101"}]
    record, _ = record_of("SR DOCUMENT", dicom.DataSet({"VerifyingObserverSequence": observers}))
    assert record["VerificationDateTime"] == "20210101"
