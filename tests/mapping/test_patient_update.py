"""ADT messages change the patient of a stored object, byte for byte nothing else."""

from pathlib import Path

import pytest

from chiasm import dicom, hl7, mapping
from chiasm.errors import MappingError
from chiasm.mapping.routes import Options


def stored(**elements):
    data = dicom.DataSet(
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "SOPInstanceUID": "1.2", "PatientID": "PID_1",
         "IssuerOfPatientID": "ADT1", "PatientName": "Old^Name", "Rows": 2}
    )  # fmt: skip
    for keyword, value in elements.items():
        data[keyword] = value
    return dicom.parse(dicom.create(data).encode())


def test_the_update_sample(shared_data: Path) -> None:
    message = hl7.parse((shared_data / "hl7-imaging-samples" / "ADT^A31-UpdatePersonInfo.hl7").read_bytes())
    result = mapping.convert(message, "patient", Options(onto=stored()))
    data = dicom.parse(result.output)
    assert (data["PatientName"], data["PatientBirthDate"], data["PatientSex"]) == (
        "Smith^Lucy^Mark",
        "20141014",
        "F",
    )
    assert data["Rows"] == 2
    assert {entry.source for entry in result.ledger} == {place for place, value in message.walk() if value}


def test_what_the_object_says_already_is_told() -> None:
    text = "MSH|^~\\&|A|B|C|D|20260101||ADT^A08|1|P|2.5.1\rPID|||PID_1^^^ADT1||Old^Name\rPV1||O\r"
    target = stored()
    before = target.encode()
    result = mapping.convert(hl7.parse(text), "patient", Options(onto=target))
    assert result.output == before
    entry = next(one for one in result.ledger if one.source == "PID[1]-5[1].1.1")
    assert "already" in entry.reason


def test_without_an_object_there_is_nothing_to_update() -> None:
    from chiasm.errors import UsageError

    text = "MSH|^~\\&|A|B|C|D|20260101||ADT^A08|1|P|2.5.1\rPID|||1\rPV1||O\r"
    with pytest.raises(UsageError, match="--onto"):
        mapping.convert(hl7.parse(text), "patient")


def test_a_merge_without_a_prior_identifier_is_refused() -> None:
    text = "MSH|^~\\&|A|B|C|D|20260101||ADT^A40^ADT_A39|1|P|2.5.1\rPID|||PID_1^^^ADT1\r"
    with pytest.raises(MappingError, match="another patient"):
        mapping.convert(hl7.parse(text), "patient", Options(onto=stored()))
