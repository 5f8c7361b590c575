"""What is around the content of a new object: PS3.3 §C.7.1 to §C.7.5."""

from __future__ import annotations

from datetime import datetime

import pytest

from chiasm.dicom import DataSet
from chiasm.dicom.general import (
    code,
    described,
    item,
    new_object,
    new_uid,
    put_referenced_request,
    put_request,
)
from chiasm.errors import UsageError

NOW = datetime(2026, 11, 23, 9, 30)
CLASS = "1.2.840.10008.5.1.4.1.1.7"


def test_what_is_given_and_what_is_not():
    data = new_object({"PatientName": "Doe^J", "StudyID": "7", "SeriesNumber": "3"}, CLASS, "OT", NOW)
    assert data["PatientName"] == "Doe^J"
    assert (data["StudyID"], data["SeriesNumber"], data["InstanceNumber"]) == ("7", "3", "1")
    assert data["PatientID"] is None  # type 2: there and empty
    assert (data["StudyDate"], data["StudyTime"]) == ("20261123", "093000")


def test_a_study_that_is_told_is_kept():
    about = {"StudyInstanceUID": "1.2.3", "StudyDate": "20200101", "SeriesInstanceUID": "1.2.4"}
    data = new_object(about, CLASS, "OT", NOW)
    assert (data["StudyInstanceUID"], data["SeriesInstanceUID"]) == ("1.2.3", "1.2.4")
    assert (data["StudyDate"], data["StudyTime"]) == ("20200101", None)  # its time is not invented


def test_texts_beyond_ascii_bring_their_character_set():
    data = new_object({"PatientName": "Müller^Änne"}, CLASS, "OT", NOW)
    assert data["SpecificCharacterSet"] == "ISO_IR 192"
    assert data["PatientName"] == "Müller^Änne"


def test_new_uids():
    """PS3.5 §B.2: 2.25 and a UUID as a number, at most 64 characters."""
    uids = {new_uid() for _ in range(50)}
    assert len(uids) == 50
    assert all(uid.startswith("2.25.") and len(uid) <= 64 and uid[5] != "0" for uid in uids)


def test_a_name_that_is_no_keyword():
    with pytest.raises(UsageError) as caught:
        new_object({"PatientsName": "x"}, CLASS, "OT")
    assert caught.value.place == "PatientsName"


def test_nested_descriptions():
    steps = described({"ScheduledProcedureStepSequence": [{"Modality": "CT", "ScheduledProtocolCodeSequence": [
        {"CodeValue": "1"}, {"CodeValue": "2"}]}], "ImageType": ["A", "B"]})  # fmt: skip
    (step,) = steps["ScheduledProcedureStepSequence"]
    assert [one["CodeValue"] for one in step["ScheduledProtocolCodeSequence"]] == ["1", "2"]
    assert steps["ImageType"] == ("A", "B")
    assert item({"OperatorsName": ["A", "B"]})["OperatorsName"] == ("A", "B")


def test_codes():
    assert code("1", "DCM", "x")["CodeValue"] == "1"
    long = code("12345678901234567", "SCT", "x")  # PS3.3 §8.8: more than 16 characters
    assert "CodeValue" not in long
    assert long["LongCodeValue"] == "12345678901234567"


def test_the_request_of_a_series():
    data = DataSet()
    put_request(data, {"RequestedProcedureDescription": "x"})
    assert len(data) == 0  # PS3.3 §C.7.3.1: nothing is known to name it by
    step = {"ScheduledProcedureStepID": "S1", "ScheduledProcedureStepDescription": "Head"}
    put_request(data, {"RequestedProcedureID": "R1", "ScheduledProcedureStepSequence": [step]})
    assert data["RequestAttributesSequence/0/ScheduledProcedureStepID"] == "S1"
    assert data["RequestAttributesSequence/0/RequestedProcedureID"] == "R1"


def test_the_request_of_a_document():
    data = DataSet({"StudyInstanceUID": "1.2"})
    put_referenced_request(data, {})
    assert "ReferencedRequestSequence" not in data
    put_referenced_request(data, {"RequestedProcedureID": "R1", "AccessionNumber": "A"})
    request = data["ReferencedRequestSequence"][0]
    assert (request["StudyInstanceUID"], request["AccessionNumber"]) == ("1.2", "A")
    assert request["FillerOrderNumberImagingServiceRequest"] is None
    assert request["RequestedProcedureCodeSequence"] == ()
