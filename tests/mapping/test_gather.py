"""Objects of one study become one case; what they say differently is told."""

import pytest

from chiasm import dicom, hl7, mapping
from chiasm.dicom import DataSet
from chiasm.errors import UsageError
from chiasm.model import Disposition


def made(number, **elements):
    data = DataSet(
        {
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "SOPInstanceUID": f"1.2.3.1.{number}", "Modality": "CT",
            "StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.1", "PatientID": "1", "PatientName": "Doe",
        }
    )  # fmt: skip
    for keyword, value in elements.items():
        data[keyword] = value
    return f"{number}.dcm", dicom.create(data)


def test_series_and_instances_are_gathered():
    packages = [made(1), made(2), made(3, SeriesInstanceUID="1.2.3.2", Modality="SR")]
    message = hl7.parse(mapping.convert(packages, "oru").output)
    uids = [s.value(5)[0][0][0] for s in message.segments_named("OBX") if s.value(3)[0][0][0] == "112002"]
    assert uids == ["1.2.3.1", "1.2.3.2"]


def test_every_leaf_of_every_object_is_accounted_for():
    packages = [made(1), made(2, PatientName="Roe")]
    ledger = mapping.convert(packages, "oru").ledger
    assert {e.source for e in ledger} == {
        f"{name}#{path}"
        for name, package in packages
        for path in [
            *(f"{one.tag:08X}" for one in package.header),
            *(place for place, _ in package.data.walk()),
        ]
    }
    other = next(e for e in ledger if e.source == "2.dcm#00100010")
    assert other.disposition is Disposition.DROPPED
    assert "otherwise" in other.reason


def test_orders_are_told_apart():
    packages = [made(1, AccessionNumber="A1"), made(2, AccessionNumber="A2"), made(3, AccessionNumber="A1")]
    message = hl7.parse(mapping.convert(packages, "oru").output)
    assert [s.value(18)[0][0][0] for s in message.segments_named("OBR")] == ["A1", "A2"]


def test_objects_of_two_studies_are_refused():
    with pytest.raises(UsageError, match="2 studies"):
        mapping.convert([made(1), made(2, StudyInstanceUID="9.9")], "oru")
