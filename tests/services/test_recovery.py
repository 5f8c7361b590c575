"""What a process that fell has left is taken up by the next one."""

import asyncio
import shutil

from chiasm.model import Event, Source
from chiasm.services.archive import Archive, Settings
from chiasm.services.recovery import location_of


def filled(folder, files):
    async def run():
        archive = await Archive.open(Settings(folder))
        for path in files:
            assert (await archive.receive_file(path.read_bytes(), Source("import"))).verdict == "stored"
        await archive.settle()
        keys = [key async for key, _ in archive.objects.listed()]
        await archive.close()
        return keys

    return asyncio.run(run())


def held(folder):
    async def run():
        archive = await Archive.open(Settings(folder))
        try:
            return archive.index.statistics()["instances"]
        finally:
            await archive.close()

    return asyncio.run(run())


def files(pydicom_data):
    return [pydicom_data / "test_files" / name for name in ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm")]


def test_an_index_that_is_gone_is_made_anew(tmp_path, pydicom_data):
    filled(tmp_path, files(pydicom_data))
    for path in tmp_path.glob("index.sqlite*"):
        path.unlink()
    assert held(tmp_path) == 3


def test_an_index_of_yesterday_catches_up(tmp_path, pydicom_data):
    first, *rest = files(pydicom_data)
    filled(tmp_path, [first])
    shutil.copy(tmp_path / "index.sqlite", tmp_path / "yesterday")
    filled(tmp_path, rest)
    for path in tmp_path.glob("index.sqlite*"):
        path.unlink()
    shutil.copy(tmp_path / "yesterday", tmp_path / "index.sqlite")
    assert held(tmp_path) == 3


def test_an_object_that_is_not_whole_is_not_found(tmp_path, pydicom_data):
    [key] = filled(tmp_path, files(pydicom_data)[:1])
    path = tmp_path / "objects" / key
    path.write_bytes(path.read_bytes()[:-1])
    for one in tmp_path.glob("index.sqlite*"):
        one.unlink()
    assert held(tmp_path) == 0


def test_only_stored_objects_have_a_place():
    assert location_of(Event("refused", "", Source("dimse"), {})) is None
