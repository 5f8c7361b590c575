"""Media among sources, as discs of others have them."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from chiasm.app.discs import Selection, folders_of, select
from chiasm.app.sources import gather


@pytest.fixture
def disc(tmp_path: Path, pydicom_data: Path) -> Path:
    """pydicom's file-set of 31 images in 6 studies, with a viewer program beside them."""
    folder = tmp_path / "disc"
    shutil.copytree(pydicom_data / "test_files" / "dicomdirtests", folder)
    shutil.rmtree(folder / "TINY_ALPHA")
    for other in folder.glob("DICOMDIR-*"):
        other.unlink()
    (folder / "VIEWER.EXE").write_bytes(b"MZ")
    return folder


def _selected(*names: Path, everything: bool = False) -> Selection:
    found = list(gather(folders_of([str(name) for name in names])))
    return select(found, everything=everything)


def test_the_referenced_files_are_meant(disc: Path) -> None:
    selection = _selected(disc)
    assert len(selection.sources) == 31
    assert (selection.missing, selection.notes) == ([], [])
    assert selection.aside == 2  # the program and a note
    assert all(
        source.path and source.path.name not in {"DICOMDIR", "VIEWER.EXE"} for source in selection.sources
    )
    assert len(_selected(disc, everything=True).sources) == 33


def test_the_directory_by_itself_means_its_medium(disc: Path) -> None:
    assert len(_selected(disc / "DICOMDIR").sources) == 31


def _renamed(folder: Path, change: str) -> None:
    for at, _, files in os.walk(folder, topdown=False):
        for name in files:
            new = {"lower": name.lower(), "version": name + ";1", "dot": name + ".;1", "dcm": name + ".dcm"}[
                change
            ]
            if change != "dcm" or name not in {"DICOMDIR", "README.txt", "VIEWER.EXE"}:
                (Path(at) / name).rename(Path(at) / new)
        if change == "lower" and Path(at) != folder:
            Path(at).rename(Path(at).with_name(Path(at).name.lower()))


@pytest.mark.parametrize("change", ["lower", "version", "dot", "dcm"])
def test_names_as_systems_show_them(disc: Path, change: str) -> None:
    _renamed(disc, change)
    selection = _selected(disc)
    assert (len(selection.sources), selection.missing) == (31, [])


def test_missing_files_are_listed(disc: Path) -> None:
    gone = sorted(disc.rglob("*6*"))
    victims = [path for path in gone if path.is_file()][:2]
    for path in victims:
        path.unlink()
    selection = _selected(disc)
    assert len(selection.sources) == 31 - len(victims)
    told = {name.rpartition(": ")[2] for name, _ in selection.missing}
    assert told == {str(path.relative_to(disc)) for path in victims}


def test_a_medium_in_a_zip_archive(disc: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "disc.zip", "w") as archive:
        for path in sorted(disc.rglob("*")):
            archive.write(path, f"CD/{path.relative_to(disc)}")
    selection = _selected(tmp_path / "disc.zip")
    assert (len(selection.sources), selection.missing, selection.aside) == (31, [], 2)


def test_two_media_and_files_between(disc: Path, tmp_path: Path, ct: Path) -> None:
    """Each directory means what is below it; what lies on no medium is taken as ever."""
    shutil.copytree(disc, tmp_path / "all" / "one")
    shutil.copytree(disc, tmp_path / "all" / "two")
    shutil.copy(ct, tmp_path / "all" / "loose.dcm")
    selection = _selected(tmp_path / "all")
    assert len(selection.sources) == 63
    assert selection.aside == 4


def test_a_directory_that_cannot_be_read_stands_for_nothing(disc: Path) -> None:
    (disc / "DICOMDIR").write_bytes(b"burnt badly" * 50)
    selection = _selected(disc)
    assert len(selection.sources) == 34  # the directory too, which the archive will refuse
    assert len(selection.notes) == 1


def test_a_directory_that_names_nothing_stands_for_nothing(disc: Path, pydicom_data: Path) -> None:
    shutil.copy(pydicom_data / "test_files" / "dicomdirtests" / "DICOMDIR-empty.dcm", disc / "DICOMDIR")
    selection = _selected(disc)
    assert len(selection.sources) == 33
    assert selection.notes[0][1] == "it names no file"


def test_names_that_lead_outside_lead_nowhere(disc: Path, tmp_path: Path, ct: Path) -> None:
    """File IDs of a hostile disc: absolute, upward, empty. Only what lies on the disc can be named."""
    from chiasm import dicom
    from chiasm.dicom import DataSet

    shutil.copy(ct, tmp_path / "outside.dcm")
    outside = str(tmp_path / "outside.dcm")
    hostile = [["..", "outside.dcm"], [outside], ["../outside.dcm"], [".."], ["."], ["/etc/passwd"], ["GOOD"]]
    shutil.copy(ct, disc / "GOOD")
    records = [DataSet({"DirectoryRecordType": "IMAGE", "ReferencedFileID": parts}) for parts in hostile]
    package = dicom.create(
        {"DirectoryRecordSequence": records}, sop_class="1.2.840.10008.1.3.10", sop_instance="1.2.3"
    )
    (disc / "DICOMDIR").write_bytes(package.encode())
    found = list(gather([str(disc), outside]))
    selection = select(found)
    taken = sorted(source.path.name for source in selection.sources if source.path)
    assert taken == ["GOOD", "outside.dcm"]  # the latter since it was named on the command line
    assert len(selection.missing) == len(hostile) - 1
