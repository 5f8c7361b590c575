"""With --carry all, DICOM → v2 → DICOM is equal for every real file."""

from pathlib import Path

import pytest

from chiasm import dicom, hl7, mapping
from chiasm.dicom import DataSet
from chiasm.errors import ChiasmError, MappingError
from chiasm.mapping.routes import Options
from chiasm.model import Disposition

ALL = Options(carry="all")
PIXELS = {"7FE00010", "7FE00008", "7FE00009"}


def same(one: object, other: object) -> bool:
    """Equality in which NaN is itself, and an odd value has the padding that PS3.5 §7.1.1 asks for."""
    if isinstance(one, bytes) and isinstance(other, bytes):
        return one + b"\0" * (len(one) & 1) == other
    return one == other or (one != one and other != other)


def round_trip(package: dicom.Package) -> tuple[DataSet, mapping.Result]:
    result = mapping.convert(package, "oru", ALL)
    return mapping.rebuild(hl7.parse(result.output)), result


def test_every_file_comes_back_equal(pydicom_files: list[Path]) -> None:
    tried = 0
    for path in pydicom_files:
        try:
            package = dicom.read_file(path)
        except ChiasmError:
            continue
        back, result = round_trip(package)
        there = {place: element for place, element in package.data.walk() if place not in PIXELS}
        again = dict(back.walk())
        assert there.keys() == again.keys(), path.name
        for place, element in there.items():
            assert same(element.value, again[place].value), (path.name, place)
            assert element.vr == again[place].vr, (path.name, place)
        lost = {e.rule for e in result.ledger if e.disposition is Disposition.DROPPED}
        assert lost <= {"pixel-data", "file-meta"}, path.name
        tried += 1
    assert tried > 150


def test_private_elements_and_nested_sequences_travel() -> None:
    data = DataSet(charset="ISO_IR 192")
    data["SOPClassUID"], data["SOPInstanceUID"], data["PatientID"] = "1.2.840.10008.5.1.4.1.1.2", "1.2", "1"
    data.set(0x00090010, "ACME", "LO")
    data.set(0x00091001, b"\x00\x01", "OB")
    inner = DataSet(
        {"CodeValue": "1", "PurposeOfReferenceCodeSequence": [DataSet({"CodeValue": "2"}), DataSet()]}
    )
    data["ProcedureCodeSequence"] = [inner, DataSet()]
    data["PatientComments"] = "tab\tpipe|caret^amp&back\\slash~tilde 山田"
    back, _ = round_trip(dicom.create(data))
    assert back.get("00081032/0/0040A170/0/00080100") == "2"
    assert len(back.element("ProcedureCodeSequence").items) == 2
    assert back.raw(0x00091001) == b"\x00\x01"
    assert back["PatientComments"] == data["PatientComments"]


def test_deep_nesting_needs_no_stack() -> None:
    data = inner = DataSet(
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "SOPInstanceUID": "1.2", "PatientID": "1"}
    )
    for _ in range(300):
        child = DataSet({"CodeValue": "1"})
        inner["ProcedureCodeSequence"] = [child]
        inner = child
    back, _ = round_trip(dicom.create(data))
    assert sum(1 for _ in back.walk()) == sum(1 for _ in data.walk())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("OBX|1|ST|XYZ^x^99DCMTAG^LO^^99DCMVR||1||||||F", "not a tag"),
        ("OBX|1|ED|00091001^x^99DCMTAG^OB^^99DCMVR||^AP^Octet-stream^Base64^!!!||||||F", "Base64"),
        ("OBX|1|NM|00280010^x^99DCMTAG^US^^99DCMVR||many||||||F", "no number"),
        ("OBX|1|ST|00100010^x^99DCMTAG^PN^^99DCMVR|7.1|a||||||F", "has not come"),
    ],
)
def test_an_observation_that_cannot_be_an_element_is_refused(line: str, message: str) -> None:
    text = f"MSH|^~\\&|A|B|C|D|20260101||ORU^R01^ORU_R01|1|P|2.5.1\rPID|||1\rOBR|1|||X\r{line}\r"
    with pytest.raises(MappingError, match=message):
        mapping.rebuild(hl7.parse(text))


def test_a_message_that_carries_nothing_is_no_data_set() -> None:
    text = "MSH|^~\\&|A|B|C|D|20260101||ORU^R01^ORU_R01|1|P|2.5.1\rPID|||1\rOBR|1|||X\r"
    with pytest.raises(MappingError, match="carries no data set"):
        mapping.convert(hl7.parse(text), "dicom")


def test_the_restored_file_accounts_for_the_message(pydicom_files: list[Path]) -> None:
    path = next(one for one in pydicom_files if one.name == "CT_small.dcm")
    message = hl7.parse(mapping.convert(dicom.read_file(path), "oru", ALL).output)
    result = mapping.convert(message, "dicom")
    assert dicom.parse(result.output)["PatientName"] == "CompressedSamples^CT1"
    assert {entry.source for entry in result.ledger} == {place for place, value in message.walk() if value}


def test_two_quotation_marks_are_a_text_and_no_null() -> None:
    data = DataSet(
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "SOPInstanceUID": "1.2", "PatientComments": '""'}
    )
    back, _ = round_trip(dicom.create(data))
    assert back["PatientComments"] == '""'
