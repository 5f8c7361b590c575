"""`chiasm inspect`: a tree for people, JSON lines for machines."""

import json

import pytest

from chiasm import dicom


def test_a_tree_for_people(chiasm, ct):
    done = chiasm("inspect", ct)
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert "00100010 PN PatientName  CompressedSamples^CT1" in lines
    assert "00080016 UI SOPClassUID  1.2.840.10008.5.1.4.1.1.2  = CT Image Storage" in lines


def test_rows_for_machines(chiasm, ct):
    done = chiasm("inspect", ct, "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    name = next(row for row in found if row["path"] == "00100010")
    assert name["value"] == "CompressedSamples^CT1"
    assert {"file", "depth", "path", "name", "kind", "value", "note"} == name.keys()


def test_long_values_are_cut_and_0_shows_all(chiasm, tmp_path):
    (tmp_path / "m.hl7").write_bytes(b"MSH|^~\\&|" + b"A" * 300)
    assert b"A\xe2\x80\xa6" in chiasm("inspect", "m.hl7").stdout
    assert b"A" * 300 in chiasm("inspect", "m.hl7", "--width", 0).stdout


def test_values_cannot_command_the_terminal(chiasm, tmp_path):
    data = dicom.DataSet({"PatientName": "x", "SOPClassUID": "1.2", "SOPInstanceUID": "1.3"})
    hostile = dicom.create(data).encode().replace(b"x ", b"\x1b]")
    (tmp_path / "\x1b[31m.dcm").write_bytes(hostile)
    for stdout in (chiasm("inspect", "\x1b[31m.dcm").stdout, chiasm("inspect", ".", "nothing*").stderr):
        assert b"\x1b" not in stdout


@pytest.mark.parametrize(
    ("files", "status"), [(["good"], 0), (["bad"], 2), (["good", "bad"], 1), (["none"], 2)]
)
def test_exit_statuses(chiasm, tmp_path, ct, files, status):
    (tmp_path / "good").write_bytes(ct.read_bytes())
    (tmp_path / "bad").write_bytes(b"")
    assert chiasm("inspect", *files).returncode == status


def test_standard_input(chiasm, ct):
    assert b"CompressedSamples" in chiasm("inspect", "-", stdin=ct.read_bytes()).stdout


def test_a_reader_that_stops_early_is_no_fault(chiasm, ct, tmp_path):
    import subprocess
    import sys

    command = f"{sys.executable} -m chiasm.app inspect {ct} {ct} {ct} {ct} | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert b"Traceback" not in done.stderr
    assert b"Error" not in done.stderr
