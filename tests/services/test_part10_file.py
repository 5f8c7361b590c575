"""Part 10 files received: what is kept of them, and what is refused."""

import asyncio

import pytest

from chiasm import dicom
from chiasm.errors import ServiceError
from chiasm.model import Source
from chiasm.services import part10_file
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


def test_a_plain_file_is_known_as_the_whole_reading_knows_it(pydicom_files):
    known = 0
    for path in pydicom_files:
        head = path.read_bytes()[: 1 << 16]
        plain = part10_file._plain(head)
        if plain is not None:
            known += 1
            assert plain == part10_file._about(head), path.name
    assert known > 80


@pytest.mark.parametrize("size", [1, 700, 1 << 16, 1 << 20])
def test_pieces_are_handed_on_once_it_is_known_what_they_are_of(pydicom_data, size):
    whole = (pydicom_data / "test_files/CT_small.dcm").read_bytes() + bytes(200_000)
    given = []

    class Taking:
        def receive(self, **about):
            given.append(about)
            return self

        def write(self, data):
            given.append(bytes(data))

        def complete_soon(self, then):
            return False

        def abandon(self):
            given.append("abandoned")

    reception = part10_file.FileReception(Taking(), Source("web"), "1.2")
    for start in range(0, len(whole), size):
        reception.write(whole[start : start + size])
    assert not reception.complete_soon(print)
    about, *pieces = given
    start = data_set_start(whole)
    assert (about["study"], about["header"]) == ("1.2", bytes(128) + whole[128:start])
    assert b"".join(pieces) == whole[start:]
    reception.abandon()
    assert given[-1] == "abandoned"


def test_a_refusal_takes_no_more_and_is_told_both_ways():
    class Closed:
        def receive(self, **about):
            raise ServiceError("out-of-resources", "the disk is full")

    reception = part10_file.FileReception(Closed(), Source("web"))
    for _ in range(3):
        reception.write(bytes(70_000))
    told = []
    assert reception.complete_soon(told.append)
    assert told == [asyncio.run(reception.complete())]
    assert (told[0].verdict, told[0].failure) == ("refused", "not-understood")
    reception.abandon()
