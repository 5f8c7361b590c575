"""What the archive takes, what it refuses, and what it holds when it is opened again."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from chiasm.model import Level, Outcome, Query, Source, Verdict
from chiasm.model.query import Equals
from chiasm.services.archive import Archive, Settings

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
SENDER = Source("dimse", "SCANNER", "127.0.0.1", "CHIASM")


def data_set(uid: str, pixels: bytes = bytes(512), *, study: str = "1.2.3") -> bytes:
    """A small CT image as pydicom writes it."""
    one = Dataset()
    one.SOPClassUID, one.SOPInstanceUID = CT, uid
    one.StudyInstanceUID, one.SeriesInstanceUID = study, "1.2.3.4"
    one.PatientID, one.PatientName, one.Modality = "P1", "王^小东", "CT"
    one.SpecificCharacterSet = "ISO_IR 192"
    one.add_new(0x7FE00010, "OW", pixels)
    out = io.BytesIO()
    pydicom.dcmwrite(out, one, implicit_vr=False, little_endian=True)
    return out.getvalue()


@contextlib.asynccontextmanager
async def opened(folder: Path, **rules: str) -> AsyncIterator[Archive]:
    archive = await Archive.open(Settings(folder, **rules))
    try:
        yield archive
    finally:
        await archive.close()


async def give(archive: Archive, uid: str, data: bytes) -> Outcome:
    reception = archive.receive(sop_class=CT, sop_instance=uid, transfer_syntax=EXPLICIT, source=SENDER)
    for start in range(0, len(data), 300):
        reception.write(memoryview(data)[start : start + 300])
    return await reception.complete()


def test_an_object_is_kept_bit_for_bit_as_a_file_that_pydicom_opens(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as archive:
            data = data_set("1.2.3.4.5")
            outcome = await give(archive, "1.2.3.4.5", data)
            assert (outcome.verdict, outcome.study) == (Verdict.STORED, "1.2.3")
            (location,) = await archive.locations(studies=["1.2.3"])
            assert await archive.read(location, location.offset) == data
            path = archive.path(location)
            assert path is not None
            assert "1.2.3" not in str(path.relative_to(tmp_path))
            held = pydicom.dcmread(path)
            assert held.file_meta.TransferSyntaxUID == EXPLICIT
            assert held.file_meta.SourceApplicationEntityTitle == "SCANNER"
            assert str(held.PatientName) == "王^小东"
            assert len(await archive.find(Query(Level.STUDY))) == 1

    asyncio.run(run())


def test_the_same_object_again_is_success_and_stores_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as archive:
            data = data_set("1.2.5")
            outcomes = await asyncio.gather(*(give(archive, "1.2.5", data) for _ in range(4)))
            assert sorted(one.verdict for one in outcomes) == ["identical"] * 3 + ["stored"]
            await archive.settle()
            assert len(archive.index.versions("1.2.5")) == 1
        files = [path for path in (tmp_path / "objects").glob("*/*") if path.stat().st_size]
        assert len(files) == 1

    asyncio.run(run())


def test_what_postgresql_holds_is_asked_in_the_loop(
    tmp_path: Path, postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def known(archive: Archive) -> None:
        async with asyncio.timeout(30):
            while (asked := archive.index.instance_soon("1.2.5")) is None or not await asked:
                await asyncio.sleep(0.01)

    async def run() -> list[str]:
        async with opened(tmp_path, database=postgres_database) as archive:
            first = await give(archive, "1.2.5", data_set("1.2.5"))
            await archive.settle()
        async with opened(tmp_path, database=postgres_database) as archive:
            by_thread = await give(archive, "1.2.5", data_set("1.2.5"))
            await known(archive)
            monkeypatch.setattr(archive, "_ask", None)
            same = await give(archive, "1.2.5", data_set("1.2.5"))
            other = await give(archive, "1.2.5", data_set("1.2.5", b"\1" * 512))
            new = await give(archive, "1.2.6", data_set("1.2.6"))
            return [one.verdict for one in (first, by_thread, same, other, new)]

    assert asyncio.run(run()) == ["stored", "identical", "identical", "version", "stored"]


def test_what_comes_in_pieces_goes_into_the_log_meanwhile_and_is_kept_whole(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as archive:
            await give(archive, "1.2.4", data_set("1.2.4"))
            kept: list[tuple[str, bytes]] = []
            for number, size in enumerate((200_000, 600_000, 1_040_000, 1_300_000, 600_000)):
                uid, told = f"1.2.5.{number}", asyncio.get_running_loop().create_future()
                data = data_set(uid, os.urandom(size))
                reception = archive.receive(
                    sop_class=CT, sop_instance=uid, transfer_syntax=EXPLICIT, source=SENDER
                )
                for start in range(0, len(data), 130_000):
                    reception.write(memoryview(data)[start : start + 130_000])
                    await asyncio.sleep(0)
                if not reception.complete_soon(told.set_result):
                    told.set_result(await reception.complete())
                assert (await told).verdict == Verdict.STORED
                kept.append((uid, data))
            for uid, data in kept:
                (location,) = await archive.locations(instances=[uid])
                assert await archive.read(location, location.offset) == data

    asyncio.run(run())


async def give_soon(archive: Archive, uid: str, data: bytes, times: int) -> list[Outcome]:
    """The same object so often, all begun before any is whole, as four associations may send it."""
    loop, told = asyncio.get_running_loop(), []
    receptions = [
        archive.receive(sop_class=CT, sop_instance=uid, transfer_syntax=EXPLICIT, source=SENDER)
        for _ in range(times)
    ]
    for reception in receptions:
        reception.write(data)
        outcome: asyncio.Future[Outcome] = loop.create_future()
        if not reception.complete_soon(outcome.set_result):
            outcome.set_result(await reception.complete())
        told.append(outcome)
    return [await one for one in told]


def test_what_is_sent_by_several_at_once_is_kept_once_with_postgresql(
    tmp_path: Path, postgres_database: str
) -> None:
    async def run() -> tuple[list[str], list[str], int]:
        async with opened(tmp_path, database=postgres_database) as archive:
            async with asyncio.timeout(30):
                while (question := archive.ask("1.2.6", "1.2.99")) is None:  # the connection is being made
                    await asyncio.sleep(0.01)
            new: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            question.then(new.set_result)
            assert await new
            at_once = await give_soon(archive, "1.2.5", data_set("1.2.5"), 4)
            await archive.settle()
            late = archive.receive(
                sop_class=CT, sop_instance="1.2.7", transfer_syntax=EXPLICIT, source=SENDER
            )  # it asks before another brings the same
            late.write(data_set("1.2.7", bytes(40_000)))
            await give(archive, "1.2.7", data_set("1.2.7", bytes(40_000)))
            await archive.settle()
            await asyncio.sleep(0.05)
            told: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
            assert late.complete_soon(told.set_result)
            again = await give_soon(archive, "1.2.5", data_set("1.2.5"), 1)
            other = await give_soon(archive, "1.2.5", data_set("1.2.5", b"\1" * 512), 1)
            bad = await give_soon(archive, "1.2.8", b"no data set at all, but long enough", 1)
            after = [one.verdict.value for one in (await told, *again, *other, *bad)]
            await archive.settle()
            return [one.verdict.value for one in at_once], after, archive.index.statistics()["versions"]

    at_once, after, versions = asyncio.run(run())
    assert sorted(at_once) == ["identical"] * 3 + ["stored"]
    assert after == ["identical", "identical", "version", "refused"]
    assert versions == 3


@pytest.mark.parametrize(("rule", "verdict", "kept"), [("version", "version", 2), ("refuse", "refused", 1)])
def test_another_object_under_a_held_uid(tmp_path: Path, rule: str, verdict: str, kept: int) -> None:
    async def run() -> None:
        async with opened(tmp_path, duplicates=rule) as archive:
            await give(archive, "1.2.6", data_set("1.2.6"))
            outcome = await give(archive, "1.2.6", data_set("1.2.6", b"\1" * 512))
            assert outcome.verdict == verdict
            await archive.settle()
            assert len(archive.index.versions("1.2.6")) == kept

    asyncio.run(run())


def test_what_is_not_what_was_announced_is_refused_and_noted(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as archive:
            wrong = await give(archive, "1.2.7", data_set("1.2.8"))
            assert (wrong.verdict, wrong.failure) == (Verdict.REFUSED, "mismatch")
            orphan = await give(archive, "1.2.7", data_set("1.2.7", study=""))
            assert orphan.failure == "mismatch"
            garbage = await give(archive, "1.2.7", b"\xff" * 100)
            assert garbage.failure in {"not-understood", "mismatch"}
            assert [one.event.kind for one in archive.journal.read()] == ["refused"] * 3
            assert await archive.count(Query(Level.STUDY)) == 0
        assert not [path for path in (tmp_path / "objects").glob("*/*") if path.is_file()]

    asyncio.run(run())


def test_what_was_acknowledged_is_found_after_the_index_is_lost(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as archive:
            for number in range(5):
                await give(archive, f"1.2.9.{number}", data_set(f"1.2.9.{number}"))
        for path in tmp_path.glob("index.sqlite*"):
            path.unlink()
        async with opened(tmp_path) as archive:
            assert len(await archive.locations(studies=["1.2.3"])) == 5

    asyncio.run(run())


def test_what_is_asked_at_once_waits_for_what_was_acknowledged(tmp_path: Path) -> None:
    asked = Query(Level.STUDY, (Equals((0x00100020,), ("P1",)),))

    async def run() -> None:
        async with opened(tmp_path) as archive:
            await give(archive, "1.2.3.4.5", data_set("1.2.3.4.5"))
            known = archive.projection.position
            archive.projection.position = 0  # as if the index did not follow
            assert archive.find_at_once(asked) is None
            archive.projection.position = known
            await archive.settle()
            (found,) = archive.find_at_once(asked) or ()
            assert found.study == "1.2.3"
            for number in range(120):
                uid = f"1.2.3.4.6.{number}"
                await give(archive, uid, data_set(uid, study=f"1.2.3.5.{number}"))
            await archive.settle()
            assert archive.find_at_once(asked) is None  # there are many
            assert len(await archive.find(asked)) == 121
            assert len(archive.find_at_once(replace(asked, limit=50)) or ()) == 50

    asyncio.run(run())


def test_a_full_disk_is_told_and_receiving_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    async def run() -> None:
        async with opened(tmp_path) as archive:
            with monkeypatch.context() as full:

                def refuse(*_: object) -> int:
                    raise OSError(errno.ENOSPC, "No space left on device")

                full.setattr(os, "pwrite", refuse)
                full.setattr(os, "pwritev", refuse)
                outcome = await give(archive, "1.3.1", data_set("1.3.1"))
                assert (outcome.verdict, outcome.failure) == (Verdict.REFUSED, "out-of-resources")
            assert (await give(archive, "1.3.1", data_set("1.3.1"))).verdict == Verdict.STORED
            assert len(await archive.locations(instances=["1.3.1"])) == 1

    asyncio.run(run())
