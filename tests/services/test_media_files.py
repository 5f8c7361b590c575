"""Files as a source of objects; the expected values are pydicom's."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydicom import dcmread

from chiasm.errors import ChiasmError, UsageError
from chiasm.services.media_files import FileHoldings, located, located_all


def test_what_is_known_of_a_file(pydicom_data: Path) -> None:
    path = pydicom_data / "test_files" / "CT_small.dcm"
    data = dcmread(path)
    found = located(path)
    assert (found.sop_class, found.sop_instance) == (data.SOPClassUID, data.SOPInstanceUID)
    assert (found.study, found.series) == (data.StudyInstanceUID, data.SeriesInstanceUID)
    assert (found.transfer_syntax, found.size) == (data.file_meta.TransferSyntaxUID, path.stat().st_size)
    body = path.read_bytes()[found.offset :]
    assert body[:2] == b"\x08\x00"


def test_a_bare_data_set_begins_at_its_first_byte(pydicom_data: Path) -> None:
    assert located(pydicom_data / "test_files" / "ExplVR_LitEndNoMeta.dcm").offset == 0


def test_the_bytes_stream(pydicom_data: Path) -> None:
    path = pydicom_data / "test_files" / "CT_small.dcm"
    holdings, location = FileHoldings(), located(path)

    async def run(start: int, length: int | None) -> bytes:
        return b"".join([piece async for piece in holdings.stream_object(location, start, length)])

    data = path.read_bytes()
    assert asyncio.run(run(0, None)) == data
    assert asyncio.run(run(100, 50)) == data[100:150]
    with pytest.raises(UsageError, match="shorter"):
        asyncio.run(run(0, len(data) + 1))


def test_objects_are_ordered_and_the_rest_told(pydicom_data: Path, tmp_path: Path) -> None:
    below = pydicom_data / "test_files" / "dicomdirtests" / "TINY_ALPHA"
    paths = [below / "DICOMDIR", *sorted(below.rglob("IM*"), reverse=True)]
    twice = tmp_path / "twice"
    twice.write_bytes(paths[-1].read_bytes())
    text = tmp_path / "text"
    text.write_text("nothing of DICOM")
    found, refused = located_all([*paths, twice, text, tmp_path / "gone"])
    numbers = [int(dcmread(one.key).InstanceNumber) for one in found]
    assert numbers == sorted(numbers)
    assert len(found) == 50
    reasons = {Path(name).name: reason for name, reason in refused}
    assert set(reasons) == {"DICOMDIR", "twice", "text", "gone"}
    assert "another file" in reasons["twice"]


def test_what_belongs_to_no_study_is_refused(pydicom_data: Path) -> None:
    with pytest.raises(ChiasmError, match="UID"):
        located(pydicom_data / "test_files" / "dicomdirtests" / "DICOMDIR")
