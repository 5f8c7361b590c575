"""`chiasm tour`: the main job on the real files of pydicom's wheel."""

import re

import pytest

from chiasm import hl7
from chiasm.app import tour
from chiasm.errors import Finding, Severity, UsageError


def test_the_tour_shows_the_main_job_and_ends_well(chiasm, tmp_path):
    done = chiasm("tour", "--out", tmp_path / "out")
    said = done.stdout.decode()
    assert done.returncode == 0, said
    there, back = re.search(r"(\d+) of (\d+) elements came back equal", said).groups()
    assert there == back != "0"
    assert re.search(r"\d{3} files became messages", said)
    assert "checked against HL7 2.5.1: 0 errors" in said
    assert "Chiasm invents none" in said
    assert (tmp_path / "out" / "ct.ledger.jsonl").exists()
    made = list((tmp_path / "out" / "all").iterdir())
    assert len(made) > 150
    assert all(hl7.parse(path.read_bytes())["MSH-9.1"] == "ORU" for path in made)


def test_without_pydicom_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(tour.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="pip install"):
        tour.samples()


def test_a_fault_of_the_crossing_fails_the_tour(tmp_path, monkeypatch, capsys, pydicom_data):
    fault = Finding(Severity.ERROR, "OBX[1]-11", "missing-field", "x")
    monkeypatch.setattr(hl7.Message, "validate", lambda *_: [fault])
    folder = pydicom_data / "charset_files"
    assert tour._all(folder, tmp_path) == 1
    assert "OBX[1]-11" in capsys.readouterr().out
