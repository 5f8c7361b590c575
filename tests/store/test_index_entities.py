"""Who is the same patient, and what an entity is listed by."""

from __future__ import annotations

from chiasm.dicom import DataSet
from chiasm.store.extract import extract
from chiasm.store.index_entities import identity, integer, listed_keys, values_json


def test_identity() -> None:
    def told(**values: str) -> str:
        return identity(extract(DataSet(values)).patient)

    assert told(PatientID="1", PatientName="A") == told(PatientID="1 ", PatientName="B")
    assert told(PatientID="1") != told(PatientID="1", IssuerOfPatientID="H")
    assert told(PatientName="A^B") == told(PatientName="a^b") != told(PatientName="C")


def test_small_things() -> None:
    assert [integer(text) for text in ("7", "-7", "", "x", "9" * 30)] == [7, -7, None, None, None]
    assert (values_json(["a", 'b"']), values_json([])) == (',"Value":["a","b\\""]', "")
    kept = extract(DataSet({"ProcedureCodeSequence": [DataSet({"CodeValue": "X"})], "StudyID": "3"})).study
    assert set(listed_keys(kept)) == {("00081032.00080100", "X"), ("00200010", "3")}
