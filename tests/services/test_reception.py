"""One object being received: its checks, its header, its outcome."""

import asyncio
import io

import pydicom
import pytest

from chiasm import dicom
from chiasm.errors import ServiceError
from chiasm.model import Source
from chiasm.services.archive import Archive, Settings
from chiasm.services.part10_file import data_set_start
from chiasm.services.reception import header_for

SOURCE = Source("dimse", "CT1", "10.0.0.1:5000", "CHIASM")
CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"


def test_the_header_is_one_that_pydicom_reads():
    header = header_for(CT, "1.2.3", EXPLICIT, SOURCE)
    file = io.BytesIO(header)
    pydicom.filereader.read_preamble(file, False)
    meta = pydicom.filereader._read_file_meta_info(file)
    assert file.tell() == len(header) == 144 + meta.FileMetaInformationGroupLength
    assert (meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID) == (CT, "1.2.3")
    assert (meta.TransferSyntaxUID, meta.SourceApplicationEntityTitle) == (EXPLICIT, "CT1")
    assert (
        "SourceApplicationEntityTitle"
        not in pydicom.dcmread(
            io.BytesIO(header_for(CT, "1.2.3", EXPLICIT, Source("web"))), force=True
        ).file_meta
    )


@pytest.fixture
def image(pydicom_data):
    whole = (pydicom_data / "test_files/CT_small.dcm").read_bytes()
    data = whole[data_set_start(whole) :]
    return str(pydicom.dcmread(io.BytesIO(whole)).SOPInstanceUID), data


def receiving(folder, work, **settings):
    async def run():
        archive = await Archive.open(Settings(folder, **settings))
        try:
            return await work(archive)
        finally:
            await archive.close()

    return asyncio.run(run())


def begin(archive, uid, sop_class=CT):
    return archive.receive(sop_class=sop_class, sop_instance=uid, transfer_syntax=EXPLICIT, source=SOURCE)


def test_an_abandoned_object_leaves_nothing(tmp_path, image):
    async def work(archive):
        reception = begin(archive, image[0])
        reception.write(image[1][:20_000])
        reception.abandon()
        await archive.settle()
        return [key async for key, _ in archive.objects.listed()], archive.index.statistics()["instances"]

    assert receiving(tmp_path, work) == ([], 0)


@pytest.mark.parametrize(("uid", "sop_class"), [("1.2.3", CT), (None, "1.2.840.10008.5.1.4.1.1.4")])
def test_what_was_announced_otherwise_is_a_mismatch(tmp_path, image, uid, sop_class):
    async def work(archive):
        reception = begin(archive, uid or image[0], sop_class)
        reception.write(image[1])
        outcome = await reception.complete()
        return outcome, [key async for key, _ in archive.objects.listed()]

    outcome, keys = receiving(tmp_path, work)
    assert (outcome.verdict, outcome.failure, keys) == ("refused", "mismatch", [])


@pytest.mark.parametrize(("rule", "verdict"), [("version", "version"), ("refuse", "refused")])
def test_another_object_under_the_same_uid(tmp_path, image, rule, verdict):
    async def work(archive):
        verdicts = []
        for data in (image[1], image[1][:-2] + b"zz", image[1]):
            reception = begin(archive, image[0])
            reception.write(data)
            verdicts.append((await reception.complete()).verdict)
        await archive.settle()
        return verdicts

    found = receiving(tmp_path, work, duplicates=rule)
    assert found[:2] == ["stored", verdict]


def soon(archive, data, uid, **more):
    """What `complete_soon` says at once, and a list of what it tells then."""
    reception, told = begin(archive, uid, **more), []
    reception.write(data)
    return reception, reception.complete_soon(told.append), told


async def until(told):
    async with asyncio.timeout(20):
        while not told:
            await asyncio.sleep(0.001)
    return told


def test_an_object_is_kept_without_waiting_once_it_is_durable(tmp_path, image):
    async def work(archive):
        _, begun, told = soon(archive, image[1], image[0])
        before, sequence = list(told), archive.journal.sequence
        await until(told)
        assert archive.journal.sequence == sequence + 1
        [location] = await archive.locations(instances=[image[0]])
        return begun, before, told, (await archive.read(location))[location.offset :]

    begun, before, [outcome], kept = receiving(tmp_path, work)
    assert (begun, before) == (True, [])
    assert (outcome.verdict, outcome.sop_instance, kept) == ("stored", *image)


def test_an_index_that_fails_is_told(tmp_path, image, monkeypatch):
    def gone(*_):
        raise ServiceError("unavailable", "the index does not answer")

    async def work(archive):
        monkeypatch.setattr(archive.index, "held_of", gone)
        monkeypatch.setattr(archive.index, "holds", gone)
        monkeypatch.setattr(archive.index, "instance", gone)
        reception, begun, _ = soon(archive, image[1], image[0])
        return begun, await reception.complete()

    begun, outcome = receiving(tmp_path, work)
    assert not begun
    assert (outcome.verdict, outcome.failure) == ("refused", "unavailable")


