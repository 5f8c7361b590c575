"""The command line as a whole: its commands, its exit statuses, and what it never does."""

import json

import pytest

import chiasm as package


def test_it_names_its_commands(chiasm):
    done = chiasm("--help")
    assert done.returncode == 0
    for command in ("convert", "inspect", "validate", "generate", "tour"):
        assert command in done.stdout.decode()


@pytest.mark.parametrize("arguments", [("--version",), ("-V",), ("--version", "convert")])
def test_the_version(chiasm, arguments):
    done = chiasm(*arguments)
    assert done.stdout.decode() == f"chiasm {package.__version__}\n"
    assert done.returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("convert",),
        ("convert", "only-one"),
        ("convert", "--nonsense", "a", "b"),
        ("convert", "missing.dcm", "o.hl7"),
        ("convert", "good.dcm", "o.hl7", "--to", "nonsense"),
        ("convert", "good.dcm", "o.hl7", "--carry", "nonsense"),
        ("convert", "good.dcm", "o.hl7", "--crosswalk", "missing.csv"),
        ("convert", "good.dcm", "o.hl7", "--crosswalk", "good.dcm"),
        ("convert", "good.dcm", "o.hl7", "--onto", "missing.dcm"),
        ("convert", "good.dcm", "o.pdf"),
        ("convert", "--explain", "--crosswalk", "missing.csv"),
        ("inspect",),
        ("inspect", "missing.dcm"),
        ("inspect", "good.dcm", "--width", "x"),
    ],
)
def test_arguments_that_cannot_be_end_in_status_2_and_words(chiasm, tmp_path, ct, arguments, files_of):
    (tmp_path / "good.dcm").write_bytes(ct.read_bytes())
    done = chiasm(*arguments)
    assert done.returncode == 2
    assert done.stderr
    assert files_of(tmp_path) == ["good.dcm"]


def test_explain_prints_the_crosswalk(chiasm):
    shown = chiasm("convert", "--explain").stdout.decode()
    assert "patient.sex" in shown
    assert "OBX(" in shown
    assert "PatientSize" in shown
    rows = json.loads(chiasm("convert", "--explain", "--json", "--to", "omi").stdout)
    assert {"concept", "dicom", "v2", "fhir", "kind", "lossless", "cite"} == rows[0].keys()
    assert any("IPC-1" in row["v2"] for row in rows)


def test_explain_shows_a_sites_own_rows(chiasm, tmp_path):
    (tmp_path / "site.csv").write_text(
        "concept,kind,dicom,v2,fhir,lossless,cite\npatient.comments,text,PatientComments,,,yes,local rule 7\n"
    )
    rows = json.loads(chiasm("convert", "--explain", "--crosswalk", "site.csv", "--json").stdout)
    assert [row["cite"] for row in rows if row["concept"] == "patient.comments"] == ["local rule 7"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_that_cannot_show_a_character_is_no_fault(chiasm, ct, encoding):
    assert chiasm("convert", ct, "o.hl7", PYTHONIOENCODING=encoding).returncode == 0
    assert chiasm("convert", "\udcff*", "o.hl7", PYTHONIOENCODING=encoding).returncode == 2
