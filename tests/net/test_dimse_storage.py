"""C-STORE into a real archive: what is acknowledged is held bit for bit, what is refused says why."""

import asyncio

import pytest

from chiasm import dicom
from chiasm.model import Equals, Level, Query
from chiasm.net.dimse_client import Proposal, connect
from chiasm.net.dimse_server import DimseSettings, serve_dimse
from chiasm.net.dimse_storage import VERIFICATION, Echo, Storage, storage_classes, transfer_syntaxes
from chiasm.services.archive import Archive, Settings
from chiasm.services.part10_file import data_set_start

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"


@pytest.fixture
def image(pydicom_data):
    """A CT's UID and the bytes of its data set."""
    path = pydicom_data / "test_files/CT_small.dcm"
    whole = path.read_bytes()
    return str(dicom.read_file(path).get("SOPInstanceUID")), whole[data_set_start(whole) :]


def storing(folder, work, told=None):
    async def run():
        archive = await Archive.open(Settings(folder))
        storage = Storage(archive, told) if told else Storage(archive)
        handlers = {VERIFICATION: Echo(), **dict.fromkeys(storage_classes(), storage)}
        server = await serve_dimse("127.0.0.1", 0, handlers, DimseSettings(), syntaxes=transfer_syntaxes())
        try:
            contexts = [Proposal(CT, (EXPLICIT,)), Proposal(VERIFICATION, (EXPLICIT,))]
            async with await connect(
                "127.0.0.1", server.port, calling="CT1", called="X", contexts=contexts
            ) as peer:
                return await work(archive, peer)
        finally:
            await server.close()
            await archive.close()

    return asyncio.run(run())


def test_an_object_is_held_bit_for_bit_and_found(tmp_path, image):
    uid, data = image
    counted = []

    async def work(archive, peer):
        assert await peer.echo() == 0
        assert (await peer.store(CT, uid, data)).status == 0
        found = await archive.find(Query(Level.INSTANCE, (Equals((0x00080018,), (uid,)),)))
        [location] = await archive.locations(instances=[uid])
        return found, location, await archive.read(location)

    found, location, stored = storing(tmp_path, work, lambda *one: counted.append(one))
    assert [one.instance for one in found] == [uid]
    assert stored[location.offset :] == data
    package = dicom.parse(stored)
    assert package.header.get(0x00020003) == uid
    assert package.header.get(0x00020016) == "CT1"
    assert [one[:2] for one in counted] == [("stored", "dimse")]


def test_the_same_again_is_success_and_kept_once(tmp_path, image):
    uid, data = image

    async def work(archive, peer):
        statuses = [(await peer.store(CT, uid, data)).status for _ in range(3)]
        await archive.settle()
        return statuses, archive.index.statistics()["versions"]

    assert storing(tmp_path, work) == ([0, 0, 0], 1)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda uid, data: ("1.2.3", data), 0xA900),  # announced under another UID
        (lambda uid, data: (uid, b"no data set at all, but long enough"), 0xC000),
    ],
)
def test_what_is_not_what_was_announced_is_refused(tmp_path, image, change, status):
    async def work(archive, peer):
        answer = await peer.store(CT, *change(*image))
        return answer.status, answer.error_comment, archive.index.statistics()["instances"]

    got, comment, held = storing(tmp_path, work)
    assert (got, held) == (status, 0)
    assert comment


def test_all_storage_classes_are_taken_and_others_are_not():
    classes = storage_classes()
    assert CT in classes
    assert "1.2.840.10008.5.1.4.1.1.104.1" in classes  # Encapsulated PDF
    assert "1.2.840.10008.1.20.1" not in classes  # Storage Commitment
    assert "1.2.840.10008.1.3.10" not in classes  # Media Storage Directory
    assert len(classes) > 150


def test_pynetdicom_knows_no_storage_class_that_is_not_taken():
    presentation = pytest.importorskip("pynetdicom.presentation")
    known = {context.abstract_syntax for context in presentation.AllStoragePresentationContexts}
    assert known <= set(storage_classes())
