"""Which patients under one identifier differ, and which are only spelled differently."""

from __future__ import annotations

import pytest

from chiasm.dicom import DataSet
from chiasm.store.conflicts import differences, of_row
from chiasm.store.extract import extract

HELD = extract(
    DataSet({"PatientName": "Wang^Wei=王^伟", "PatientBirthDate": "19800101", "PatientSex": "M"})
).patient.keys


@pytest.mark.parametrize(
    ("came", "tags"),
    [
        ({"PatientName": "WANG^WEI"}, set()), ({"PatientName": "=王^伟"}, set()), ({}, set()), ({"PatientName": "Li^Wei"}, {"00100010"}),
        ({"PatientBirthDate": "1980.01.01"}, set()), ({"PatientBirthDate": "19810101", "PatientSex": "F"}, {"00100030", "00100040"}),
    ],
)  # fmt: skip
def test_differences(came: dict[str, str], tags: set[str]) -> None:
    data = DataSet({"SpecificCharacterSet": "ISO_IR 192", **came})
    assert set(differences(HELD, extract(data).patient)) == tags


def test_of_row() -> None:
    found = of_row((1, "kind", "1.2", "[1, 2]", '{"a": 1}', "then", ""))
    assert (found.patients, found.evidence, found.resolved) == ((1, 2), {"a": 1}, "")
