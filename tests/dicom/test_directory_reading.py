"""Directories of others, whole, cut off, circular and lying."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm import dicom
from chiasm.dicom.directory import DirectoryBuilder
from chiasm.dicom.directory_reading import Listing, is_directory, read_directory
from chiasm.errors import ChiasmError, ParseError

_LEVELS = {"PATIENT": 0, "STUDY": 1, "SERIES": 2}


def _small(files: int = 3) -> bytes:
    builder = DirectoryBuilder()
    for number in range(files):
        package = dicom.create(
            {
                "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "SOPInstanceUID": f"1.2.{number}", "PatientID": "P",
                "StudyInstanceUID": "1.3", "SeriesInstanceUID": "1.4", "InstanceNumber": number,
            }
        )  # fmt: skip
        builder.add(package, ("DICOM", f"I{number}"))
    return builder.encode("1.2.3")


def _listing(data: bytes) -> Listing:
    return read_directory(dicom.parse(data))


@pytest.mark.parametrize(
    "name", ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-nooffset", "DICOMDIR-reordered"]
)
def test_pydicoms_directories(pydicom_data: Path, name: str) -> None:
    """The five forms of one directory: byte orders, implicit VR, no offsets, records in another order."""
    listing = read_directory(dicom.read_file(pydicom_data / "test_files" / "dicomdirtests" / name))
    kinds = Counter(entry.kind for entry in listing.entries)
    assert kinds == {"PATIENT": 2, "STUDY": 6, "SERIES": 13, "IMAGE": 31}
    assert len(listing.files) == 31
    for entry in listing.files:
        assert [one.kind for one in listing.above(entry)] == ["SERIES", "STUDY", "PATIENT"]
    first = listing.files[0]
    assert first.file_id[0] in {"77654033", "98892001", "98892003"}
    assert first.transfer_syntax.startswith("1.2.840.10008.1.2")


def test_a_broken_hierarchy_loses_no_file(pydicom_data: Path) -> None:
    path = pydicom_data / "test_files" / "dicomdirtests" / "DICOMDIR-nopatient"
    listing = read_directory(dicom.read_file(path))
    assert len(listing.files) == 31
    assert listing.findings


def test_dcmtks_directory(tmp_path: Path, pydicom_data: Path, needs_tool: Callable[[str], str]) -> None:
    tool = needs_tool("dcmmkdir")
    (tmp_path / "IMG").mkdir()
    for number, name in enumerate(("CT_small.dcm", "MR_small.dcm")):
        shutil.copy(pydicom_data / "test_files" / name, tmp_path / "IMG" / f"A{number}")
    subprocess.run(
        [tool, "+I", "+D", "DICOMDIR", "IMG/A0", "IMG/A1"], cwd=tmp_path, check=True, capture_output=True
    )
    listing = read_directory(dicom.read_file(tmp_path / "DICOMDIR"))
    assert [entry.file_id for entry in listing.files] == [("IMG", "A0"), ("IMG", "A1")]
    assert listing.findings == ()


def test_what_was_built_is_read() -> None:
    listing = _listing(_small())
    assert [entry.kind for entry in listing.entries] == [
        "PATIENT",
        "STUDY",
        "SERIES",
        "IMAGE",
        "IMAGE",
        "IMAGE",
    ]
    assert [entry.parent for entry in listing.entries] == [-1, 0, 1, 2, 2, 2]
    assert [entry.sop_instance for entry in listing.files] == ["1.2.0", "1.2.1", "1.2.2"]
    assert listing.findings == ()


def _offsets(data: bytes) -> list[tuple[int, int]]:
    """Where the two offsets of each record stand."""
    found, at = [], data.find(b"\x04\x00\x00\x14UL")
    while at >= 0:
        found.append((at + 8, at + 30))
        at = data.find(b"\x04\x00\x00\x14UL", at + 1)
    return found


def test_offsets_that_loop_end() -> None:
    """Each record's next and lower offset lead back to the first; each file is still listed once."""
    data = bytearray(_small())
    first = struct.unpack_from("<L", data, data.find(b"\x04\x00\x00\x12UL") + 8)[0]
    for following, below in _offsets(bytes(data)):
        struct.pack_into("<L", data, following, first)
        struct.pack_into("<L", data, below, first)
    listing = _listing(bytes(data))
    assert sorted(entry.file_id[-1] for entry in listing.files) == ["I0", "I1", "I2"]
    assert {finding.rule for finding in listing.findings} == {"record-loop", "stray-record"}