def test_what_takes_more_is_told_as_well(tmp_path, image):
    async def work(archive):
        _, _, told = soon(archive, image[1], image[0])
        same, begun, _ = soon(archive, image[1], image[0])  # its turn is not over
        assert not begun
        assert (await same.complete()).verdict == "identical"
        await until(told)
        await archive.settle()
        for data, uid, verdict in (
            (image[1], image[0], "identical"),
            (image[1][:-2] + b"zz", image[0], "version"),
        ):
            _, begun, told = soon(archive, data, uid)
            assert begun
            assert [one.verdict for one in await until(told)] == [verdict]
        for data, uid in ((image[1], "1.2.3"), (b"no data set at all, but long enough", "1.2.4")):
            refused, begun, told = soon(archive, data, uid)
            assert not begun
            assert ((await refused.complete()).verdict, told) == ("refused", [])

    receiving(tmp_path, work)


def test_a_journal_that_cannot_be_written_is_told_and_nothing_is_left(tmp_path, image, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    async def work(archive):
        with monkeypatch.context() as patch:
            patch.setattr("chiasm.store.direct_writes.DirectWrites.write", full)
            patch.setattr("os.pwritev", full)
            _, begun, told = soon(archive, image[1], image[0])
            [refused] = await until(told)
        assert begun
        _, begun, told = soon(archive, image[1], image[0])  # its turn is free again
        assert begun
        return refused, (await until(told))[0].verdict, [key async for key, _ in archive.objects.listed()]

    refused, verdict, keys = receiving(tmp_path, work)
    assert (refused.verdict, refused.failure) == ("refused", "out-of-resources")
    assert (verdict, len(keys)) == ("stored", 1)


@pytest.mark.parametrize("waits", [True, False])
def test_what_is_of_another_study_than_was_said_is_refused(tmp_path, image, waits):
    async def work(archive):
        verdicts = []
        for study in ("1.2.3", str(dicom.parse(image[1]).get("StudyInstanceUID"))):
            reception = archive.receive(
                sop_class=CT, sop_instance=image[0], transfer_syntax=EXPLICIT, source=SOURCE, study=study
            )
            reception.write(image[1])
            told = []
            if waits or not reception.complete_soon(told.append):
                told.append(await reception.complete())
            [outcome] = await until(told)
            verdicts.append((outcome.verdict, outcome.failure))
        return verdicts

    assert receiving(tmp_path, work) == [("refused", "mismatch"), ("stored", "")]


def test_an_object_larger_than_what_is_held_of_it_is_whole(tmp_path, pydicom_data):
    image = pydicom.dcmread(pydicom_data / "test_files/CT_small.dcm")
    image.Rows = image.Columns = 1200
    image.PixelData = bytes(range(256)) * (1200 * 1200 * 2 // 256)
    out = io.BytesIO()
    image.save_as(out)
    whole = out.getvalue()

    async def work(archive):
        outcome = await archive.receive_file(whole, SOURCE)
        [location] = await archive.locations(instances=[outcome.sop_instance])
        return await archive.read(location)

    assert receiving(tmp_path, work)[128:] == whole[128:]


def test_a_full_disk_is_told_and_receiving_goes_on(tmp_path, image, monkeypatch):
    async def work(archive):
        def full(self, key):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("chiasm.services.keeping._AGAIN", 0.01)
        with monkeypatch.context() as patch:
            patch.setattr("chiasm.store.objects_local.LocalObjects.open", full)
            reception = begin(archive, image[0])
            reception.write(image[1])
            first = await reception.complete()
            await asyncio.sleep(0)
            with pytest.raises(ServiceError) as caught:
                begin(archive, image[0])
            with pytest.raises(ServiceError):
                await archive.settle()
        async with asyncio.timeout(20):
            while archive.trouble:
                await asyncio.sleep(0.01)
        reception = begin(archive, image[0])
        reception.write(image[1])
        second = await reception.complete()
        [location] = await archive.locations(instances=[first.sop_instance])
        return first, caught.value, second, (await archive.read(location))[location.offset :]

    first, refusal, second, kept = receiving(tmp_path, work)
    assert first.verdict == "stored"  # it is durable in the log
    assert refusal.failure.name == "out-of-resources"
    assert second.verdict == "identical"
    assert kept == image[1]


def test_what_has_no_room_until_the_node_ends_is_found_by_the_next(tmp_path, image, monkeypatch):
    def full(self, key):
        raise OSError(28, "No space left on device")

    async def work(archive):
        reception = begin(archive, image[0])
        reception.write(image[1])
        return await reception.complete()

    monkeypatch.setattr("chiasm.store.journal_files._PATIENCE", 0.01)
    with monkeypatch.context() as patch:
        patch.setattr("chiasm.store.objects_local.LocalObjects.open", full)
        outcome = receiving(tmp_path, work)
    assert outcome.verdict == "stored"

    async def after(archive):
        [location] = await archive.locations(instances=[outcome.sop_instance])
        return (await archive.read(location))[location.offset :]

    assert receiving(tmp_path, after) == image[1]


def test_no_object_is_begun_where_the_index_lags_too_far(tmp_path, image, monkeypatch):
    monkeypatch.setattr("chiasm.services.projection.BACKLOG", -1)

    async def work(archive):
        archive.projection.trouble = "the database is away"
        with pytest.raises(ServiceError) as caught:
            begin(archive, image[0])
        archive.projection.trouble = ""
        return caught.value.failure.name

    assert receiving(tmp_path, work) == "unavailable"
