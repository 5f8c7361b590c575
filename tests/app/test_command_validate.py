"""`chiasm validate` on files of each standard: what is printed, and the exit status."""

from __future__ import annotations

import json

import pytest

from chiasm import dicom
from chiasm.app.command_validate import validate_command

MESSAGE = (
    "MSH|^~\\&|A|B|C|D|20260101||ADT^A01^ADT_A01|1|P|2.5.1\rEVN||20260101\rPID|1||1^^^H||Doe^J\rPV1|1|I\r"
)


@pytest.fixture
def ct(pydicom_data) -> str:
    return str(pydicom_data / "test_files" / "CT_small.dcm")


def test_a_dicom_file_in_order(ct, capsys):
    assert validate_command([ct], "", as_json=False) == 0
    assert "1 checked: 0 errors" in capsys.readouterr().out


def test_a_broken_dicom_file(ct, tmp_path, capsys):
    package = dicom.read_file(ct)
    del package["Modality"]
    package.write(tmp_path / "a.dcm")
    assert validate_command([str(tmp_path)], "", as_json=False) == 1
    out = capsys.readouterr().out
    assert "error: 00080060:" in out
    assert "(missing-type-1) [PS3.3 §" in out
    assert "1 checked: 1 errors" in out


def test_json_lines(ct, tmp_path, capsys):
    package = dicom.read_file(ct)
    package["PatientSex"] = "X"
    package.write(tmp_path / "a.dcm")
    assert validate_command([str(tmp_path / "a.dcm")], "", as_json=True) == 1
    (record,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (record["rule"], record["path"], record["severity"]) == ("enumerated-value", "00100040", "error")
    assert record.keys() == {"file", "severity", "path", "rule", "message", "citation"}


def test_deviations_that_the_parser_tolerated_are_findings(pydicom_data, capsys):
    validate_command([str(pydicom_data / "test_files" / "MR_truncated.dcm")], "", as_json=False)
    assert "(truncated)" in capsys.readouterr().out


def test_messages(tmp_path, capsys):
    (tmp_path / "a.hl7").write_bytes(MESSAGE.encode())
    assert validate_command([str(tmp_path / "a.hl7")], "", as_json=False) == 0
    (tmp_path / "b.hl7").write_bytes(MESSAGE.replace("PID|1||1^^^H||Doe^J\r", "").encode())
    assert validate_command([str(tmp_path / "b.hl7")], "", as_json=False) == 1
    assert "PID" in capsys.readouterr().out


def test_a_file_of_no_standard(tmp_path, ct, capsys):
    (tmp_path / "a.txt").write_bytes(b"\x00\x01 nothing here")
    assert validate_command([str(tmp_path / "a.txt"), ct], "", as_json=False) == 2
    captured = capsys.readouterr()
    assert "a.txt" in captured.err
    assert "2 checked" in captured.out  # the others are checked all the same
