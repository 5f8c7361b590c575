"""Part 10 files received: what is kept of them, and what is refused."""

import asyncio

import pytest

from chiasm import dicom
from chiasm.model import Source
from chiasm.services.archive import Archive, Settings
from chiasm.services.part10_file import data_set_start


def received(folder, data):
    async def run():
        archive = await Archive.open(Settings(folder))
        try:
            outcome = await archive.receive_file(data, Source("import", "test"))
            if outcome.verdict == "refused":
                return outcome, None, None
            [location] = await archive.locations(instances=[outcome.sop_instance])
            return outcome, location, await archive.read(location)
        finally:
            await archive.close()

    return asyncio.run(run())


def test_meta_group_and_data_set_are_kept_and_the_preamble_is_cleared(tmp_path, pydicom_data):
    whole = (pydicom_data / "test_files/CT_small.dcm").read_bytes()
    assert whole[:4] == b"II*\0"  # the sample is a TIFF file as well: PS3.10 §7.5
    outcome, location, stored = received(tmp_path, whole)
    assert outcome.verdict == "stored"
    assert stored[:128] == bytes(128)
    assert stored[128:] == whole[128:]
    assert location.offset == data_set_start(whole)


def test_it_is_received_in_pieces_of_any_size(tmp_path, pydicom_data):
    whole = (pydicom_data / "test_files/MR_small.dcm").read_bytes()

    async def pieces():
        for start in range(0, len(whole), 777):
            yield whole[start : start + 777]

    outcome, _, stored = received(tmp_path, pieces())
    assert outcome.verdict == "stored"
    assert stored[128:] == whole[128:]


def test_a_bare_data_set_gets_a_meta_group(tmp_path, pydicom_data):
    whole = (pydicom_data / "test_files/CT_small.dcm").read_bytes()
    outcome, location, stored = received(tmp_path, whole[data_set_start(whole) :])
    assert outcome.verdict == "stored"
    package = dicom.parse(stored)
    assert package.header.get(0x00020003) == outcome.sop_instance
    assert stored[location.offset :] == whole[data_set_start(whole) :]


@pytest.mark.parametrize(
    ("data", "failure"),
    [(b"", "not-understood"), (b"hello", "not-understood"), (bytes(128) + b"DICM", "mismatch")],
)
def test_what_is_no_object_is_refused_with_the_reason(tmp_path, data, failure):
    outcome, _, _ = received(tmp_path, data)
    assert (outcome.verdict, outcome.failure) == ("refused", failure)
    assert outcome.message


def test_the_start_of_the_data_set_is_that_which_pydicom_finds(pydicom_files):
    import pydicom

    for path in pydicom_files:
        whole = path.read_bytes()
        start = data_set_start(whole)
        if start:
            with path.open("rb") as file:
                meta = pydicom.filereader.read_preamble(
                    file, False
                ) and pydicom.filereader._read_file_meta_info(file)
                assert file.tell() == start, path.name
                assert meta
