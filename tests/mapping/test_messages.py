"""Every message that is composed is valid against the tables of its version."""

import pytest

from chiasm import dicom, hl7, mapping
from chiasm.dicom import DataSet
from chiasm.errors import Severity
from chiasm.mapping.messages import FRAMES, header
from chiasm.mapping.routes import Options
from chiasm.model import Instant, Sender

SENDER = Sender("APP", "FAC", Instant("20260102030405", "", "+0100"), "77")


def full():
    """An image with a request that says everything an order can say."""
    request = DataSet(
        {
            "RequestedProcedureID": "R1", "ScheduledProcedureStepID": "S1", "AccessionNumber": "A1",
            "PlacerOrderNumberImagingServiceRequest": "PL1", "FillerOrderNumberImagingServiceRequest": "FI1",
        }
    )  # fmt: skip
    return dicom.create(
        DataSet(
            {
                "SpecificCharacterSet": "ISO_IR 192", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
                "SOPInstanceUID": "1.2.3.1.1", "StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.1",
                "PatientID": "P1", "PatientName": "Doe^Jane", "PatientBirthDate": "19700101", "PatientSex": "F",
                "PatientComments": "note", "Allergies": "latex", "PatientWeight": "70", "PatientSize": "1.7",
                "StudyDate": "20260101", "StudyTime": "101112", "StudyDescription": "Chest", "Modality": "CT",
                "AdmissionID": "V1", "ReferringPhysicianName": "Ref^Al", "OperatorsName": "Op^Er",
                "InstitutionName": "General", "Manufacturer": "ACME", "RequestAttributesSequence": [request],
                "RequestedProcedurePriority": "STAT", "ScheduledProcedureStepStartDate": "20260101",
            }
        )
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["oru", "omi", "orm", "omg", "adt"])
def test_a_composed_message_is_valid(kind):
    message = hl7.parse(mapping.convert(full(), kind, Options(sender=SENDER)).output)
    errors = [f for f in message.validate() if f.severity is Severity.ERROR]
    assert errors == []
    assert (message["MSH-3"], message["MSH-4"], message["MSH-10"]) == ("APP", "FAC", "77")
    assert message["MSH-7"] == "20260102030405+0100"


@pytest.mark.parametrize(
    ("kind", "segments"),
    [
        ("oru", "MSH PID NTE PV1 ORC OBR OBX"),
        ("omi", "MSH PID NTE PV1 AL1 ORC TQ1 OBR OBX IPC"),
        ("orm", "MSH PID NTE PV1 AL1 ORC OBR OBX ZDS"),
        ("adt", "MSH EVN PID PV1 OBX AL1"),
    ],
)
def test_the_order_of_the_segments(kind, segments):
    message = hl7.parse(mapping.convert(full(), kind, Options(sender=SENDER)).output)
    assert list(dict.fromkeys(segment.id for segment in message.segments)) == segments.split()


def test_the_study_uid_travels_in_each_order():
    orm = hl7.parse(mapping.convert(full(), "orm").output)
    assert orm["ZDS-1"] == "1.2.3^100^Application^DICOM"
    assert hl7.parse(mapping.convert(full(), "omi").output)["IPC-3"] == "1.2.3"


def test_a_control_id_follows_from_the_content():
    first = header(FRAMES["oru"], Sender(), "seed")[1]
    assert first == header(FRAMES["oru"], Sender(), "seed")[1]
    assert first[10] != header(FRAMES["oru"], Sender(), "other")[1][10]
    assert len(first[10]) == 20


def test_a_patient_of_whom_no_name_is_known_has_an_unspecified_one():
    data = DataSet({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "SOPInstanceUID": "1.2", "PatientID": "1"})
    assert hl7.parse(mapping.convert(dicom.create(data), "oru").output)["PID-5"] == "^^^^^^U"
