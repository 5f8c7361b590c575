"""A DICOMDIR that Chiasm builds, as DCMTK, dicom3tools and pydicom read it."""

from __future__ import annotations

import shutil
import struct
import subprocess
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.fileset import FileSet

from chiasm import dicom
from chiasm.dicom.directory import DirectoryBuilder, is_file_id
from chiasm.errors import UsageError

_CT = "1.2.840.10008.5.1.4.1.1.2"


def _ct(patient: str = "P1", study: str = "1.2.1", series: str = "1.2.1.1", number: int = 1) -> dicom.Package:
    return dicom.create(
        {
            "SOPClassUID": _CT, "SOPInstanceUID": f"{series}.{number}", "StudyDate": "20260102",
            "StudyTime": "0304", "AccessionNumber": "A1", "Modality": "CT", "PatientName": "Wang^XiaoDong",
            "PatientID": patient, "StudyInstanceUID": study, "SeriesInstanceUID": series, "StudyID": "7",
            "SeriesNumber": 1, "InstanceNumber": number,
        }
    )  # fmt: skip


def _medium(folder: Path, files: list[Path]) -> list[str]:
    """The objects among the files as a file-set in a folder; what was made up for its directory."""
    (folder / "DICOM").mkdir(parents=True)
    builder, told = DirectoryBuilder("TEST SET"), []
    for number, path in enumerate(files, 1):
        file_id = ("DICOM", f"I{number:07d}")
        try:
            told += builder.add(dicom.read_file(path), file_id)
        except UsageError:
            continue
        shutil.copy(path, folder.joinpath(*file_id))
    (folder / "DICOMDIR").write_bytes(builder.encode())
    return [finding.message for finding in told]


@pytest.fixture(scope="module")
def tiny(pydicom_data: Path) -> list[Path]:
    """The objects of pydicom's file-sets: 81 in 7 studies of 3 patients."""
    below = pydicom_data / "test_files" / "dicomdirtests"
    return sorted(
        path for path in below.rglob("*") if path.is_file() and path.suffix == "" and _is_object(path)
    )


def _is_object(path: Path) -> bool:
    return "DICOMDIR" not in path.name and path.read_bytes()[128:132] == b"DICM"


def test_pydicom_reads_every_instance_and_its_place(tmp_path: Path, tiny: list[Path]) -> None:
    _medium(tmp_path, tiny)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = FileSet(tmp_path / "DICOMDIR")
        loaded = {str(one.SOPInstanceUID): one.load() for one in found}
        found._stage["t"].cleanup()  # its own folder for changes, which it would leave to the collector
    expected = [dcmread(path, stop_before_pixels=True) for path in tiny]
    assert found.ID == "TEST SET"
    assert set(loaded) == {one.SOPInstanceUID for one in expected}
    for one in expected:
        same = loaded[one.SOPInstanceUID]
        assert (same.PatientID, same.StudyInstanceUID) == (one.PatientID, one.StudyInstanceUID)
    assert set(found.find_values("StudyInstanceUID")) == {one.StudyInstanceUID for one in expected}


def test_dciodvfy_finds_no_error(
    tmp_path: Path, tiny: list[Path], pydicom_data: Path, needs_tool: Callable[[str], str]
) -> None:
    """Objects of many classes, with retired dates, without numbers, among them a report and a plan."""
    tool = needs_tool("dciodvfy")
    others = sorted((pydicom_data / "test_files").glob("*.dcm"))
    marked = [path for path in others if path.read_bytes()[128:132] == b"DICM"]
    _medium(tmp_path, tiny + marked)
    done = subprocess.run([tool, str(tmp_path / "DICOMDIR")], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if line.startswith("Error")] == []
    assert "BasicDirectory" in done.stderr