def test_shifted_offsets_lose_nothing() -> None:
    """Offsets counted from behind the preamble, as some discs have them."""
    data = bytearray(_small())
    places = [place for both in _offsets(bytes(data)) for place in both]
    for place in (data.find(b"\x04\x00\x00\x12UL") + 8, *places):
        value = struct.unpack_from("<L", data, place)[0]
        struct.pack_into("<L", data, place, max(0, value - 132))
    listing = _listing(bytes(data))
    assert [entry.file_id[-1] for entry in listing.files] == ["I0", "I1", "I2"]
    assert [entry.parent for entry in listing.entries] == [-1, 0, 1, 2, 2, 2]


def test_a_record_out_of_use_is_left_out() -> None:
    data = bytearray(_small())
    at = data.find(b"\x04\x00\x00\x14UL", data.find(b"I0"))
    struct.pack_into("<H", data, at + 20, 0)
    assert [entry.file_id[-1] for entry in _listing(bytes(data)).files] == ["I0", "I2"]


def test_a_file_shared_by_records() -> None:
    """A record without a file points to one that several share: PS3.3 §F.3.2.2, retired."""
    listing = _listing(_small(2))
    shared = dicom.DataSet({"DirectoryRecordType": "MRDR", "ReferencedFileID": ["X", "Y"]})
    records = [entry.data.copy() for entry in listing.entries[:3]]
    leaf = dicom.DataSet({"DirectoryRecordType": "IMAGE"})
    leaf.set(0x00041504, 0)
    whole = dicom.DataSet({"DirectoryRecordSequence": [*records, leaf, shared]})
    package = dicom.create(whole, sop_class="1.2.840.10008.1.3.10", sop_instance="1.2")
    parsed = dicom.parse(package.encode())
    items = parsed.data["DirectoryRecordSequence"]
    assert isinstance(items, tuple)
    target = items[-1]
    assert isinstance(target, dicom.DataSet)
    data = bytearray(package.encode())
    place = data.find(b"\x04\x00\x04\x15UL")
    struct.pack_into("<L", data, place + 8, target.start - 8)
    assert [entry.file_id for entry in _listing(bytes(data)).files] == [("X", "Y")]


def test_what_is_no_directory_is_told(pydicom_data: Path) -> None:
    package = dicom.read_file(pydicom_data / "test_files" / "CT_small.dcm")
    assert not is_directory(package)
    with pytest.raises(ParseError, match="no DICOMDIR"):
        read_directory(package)


def test_an_empty_directory_lists_nothing(pydicom_data: Path) -> None:
    path = pydicom_data / "test_files" / "dicomdirtests" / "DICOMDIR-empty.dcm"
    assert read_directory(dicom.read_file(path)).entries == ()


def test_cut_off_at_every_byte() -> None:
    """What was listed of a part is a part of the whole; nothing but the room's own errors."""
    data = _small(1)
    whole = {entry.file_id for entry in _listing(data).files}
    for length in range(len(data)):
        try:
            found = _listing(data[:length])
        except ChiasmError:
            continue
        assert all(set("".join(one.file_id)) <= set("DICOM/I0") for one in found.files)
    assert whole == {("DICOM", "I0")}


@given(st.lists(st.tuples(st.integers(130, 1500), st.integers(0, 255)), max_size=12))
def test_damaged_bytes_are_read_or_told(changes: list[tuple[int, int]]) -> None:
    data = bytearray(_small(2))
    for place, value in changes:
        if place < len(data):
            data[place] = value
    try:
        listing = _listing(bytes(data))
    except ChiasmError:
        return
    for number, entry in enumerate(listing.entries):
        assert entry.parent < number
        assert len(list(listing.above(entry))) <= number
