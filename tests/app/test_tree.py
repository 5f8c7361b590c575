"""Rows of a tree, for every standard."""

import json

import pytest

from chiasm import dicom
from chiasm.app.sources import Source
from chiasm.app.tree import nodes
from chiasm.errors import ChiasmError, UsageError


def rows(data):
    return [(n.depth, n.path, n.name, n.kind, n.value, n.note) for n in nodes(Source("x", data=data))]


def test_every_leaf_of_a_data_set_has_its_row(pydicom_data):
    path = pydicom_data / "test_files" / "rtplan.dcm"
    package = dicom.read_file(path)
    shown = {node.path: node for node in nodes(Source("x", path))}
    assert {place for place, _ in package.data.walk()} <= shown.keys()
    assert shown["00080016"].note == "RT Plan Storage"
    assert shown["300A00B0"].value == "1 item"
    assert shown["300A00B0/0"].name == "item 1"
    assert shown["300A00B0/0/300A00B2"].depth == 2


@pytest.mark.parametrize("form", ["to_json", "to_xml"])
def test_the_other_forms_of_dicom_show_the_same_tree(pydicom_data, form):
    package = dicom.read_file(pydicom_data / "test_files" / "rtplan.dcm")
    data = getattr(package, form)()
    again = rows(data.encode() if isinstance(data, str) else data)
    straight = [row for row in rows(package.encode()) if not row[1].startswith("0002")]
    assert [row[:3] for row in again] == [row[:3] for row in straight]


def test_every_real_file_has_a_tree(pydicom_files):
    for path in pydicom_files:
        try:
            assert list(nodes(Source(path.name, path)))
        except ChiasmError:
            assert path.name == "no_meta.dcm"


def test_a_message_is_shown_by_segments_and_fields(messages):
    found = rows(messages(1) + b"ZZZ|x\rPID||a|b\r")
    assert (0, "PID[1]", "Patient Identification", "", "", "") in found
    assert (1, "PID[1]-5", "Patient Name", "XPN", "Doe^Jane", "") in found
    assert (1, "OBX[1]-11", "Observation Result Status", "ID", "F") in [row[:5] for row in found]
    assert (0, "ZZZ[1]", "unknown segment", "", "", "") in found
    assert (0, "PID[2]", "Patient Identification", "", "", "") in found


def test_each_message_of_a_batch_is_shown(messages):
    assert [row[1] for row in rows(messages(3)) if row[0] == 0].count("MSH[1]") == 3


def test_a_resource_is_shown_by_paths():
    data = json.dumps(
        {"resourceType": "Patient", "name": [{"family": "Doe", "given": ["J"]}], "active": True}
    )
    found = {row[1]: row[4] for row in rows(data.encode())}
    assert found["Patient.name[0].family"] == "Doe"
    assert found["Patient.name[0].given[0]"] == "J"
    assert next(iter(found)) == "Patient"


@pytest.mark.parametrize(
    "data", [b"", b'{"resourceType": ' + b"[" * 99_999, b"{" * 99_999, b"<a>" * 99_999, b"MSH"]
)
def test_what_cannot_be_read_is_an_error_of_ours(data):
    with pytest.raises(ChiasmError):
        rows(data)


def test_what_has_no_tree_says_so():
    with pytest.raises(UsageError, match="no tree"):
        rows(b"%PDF-1.4")
