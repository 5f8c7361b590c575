"""What a process that fell has left is taken up by the next one."""

import asyncio
import shutil

import pytest

from chiasm.errors import ServiceError, UsageError
from chiasm.model import Event, Source
from chiasm.services.archive import Archive, Settings
from chiasm.services.recovery import is_shared, location_of, open_journal, see_bucket
from chiasm.services.verification import verify_archive
from chiasm.store.landing import landed
from chiasm.store.objects_remote import RemoteObjects


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


def test_a_bucket_is_one_archives_own(tmp_path, caplog):
    objects = RemoteObjects(f"file://{tmp_path}", tmp_path / "scratch", {})
    with pytest.raises(UsageError, match="not the bucket"):
        see_bucket(objects, "this", empty=False)  # it is that of some archive that has lost its objects
    see_bucket(objects, "this", empty=True)
    see_bucket(objects, "this", empty=False)
    for empty in (True, False):
        with pytest.raises(UsageError, match="not the bucket"):
            see_bucket(objects, "other", empty=empty)
    options = {
        "endpoint": "http://127.0.0.1:9",
        "access_key_id": "x",
        "secret_access_key": "y",
        "region": "z",
    }
    away = RemoteObjects("s3://none", tmp_path, options)
    with pytest.raises(ServiceError):
        see_bucket(away, "this", empty=True)
    see_bucket(away, "this", empty=False)
    assert "cannot be looked at" in caplog.text


def test_only_stored_objects_have_a_place():
    assert location_of(Event("refused", "", Source("dimse"), {})) is None


@pytest.fixture
def landed_only(tmp_path, pydicom_data):
    """What a power cut leaves of an archive at worst: the log alone, no file and no record beside it."""
    live, after = tmp_path / "live", tmp_path / "after"

    async def run():
        archive = await Archive.open(Settings(live))
        for path in files(pydicom_data):
            assert (await archive.receive_file(path.read_bytes(), Source("import"))).verdict == "stored"
        for log in (live / "journal").glob("*/landing-*"):
            (after / log.parent.relative_to(live)).mkdir(parents=True, exist_ok=True)
            shutil.copy(log, after / log.relative_to(live))
        await archive.close()

    asyncio.run(run())
    [chain] = (after / "journal").iterdir()
    assert len(list(landed(chain))) == 3
    return live, after, chain


def whole(folder):
    return sorted(path.read_bytes() for path in (folder / "objects").rglob("*.dcm"))


def test_what_has_only_landed_is_brought_home(landed_only):
    live, after, chain = landed_only
    assert held(after) == 3
    assert whole(after) == whole(live)
    assert list(landed(chain)) == []
    assert [one for one in verify_archive(Settings(after)).findings if one.severity == "error"] == []


def test_verify_brings_it_home_too(landed_only):
    _, after, chain = landed_only
    report = verify_archive(Settings(after), repair=True)
    assert report.objects == 3
    assert list(landed(chain)) == []
    assert held(after) == 3


def test_a_torn_last_object_was_never_acknowledged_and_leaves_nothing(landed_only):
    live, after, chain = landed_only
    log = chain / "landing-0"
    last = list(landed(chain))[-1]
    data = bytearray(log.read_bytes())
    data[data.index(last.content) + len(last.content) // 2] ^= 1
    log.write_bytes(data)
    assert held(after) == 2
    assert len(whole(after)) == 2
    assert set(whole(after)) < set(whole(live))


def test_files_and_records_that_reached_their_place_half_are_made_whole(landed_only):
    live, after, chain = landed_only
    one, two, _ = sorted((live / "objects").rglob("*.dcm"))
    for path, size in ((one, None), (two, 100)):
        into = after / path.relative_to(live)
        into.parent.mkdir(parents=True, exist_ok=True)
        into.write_bytes(path.read_bytes()[:size])
    journal = next((live / "journal" / chain.name).glob("*.log"))
    (chain / journal.name).write_bytes(journal.read_bytes()[:700])
    assert held(after) == 3
    assert whole(after) == whole(live)


def test_a_first_block_that_was_being_blanked_does_not_hide_what_follows(landed_only):
    live, after, chain = landed_only
    shutil.copytree(live / "objects", after / "objects")  # all is settled but the last
    *_, last = landed(chain)
    for path in (after / "objects").rglob("*.dcm"):
        if path.read_bytes() == last.content:
            path.unlink()
    log = chain / "landing-0"
    data = bytearray(log.read_bytes())
    data[1024:4096] = bytes(3072)
    log.write_bytes(data)
    assert held(after) == 3
    assert whole(after) == whole(live)


@pytest.mark.parametrize(
    ("database", "place", "shared"),
    [
        ("postgresql://host/name", "s3://bucket", True),
        ("postgresql+psycopg://host/name", "gs://bucket", True),
        ("postgresql://host/name", "", False),
        ("postgresql://host/name", "/srv/objects", False),
        ("", "s3://bucket", False),
    ],
)
def test_nodes_share_a_journal_where_they_share_all_else(database, place, shared):
    assert is_shared(database, place) is shared


def test_a_journal_in_files_is_not_left_behind_unseen(tmp_path, pydicom_data):
    filled(tmp_path, files(pydicom_data)[:1])
    with pytest.raises(UsageError, match="lies in files"):
        open_journal(tmp_path / "journal", "postgresql://host/name", "s3://bucket", None, None)
