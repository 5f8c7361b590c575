"""Inputs from files, folders, patterns, archives and standard input; none is lost and none ends the rest."""

import io
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from chiasm import dicom
from chiasm.app import sources
from chiasm.app.sources import Source, gather
from chiasm.errors import ParseError, UsageError


def test_a_folder_means_every_file_below_it_in_order(folder):
    found = list(gather([str(folder)]))
    assert [one.place for one in found] == ["bad.dcm", "sr.dcm", "a/1.dcm", "b/1.dcm"]
    assert [one.place for one in gather([str(folder)])] == [one.place for one in found]


def test_hidden_files_and_the_folder_of_outputs_are_left_alone(folder):
    (folder / ".hidden").write_bytes(b"x")
    (folder / ".git").mkdir()
    (folder / ".git" / "x").write_bytes(b"x")
    assert [one.place for one in gather([str(folder)], leave=folder / "a")] == [
        "bad.dcm",
        "sr.dcm",
        "b/1.dcm",
    ]


def test_several_folders_keep_their_names_and_dots_never_stay(folder, monkeypatch):
    monkeypatch.chdir(folder / "b")
    assert [one.place for one in gather([str(folder / "a"), str(folder / "b")])] == ["a/1.dcm", "b/1.dcm"]
    assert [one.place for one in gather(["../a", "."])] == ["a/1.dcm", "b/1.dcm"]
    assert [one.place for one in gather(["../a/1.dcm"])] == ["1.dcm"]


def test_a_pattern_means_what_it_matches(folder):
    assert [one.place for one in gather([f"{folder}/**/1.dcm"])] == ["1.dcm", "1.dcm"]


@pytest.mark.parametrize("name", ["nothing", "*.none", ""])
def test_a_name_that_means_nothing_is_told_before_anything_is_read(name, ct, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if not name:
        return
    with pytest.raises(UsageError, match="no such file"):
        gather([str(ct), name])


def test_standard_input_is_read_once(monkeypatch, ct):
    monkeypatch.setattr(sources.sys, "stdin", io.TextIOWrapper(io.BytesIO(ct.read_bytes())))
    (one,) = gather(["-"])
    assert one.standard() == "dicom"
    assert one.package().get("PatientID") == "1CT1"


def test_members_of_an_archive_are_read_by_number_never_by_name(ct, tmp_path):
    path = tmp_path / "study.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil.dcm", ct.read_bytes())
        archive.writestr("folder/", b"")
        archive.writestr("/etc/passwd", b"x")
    found = list(gather([str(path)]))
    assert [one.place for one in found] == ["study.zip/000000", "study.zip/000002"]
    assert found[0].read() == ct.read_bytes()
    assert found[0].package().encode() == ct.read_bytes()


def test_a_broken_archive_is_one_bad_source_among_others(folder):
    (folder / "broken.zip").write_bytes(b"PK\x03\x04" + b"\0" * 50)
    found = {one.place: one for one in gather([str(folder)])}
    assert len(found) == 5
    with pytest.raises(ParseError, match="broken"):
        found["broken.zip"].read()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told_of(folder):
    (folder / "a" / "1.dcm").chmod(0)
    (folder / "b").chmod(0)
    problems = [one.problem for one in gather([str(folder)]) if one.problem]
    (folder / "b").chmod(0o755)
    assert len(problems) == 2


def test_a_folder_that_cannot_be_listed_is_told_of(folder, monkeypatch):
    real = os.scandir

    def refuse(path):
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = list(gather([str(folder)]))
    assert [one.problem for one in found if one.problem] == ["the folder cannot be listed: Permission denied"]
    assert len(found) == 4


def test_a_file_that_vanishes_and_a_pipe_are_told_of(tmp_path):
    with pytest.raises(ParseError, match="cannot be read"):
        Source("gone", tmp_path / "gone").read()
    os.mkfifo(tmp_path / "pipe")
    (one,) = gather([str(tmp_path)])
    assert one.problem == "it is neither a file nor a folder"
    with pytest.raises(ParseError, match="nothing to read"):
        Source("nothing").head()


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_package_comes_from_the_other_forms_of_dicom(form, pydicom_data, tmp_path):
    package = dicom.read_file(pydicom_data / "test_files" / "reportsi.dcm")
    path = tmp_path / f"x.{form}"
    text = package.to_json() if form == "json" else package.to_xml()
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    again = Source("x", path).package()
    assert again.get("PatientName") == package.get("PatientName")
    assert len(list(again.data.walk())) == len(list(package.data.walk()))


def test_a_package_of_a_file_keeps_its_bytes(ct, tmp_path):
    shutil.copy(ct, tmp_path / "x")
    assert Source("x", tmp_path / "x").package().encode() == ct.read_bytes()


def test_a_program_is_no_data_set(tmp_path):
    import sys
    import sysconfig

    library = next(Path(sysconfig.get_path("stdlib")).glob("__pycache__/*.pyc"))
    for path in (library, Path(sys.executable).resolve()):
        with pytest.raises(ParseError, match="neither a DICOM file"):
            Source(path.name, path).package()
