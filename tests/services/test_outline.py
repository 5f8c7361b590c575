"""Rows of a tree: what is nested deeper stands deeper, and codes say what they mean."""

from __future__ import annotations

from pathlib import Path

from chiasm import dicom, hl7
from chiasm.services.outline import of_data_set, of_message, of_resource


def test_a_data_set_names_its_elements_and_nests_its_items(pydicom_data: Path) -> None:
    package = dicom.read_file(pydicom_data / "test_files" / "CT_small.dcm")
    rows = {row.path: row for row in of_data_set(package.data)}
    assert (rows["00080016"].name, rows["00080016"].note) == ("SOPClassUID", "CT Image Storage")
    assert rows["00101002"].value == "2 items"
    assert (rows["00101002/0"].depth, rows["00101002/0/00100020"].depth) == (1, 2)
    assert rows["00101002/1/00100020"].value == "1234ABCD"
    assert rows["7FE00010"].value == "32,768 bytes"


def test_a_message_shows_the_fields_that_say_something() -> None:
    message = hl7.parse(b"MSH|^~\\&|A|B|||20240101||ADT^A08|1|P|2.5.1\rPID|||1^^^X||Doe^John||19700101|M\r")
    rows = {row.path: row for row in of_message(message)}
    assert rows["PID[1]-8"].note == "Male"
    assert "PID[1]-1" not in rows


def test_a_resource_is_walked_by_its_paths() -> None:
    rows = list(of_resource({"resourceType": "Patient", "name": [{"family": "Doe", "given": ["J", "K"]}]}))
    assert [(row.path, row.value) for row in rows if row.value] == [
        ("Patient.resourceType", "Patient"),
        ("Patient.name[0].family", "Doe"),
        ("Patient.name[0].given[0]", "J"),
        ("Patient.name[0].given[1]", "K"),
    ]