def test_dcmtk_reads_the_same_records_and_offsets(
    tmp_path: Path, tiny: list[Path], needs_tool: Callable[[str], str]
) -> None:
    tool = needs_tool("dcmdump")
    _medium(tmp_path, tiny)
    done = subprocess.run(
        [tool, "-q", "+P", "0004,1430", str(tmp_path / "DICOMDIR")],
        capture_output=True,
        text=True,
        check=True,
    )
    kinds = Counter(line.split("[")[1].split("]")[0].strip() for line in done.stdout.splitlines())
    expected = [dcmread(path, stop_before_pixels=True) for path in tiny]
    assert kinds == {
        "PATIENT": len({one.PatientID for one in expected}),
        "STUDY": len({one.StudyInstanceUID for one in expected}),
        "SERIES": len({one.SeriesInstanceUID for one in expected}),
        "IMAGE": len(expected),
    }


def test_dcmgpdir_updates_a_directory_of_ours(
    tmp_path: Path, pydicom_data: Path, needs_tool: Callable[[str], str]
) -> None:
    """DCMTK follows our offsets to append to our directory: it would refuse one with wrong ones."""
    tool = needs_tool("dcmmkdir")
    _medium(tmp_path, [pydicom_data / "test_files" / "CT_small.dcm"])
    shutil.copy(pydicom_data / "test_files" / "MR_small.dcm", tmp_path / "DICOM" / "MORE")
    done = subprocess.run(
        [tool, "+A", "+I", "+D", "DICOMDIR", "DICOM/MORE"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    data = dcmread(tmp_path / "DICOMDIR")
    files = [one.ReferencedFileID[-1] for one in data.DirectoryRecordSequence if "ReferencedFileID" in one]
    assert sorted(files) == ["I0000001", "MORE"]


def test_offsets_are_those_of_the_bytes() -> None:
    """Each offset leads to an item tag, and the first and last are those of the root's records."""
    builder = DirectoryBuilder()
    for patient in ("A", "B", "C"):
        for number in (1, 2):
            builder.add(
                _ct(patient, f"1.2.{patient}", f"1.2.{ord(patient)}", number), ("D", f"{patient}{number}")
            )
    data = builder.encode("1.2.3")
    parsed = dicom.parse(data)
    items = parsed.data["DirectoryRecordSequence"]
    assert isinstance(items, tuple)
    starts = [item.start - 8 for item in items if isinstance(item, dicom.DataSet)]
    for start in starts:
        assert struct.unpack_from("<HH", data, start) == (0xFFFE, 0xE000)
    kinds = [item["DirectoryRecordType"] for item in items if isinstance(item, dicom.DataSet)]
    patients = [start for start, kind in zip(starts, kinds, strict=True) if kind == "PATIENT"]
    assert parsed[0x00041200] == patients[0]
    assert parsed[0x00041202] == patients[-1]
    assert kinds == ["PATIENT", "STUDY", "SERIES", "IMAGE", "IMAGE"] * 3
    assert parsed.header["MediaStorageSOPInstanceUID"] == "1.2.3"


def test_texts_keep_their_character_set() -> None:
    """Two patients with different character sets; each record says its own."""
    builder = DirectoryBuilder()
    for terms, name in ((["ISO_IR 100"], "Müller^Jürg"), (["GB18030"], "Wang^XiaoDong=王^小东")):
        data = dicom.DataSet({"SpecificCharacterSet": terms})
        for element in _ct(terms[0], terms[0].replace(" ", "."), "1.2." + str(len(name))).data:
            data.set(element.tag, element.value)
        data.set("PatientName", name)
        builder.add(dicom.create(data), ("F", f"{builder.count}"))
    text = dicom.parse(builder.encode())
    names = [
        str(item["PatientName"])
        for item in text.data["DirectoryRecordSequence"]  # type: ignore[union-attr]  # a sequence
        if isinstance(item, dicom.DataSet) and item["DirectoryRecordType"] == "PATIENT"
    ]
    assert names == ["Müller^Jürg", "Wang^XiaoDong=王^小东"]


def test_a_private_class_has_a_private_record() -> None:
    builder = DirectoryBuilder()
    package = _ct()
    package.set("SOPClassUID", "1.3.12.2.1107.5.9.1")
    builder.add(package, ("A",))
    last = dicom.parse(builder.encode()).data["DirectoryRecordSequence"][-1]  # type: ignore[index]  # a sequence
    assert isinstance(last, dicom.DataSet)
    assert last["DirectoryRecordType"] == "PRIVATE"
    assert str(last["PrivateRecordUID"]).startswith("2.25.")


def test_what_is_not_placed_is_refused() -> None:
    builder = DirectoryBuilder()
    homeless = _ct()
    del homeless["StudyInstanceUID"]
    with pytest.raises(UsageError, match="no study"):
        builder.add(homeless, ("A",))
    nameless = _ct()
    del nameless["SOPInstanceUID"]
    with pytest.raises(UsageError, match="no SOP class"):
        builder.add(nameless, ("A",))
    for wrong in (("lower",), ("TOOLONG99",), ("..",), (), ("A",) * 9, ("A.DCM",), ("",)):
        assert not is_file_id(wrong)
        with pytest.raises(UsageError, match="no file ID"):
            builder.add(_ct(), wrong)
    with pytest.raises(UsageError, match="file-set ID"):
        DirectoryBuilder("lower case")
    assert builder.count == 0


def test_an_empty_directory_is_one() -> None:
    parsed = dicom.parse(DirectoryBuilder().encode())
    assert parsed[0x00041200] == parsed[0x00041202] == 0
    assert parsed.data["DirectoryRecordSequence"] == ()


def test_the_same_identifier_of_two_issuers_is_two_patients() -> None:
    builder = DirectoryBuilder()
    for issuer in ("HOSPITAL A", "HOSPITAL B"):
        package = _ct(study=f"1.2.{issuer[-1:] == 'A'}".replace("True", "1").replace("False", "2"))
        package.set("IssuerOfPatientID", issuer)
        builder.add(package, ("A", f"I{builder.count}"))
    records = dicom.parse(builder.encode()).data["DirectoryRecordSequence"]
    assert isinstance(records, tuple)
    kinds = [one["DirectoryRecordType"] for one in records if isinstance(one, dicom.DataSet)]
    assert kinds.count("PATIENT") == 2


def test_what_was_withdrawn_is_not_there() -> None:
    """A file that could not be written leaves no record, nor the records that only it had."""
    builder = DirectoryBuilder()
    builder.add(_ct(), ("A", "1"))
    before = builder.encode("1.2.3")
    for package in (_ct(number=2), _ct("P2", "1.9", "1.9.1"), _ct(series="1.2.1.2")):
        builder.add(package, ("A", "2"))
        builder.withdraw()
        assert (builder.encode("1.2.3"), builder.count) == (before, 1)
    builder.withdraw()
    assert builder.encode("1.2.3") == before


def test_icons_stand_in_the_records_of_images_and_their_series() -> None:
    """Other objects have none; that of a series is of its middle image, also after one was withdrawn."""
    builder = DirectoryBuilder()
    for number in range(1, 6):
        icon = dicom.DataSet()
        icon.set("Rows", number)
        package = _ct(number=number)
        if number == 1:
            package.set("SOPClassUID", "1.2.840.10008.5.1.4.1.1.66")
        builder.add(package, ("A", str(number)), icon=icon)
    builder.withdraw()
    builder.add(_ct(series="1.2.1.9"), ("B", "1"))
    records = dicom.parse(builder.encode()).data["DirectoryRecordSequence"]
    assert isinstance(records, tuple)
    shown = [
        (one["DirectoryRecordType"], one.get("IconImageSequence/0/Rows"))
        for one in records
        if isinstance(one, dicom.DataSet)
    ]
    assert shown == [
        ("PATIENT", None), ("STUDY", None), ("SERIES", 3), ("RAW DATA", None), ("IMAGE", 2), ("IMAGE", 3),
        ("IMAGE", 4), ("SERIES", None), ("IMAGE", None),
    ]  # fmt: skip
