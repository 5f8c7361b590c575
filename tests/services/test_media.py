"""What goes onto a medium: names, order, transfer syntaxes; pydicom and dicom3tools read it."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.pixels import pixel_array

from chiasm import dicom
from chiasm.dicom.directory_reading import read_directory
from chiasm.model import Location, Source
from chiasm.services.archive import Archive, Settings
from chiasm.services.media import PROFILE, File, Report, as_files, as_medium
from chiasm.services.media_files import FileHoldings, located_all
from chiasm.services.media_writing import to_folder

JPEG_LS = "1.2.840.10008.1.2.4.80"


async def _written(files: AsyncIterator[File], folder: Path) -> list[tuple[str, ...]]:
    names: list[tuple[str, ...]] = []
    await to_folder(files, folder, lambda file: names.append(file.name))
    return names


def _samples(pydicom_data: Path) -> list[Path]:
    below = pydicom_data / "test_files" / "dicomdirtests" / "TINY_ALPHA"
    return sorted(below.rglob("IM*"))


def test_a_medium_of_an_archive(pydicom_data: Path, tmp_path: Path, needs_tool: Callable[[str], str]) -> None:
    """Received, given as a medium, and found again: every object under a name of eight characters."""
    tool = needs_tool("dciodvfy")
    below = pydicom_data / "test_files"
    sources = [*_samples(pydicom_data)[:6], *(below / name for name in ("CT_small.dcm", "MR_small.dcm"))]

    async def run() -> tuple[Report, list[tuple[str, ...]]]:
        archive = await Archive.open(Settings(tmp_path / "data"))
        try:
            outcomes = [await archive.receive_file(path.read_bytes(), Source("import")) for path in sources]
            studies = sorted({outcome.study for outcome in outcomes})
            locations = await archive.locations(studies=studies)
            report = Report()
            names = await _written(as_medium(archive, locations, report, file_set="CD 1"), tmp_path / "cd")
            return report, names
        finally:
            await archive.close()

    report, names = asyncio.run(run())
    assert report.objects == len(sources)
    assert report.refused == []
    assert names[-1] == ("DICOMDIR",)
    for name in names[:-1]:
        assert name[0] == "DICOM"
        assert all(len(part) <= 8 and part.isalnum() and part.upper() == part for part in name)
    listing = read_directory(dicom.read_file(tmp_path / "cd" / "DICOMDIR"))
    assert [entry.file_id for entry in listing.files] == names[:-1]
    for entry in listing.files:
        data = dcmread((tmp_path / "cd").joinpath(*entry.file_id))
        assert data.SOPInstanceUID == entry.sop_instance
        assert data.file_meta.TransferSyntaxUID == entry.transfer_syntax
    done = subprocess.run(
        [tool, str(tmp_path / "cd" / "DICOMDIR")], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stderr.splitlines() if line.startswith("Error")] == []


def test_what_the_profile_lacks_is_recoded_without_loss(pydicom_data: Path, tmp_path: Path) -> None:
    """RLE, JPEG 2000, big endian, implicit VR and deflated become explicit little endian; JPEG stays."""
    below = pydicom_data / "test_files"
    names = (
        "SC_rgb_rle_2frame.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_implicit.dcm",
        "image_dfl.dcm",
        "693_J2KI.dcm",
        "SC_rgb_jpeg_dcmtk.dcm",
    )
    for name in names:
        report = Report()
        locations, refused = located_all([below / name])
        assert refused == []
        stored = locations[0].transfer_syntax
        folder = tmp_path / name
        written = asyncio.run(_written(as_medium(FileHoldings(), locations, report), folder))
        after = dcmread(folder.joinpath(*written[0]))
        expected = stored if name == "SC_rgb_jpeg_dcmtk.dcm" else PROFILE[0]
        assert after.file_meta.TransferSyntaxUID == expected
        before = dcmread(below / name)
        assert np.array_equal(pixel_array(after, raw=True), pixel_array(before, raw=True))
        entry = read_directory(dicom.read_file(folder / "DICOMDIR")).files[0]
        assert entry.transfer_syntax == expected


def test_files_are_the_stored_bytes(pydicom_data: Path, tmp_path: Path) -> None:
    sources = _samples(pydicom_data)
    locations, _ = located_all(sources)
    report = Report()
    names = asyncio.run(_written(as_files(FileHoldings(), locations, report), tmp_path / "out"))
    assert report.objects == len(sources) == len(names)
    assert all(name[0] == "study-0001" and name[-1].endswith(".dcm") for name in names)
    for name, location in zip(names, locations, strict=True):
        assert (tmp_path / "out").joinpath(*name).read_bytes() == Path(location.key).read_bytes()


def test_what_cannot_be_given_is_told_and_not_listed(pydicom_data: Path, tmp_path: Path) -> None:
    """One file is gone, one becomes shorter: the others are given, with a directory that has only them."""
    copies = []
    for number, path in enumerate(_samples(pydicom_data)[:4]):
        copy = tmp_path / f"{number}"
        copy.write_bytes(path.read_bytes())
        copies.append(copy)
    locations, _ = located_all(copies)
    Path(locations[0].key).unlink()
    short = Path(locations[2].key)
    short.write_bytes(short.read_bytes()[:-100])
    report = Report()
    asyncio.run(_written(as_medium(FileHoldings(), locations, report), tmp_path / "cd"))
    assert report.objects == 2
    assert [uid for uid, _ in report.refused] == [locations[0].sop_instance, locations[2].sop_instance]
    listing = read_directory(dicom.read_file(tmp_path / "cd" / "DICOMDIR"))
    assert [entry.sop_instance for entry in listing.files] == [
        one.sop_instance for one in (locations[1], locations[3])
    ]
    on_disk = {path.name for path in (tmp_path / "cd" / "DICOM").rglob("I*")}
    assert on_disk == {entry.file_id[-1] for entry in listing.files}


def test_what_cannot_be_recoded_is_given_as_stored(tmp_path: Path) -> None:
    """A damaged JPEG-LS image stays what it is; the report says that it is outside the profile."""
    package = dicom.create(
        {
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "SOPInstanceUID": "1.2.3", "StudyInstanceUID": "1.2",
            "SeriesInstanceUID": "1.2.1", "Rows": 8, "Columns": 8, "BitsAllocated": 8, "BitsStored": 8,
            "HighBit": 7, "PixelRepresentation": 0, "SamplesPerPixel": 1, "PatientID": "P",
            "PhotometricInterpretation": "MONOCHROME2",
        },
        transfer_syntax=JPEG_LS,
    )  # fmt: skip
    fragments = b"\xfe\xff\x00\xe0\0\0\0\0" + b"\xfe\xff\x00\xe0\x04\0\0\0junk"
    package.data.place(0x7FE00010, "OB", fragments, encapsulated=True)
    path = tmp_path / "a"
    path.write_bytes(package.encode())
    locations, refused = located_all([path])
    assert refused == []
    report = Report()
    names = asyncio.run(_written(as_medium(FileHoldings(), locations, report), tmp_path / "cd"))
    assert (tmp_path / "cd").joinpath(*names[0]).read_bytes() == path.read_bytes()
    assert [one.rule for one in report.findings if one.rule == "outside-profile"] == ["outside-profile"]
    assert read_directory(dicom.read_file(tmp_path / "cd" / "DICOMDIR")).files[0].transfer_syntax == JPEG_LS


def test_names_count_and_say_nothing() -> None:
    """Hostile UIDs make no name; series of one number in two studies are two folders."""

    async def run() -> list[str]:
        def at(study: str, series: str, instance: str) -> Location:
            return Location("/nowhere", 200, 132, b"", PROFILE[0], "1.2", instance, series, study)

        given = [at("../../a", "/etc", "x"), at("../../a", "/etc", "y"), at("b", "/etc", "z")]
        return ["/".join(file.name) async for file in as_files(FileHoldings(), given, Report())]

    assert asyncio.run(run()) == [
        "study-0001/series-0001/00001.dcm", "study-0001/series-0001/00002.dcm",
        "study-0002/series-0001/00001.dcm",
    ]  # fmt: skip


def test_nothing_given_has_no_directory(tmp_path: Path) -> None:
    report = Report()
    assert asyncio.run(_written(as_medium(FileHoldings(), [], report), tmp_path / "cd")) == []
    assert report.objects == 0


def test_dcmtk_takes_every_file_of_a_medium(
    pydicom_data: Path, tmp_path: Path, needs_tool: Callable[[str], str]
) -> None:
    """DCMTK checks each file against the profile for flash media with JPEG before it makes its own directory.

    The keys of its records are those of ours, but for what ours has to help people choose.
    """
    tool = needs_tool("dcmmkdir")
    below = pydicom_data / "test_files"
    names = ("CT_small.dcm", "693_J2KI.dcm", "MR_small_RLE.dcm", "SC_rgb_jpeg_dcmtk.dcm",
             "test-SR.dcm", "rtdose.dcm", "waveform_ecg.dcm")  # fmt: skip
    locations, _ = located_all([below / name for name in names])
    report = Report()
    written = asyncio.run(_written(as_medium(FileHoldings(), locations, report), tmp_path))
    files = ["/".join(name) for name in written if name[0] == "DICOM"]
    assert len(files) == len(names)
    done = subprocess.run(
        [tool, "-Pfl", "+I", "+D", "THEIRS", *files],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert [
        line for line in done.stderr.splitlines() if line.startswith("E:") or "cannot be added" in line
    ] == []
    ours, theirs = _keys(tmp_path / "DICOMDIR"), _keys(tmp_path / "THEIRS")
    assert {kind for kind, _ in ours} == {kind for kind, _ in theirs}
    helpful = {"PatientBirthDate", "PatientSex", "SeriesDescription", "SpecificCharacterSet"}
    assert {(kind, keys - helpful) for kind, keys in ours} == {
        (kind, keys - helpful) for kind, keys in theirs
    }


def test_icons_of_images(pydicom_data: Path, tmp_path: Path, needs_tool: Callable[[str], str]) -> None:
    """pydicom and dicom3tools read them, DCMTK's own look alike; what cannot be shown has none, and is told."""
    below = pydicom_data / "test_files"
    locations, _ = located_all([below / "CT_small.dcm", below / "MR_small_RLE.dcm", below / "test-SR.dcm"])
    cut = dcmread(below / "CT_small.dcm")
    cut.PixelData, cut.SOPInstanceUID = cut.PixelData[:1000], cut.SOPInstanceUID + ".1"
    cut.file_meta.MediaStorageSOPInstanceUID = cut.SOPInstanceUID
    cut.save_as(tmp_path / "cut.dcm")
    damaged, _ = located_all([tmp_path / "cut.dcm"])
    report, folder = Report(), tmp_path / "cd"
    files = as_medium(FileHoldings(), [*locations, *damaged], report, icons=True)
    written = asyncio.run(_written(files, folder))
    assert report.objects == 4
    assert [one.path for one in report.findings if one.rule == "no-icon"] == [cut.SOPInstanceUID]
    icons = {
        one.ReferencedSOPInstanceUIDInFile: one.IconImageSequence[0]
        for one in dcmread(folder / "DICOMDIR").DirectoryRecordSequence
        if one.DirectoryRecordType == "IMAGE" and "IconImageSequence" in one
    }
    assert len(icons) == 2
    done = subprocess.run(
        [needs_tool("dciodvfy"), str(folder / "DICOMDIR")], capture_output=True, text=True, check=False
    )
    assert "Error" not in done.stderr
    names = ["/".join(name) for name in written if name[0] == "DICOM"]
    command = [needs_tool("dcmmkdir"), "-Pfl", "+X", "+D", "THEIRS", *names[:3]]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    for one in dcmread(folder / "THEIRS").DirectoryRecordSequence:
        if one.DirectoryRecordType == "IMAGE" and "IconImageSequence" in one:
            ours = icons.pop(one.ReferencedSOPInstanceUIDInFile)
            pair = [np.frombuffer(item.PixelData, "u1") for item in (ours, one.IconImageSequence[0])]
            assert np.corrcoef(*pair)[0, 1] > 0.9
    assert icons == {}


def _keys(path: Path) -> set[tuple[str, frozenset[str]]]:
    records = dcmread(path).DirectoryRecordSequence
    return {(one.DirectoryRecordType, frozenset(element.keyword for element in one)) for one in records}
