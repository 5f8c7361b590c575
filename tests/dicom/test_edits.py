"""The record of edits: shared while empty, copied on its own."""

from __future__ import annotations

from chiasm import dicom
from chiasm.dicom.edits import NONE, Edits


def test_copies_are_independent() -> None:
    first = Edits()
    first.fresh[1], first.groups = b"x", {8}
    second = Edits(first)
    second.fresh[2] = b"y"
    second.groups.add(16)
    assert (first.fresh, first.groups) == ({1: b"x"}, {8})


def test_the_shared_record_stays_empty() -> None:
    data = dicom.DataSet({"PatientID": "1"})
    data["PatientID"] = "2"
    del data["PatientID"]
    assert (NONE.fresh, NONE.groups, NONE.encapsulated) == ({}, set(), set())
