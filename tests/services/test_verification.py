"""What `verify` sees of damage, and what it makes good."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import psycopg
import pydicom
import pytest
from pydicom.dataset import Dataset

from chiasm.errors import UsageError
from chiasm.model import Source
from chiasm.services.archive import Archive, Settings
from chiasm.services.reception import Reception
from chiasm.services.verification import verify_archive
from chiasm.store.segments import HEAD

CT = "1.2.840.10008.5.1.4.1.1.2"


async def began(archive: Archive, number: int) -> Reception:
    """One object that was sent and is not yet acknowledged."""
    one = Dataset()
    one.SOPClassUID, one.SOPInstanceUID = CT, f"1.2.{number}"
    one.StudyInstanceUID, one.SeriesInstanceUID, one.PatientID = "1.2", "1.3", "P"
    out = io.BytesIO()
    pydicom.dcmwrite(out, one, implicit_vr=False, little_endian=True)
    reception = archive.receive(
        sop_class=CT,
        sop_instance=f"1.2.{number}",
        transfer_syntax="1.2.840.10008.1.2.1",
        source=Source("dimse", "SCANNER"),
    )
    reception.write(out.getvalue())
    return reception


async def fill(place: Settings) -> None:
    archive = await Archive.open(place)
    for number in range(6):
        await (await began(archive, number)).complete()
    await archive.close()


@pytest.fixture
def place(tmp_path: Path) -> Settings:
    """An archive of six objects, closed."""
    asyncio.run(fill(Settings(tmp_path)))
    return Settings(tmp_path)


def rules(place: Settings, **how: bool) -> list[str]:
    return [one.rule for one in verify_archive(place, **how).findings]


def files(place: Settings) -> list[Path]:
    return sorted((place.data / "objects").glob("*/*.dcm"))


def test_a_sound_archive_has_no_findings(place: Settings) -> None:
    report = verify_archive(place)
    assert (report.findings, report.objects, report.records) == ([], 6, 6)


def test_objects_that_are_gone_changed_or_unnamed_are_told(place: Settings) -> None:
    gone, changed = files(place)[:2]
    gone.unlink()
    data = bytearray(changed.read_bytes())
    data[-1] ^= 1
    changed.write_bytes(data)
    (place.data / "objects" / gone.parent.name / "stray.dcm").write_bytes(b"x")
    assert sorted(rules(place)) == ["object-changed", "object-missing", "object-unreferenced"]
    assert sorted(rules(place, quick=True)) == ["object-missing", "object-unreferenced"]


@pytest.mark.parametrize("damage", ["lost", "broken"])
def test_the_index_is_made_anew_from_journal_and_objects(place: Settings, damage: str) -> None:
    for path in place.data.glob("index.sqlite*"):
        path.unlink()
    if damage == "broken":
        (place.data / "index.sqlite").write_bytes(b"no database " * 1000)
    assert rules(place) == ["index-missing" if damage == "lost" else "index-broken"]
    report = verify_archive(place, repair=True)
    assert (report.repaired, report.findings) == (6, [])
    assert rules(place) == []


def test_a_record_changed_in_the_middle_is_told_and_nothing_is_removed(place: Settings) -> None:
    (path,) = (place.data / "journal").glob("*/*.log")
    data = bytearray(path.read_bytes())
    data[HEAD.size + 60] ^= 1
    path.write_bytes(data)
    assert "journal-broken" in rules(place)
    report = verify_archive(place, repair=True)
    assert report.removed == 0
    assert len(files(place)) == 6


def test_no_repair_while_a_node_runs(place: Settings) -> None:
    async def run() -> None:
        archive = await Archive.open(place)
        try:
            with pytest.raises(UsageError, match="a node runs"):
                await asyncio.to_thread(verify_archive, place, repair=True)
        finally:
            await archive.close()

    asyncio.run(run())


@pytest.fixture
def shared(postgres_database: str, tmp_path: Path) -> Settings:
    """An archive of six objects that nodes share, closed: its bucket is a folder."""
    (tmp_path / "bucket").mkdir()
    place = Settings(tmp_path / "own", postgres_database, f"file://{tmp_path / 'bucket'}")
    asyncio.run(fill(place))
    return place


def in_bucket(place: Settings) -> list[Path]:
    return sorted(Path(place.objects.removeprefix("file://")).glob("*/*.dcm"))


def test_a_shared_archive_is_checked_as_any_other(shared: Settings) -> None:
    report = verify_archive(shared)
    assert (report.findings, report.objects, report.records) == ([], 6, 6)
    gone, changed = in_bucket(shared)[:2]
    gone.unlink()
    changed.write_bytes(changed.read_bytes()[:-1] + b"x")
    gone.with_name("stray.dcm").write_bytes(b"x")
    assert sorted(rules(shared)) == ["object-changed", "object-missing", "object-unreferenced"]
    assert sorted(rules(shared, quick=True)) == ["object-missing", "object-unreferenced"]


def test_the_index_of_a_shared_archive_is_made_anew(shared: Settings) -> None:
    with psycopg.connect(shared.database, autocommit=True) as connection:
        connection.execute("DELETE FROM instance WHERE uid = '1.2.3'")
    assert rules(shared) == ["index-lacks"]
    stray = in_bucket(shared)[0].with_name("stray.dcm")
    stray.write_bytes(b"x")
    report = verify_archive(shared, repair=True)
    assert (report.repaired, report.removed) == (6, 0)  # another archive may lie in the same bucket
    assert rules(shared) == ["object-unreferenced"]
    stray.unlink()

    async def found() -> int:
        archive = await Archive.open(shared)
        try:
            with pytest.raises(UsageError, match="a node runs"):
                await asyncio.to_thread(verify_archive, shared, repair=True)
            return len(await archive.locations(studies=["1.2"]))
        finally:
            await archive.close()

    assert asyncio.run(found()) == 6


def test_one_object_that_two_nodes_took_at_once_is_no_fault(shared: Settings) -> None:
    """Each has uploaded and recorded it before it could know of the other's."""

    async def both() -> list[str]:
        nodes = [await Archive.open(shared), await Archive.open(shared)]
        try:
            taken = [await began(node, 7) for node in nodes]
            outcomes = await asyncio.gather(*(one.complete() for one in taken))
            return sorted(one.verdict for one in outcomes)
        finally:
            for node in nodes:
                await node.close()

    verdicts = asyncio.run(both())
    assert verdicts in (["stored", "stored"], ["identical", "stored"])
    assert rules(shared) == []
