"""Routing over DIMSE: to a node that commits itself, to DCMTK that does not, to one that is away."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chiasm.errors import ServiceError
from chiasm.model import Source
from chiasm.net.dimse_commitment import Commitment, Reference, Reports, event_report, read_report
from chiasm.net.dimse_server import DimseSettings, serve_dimse
from chiasm.net.dimse_storage import Storage, storage_classes, transfer_syntaxes
from chiasm.net.routing_dimse import DimseDeliverer
from chiasm.services.archive import Archive, Settings
from chiasm.services.delivery import Delivery, Reply
from chiasm.services.routing_rules import Destination
from chiasm.store.queue import Item, State

Work = Callable[[Archive, list[Item]], Awaitable[Any]]


def items_of(archive: Archive, *, accepted: bool = False) -> Awaitable[list[Item]]:
    async def made() -> list[Item]:
        studies = [one.study for one in await archive.find(_ALL)]
        locations = await archive.locations(studies=studies)
        return [
            Item(number, "X", one, "", State.SENDING, 0, 1, 0.0, accepted, "", "", "", 0.0, 0.0)
            for number, one in enumerate(locations)
        ]

    return made()


def _all() -> Any:
    from chiasm.model import Level, Query

    return Query(Level.STUDY)


_ALL = _all()


def run(folder: Path, files: list[Path], work: Work) -> Any:
    async def whole() -> Any:
        archive = await Archive.open(Settings(folder / "source"))
        try:
            for path in files:
                await archive.receive_file(path.read_bytes(), Source("import"))
            return await work(archive, await items_of(archive))
        finally:
            await archive.close()

    return asyncio.run(whole())


async def delivered(deliverer: DimseDeliverer, items: list[Item]) -> list[Delivery]:
    return [one async for one in deliverer.deliver(items)]


@pytest.fixture
def files(pydicom_data: Path) -> list[Path]:
    return [pydicom_data / "test_files" / name for name in ("CT_small.dcm", "MR_small_RLE.dcm")]


@pytest.mark.parametrize(
    ("commitment", "rests"), [("auto", "storage commitment"), ("no", "C-STORE status 0000")]
)
def test_a_peer_that_offers_commitment_confirms(
    tmp_path: Path, files: list[Path], commitment: str, rests: str
) -> None:
    async def work(archive: Archive, items: list[Item]) -> list[Delivery]:
        other = await Archive.open(Settings(tmp_path / "other"))
        service = Commitment(other, "OTHER", {})
        handlers = {**dict.fromkeys(storage_classes(), Storage(other)), "1.2.840.10008.1.20.1": service}
        server = await serve_dimse("127.0.0.1", 0, handlers, DimseSettings(), syntaxes=transfer_syntaxes())
        to = Destination("X", "OTHER", "127.0.0.1", server.port, commitment=commitment)
        try:
            told = await delivered(DimseDeliverer(archive, to, "CHIASM", Reports()), items)
            again = await delivered(DimseDeliverer(archive, to, "CHIASM", Reports()), items)
            held = {one.study for one in await other.find(_ALL)}
            assert held == {one.location.study for one in items}
            assert {one.reply for one in again} == {Reply.DELIVERED}
            return told
        finally:
            await service.close()
            await server.close()
            await other.close()

    told = run(tmp_path, files, work)
    assert [(one.reply, one.confirmed_by) for one in told] == [(Reply.DELIVERED, rests)] * 2


def test_a_peer_that_no_longer_has_it_gets_it_anew(tmp_path: Path, files: list[Path]) -> None:
    async def work(archive: Archive, items: list[Item]) -> list[Delivery]:
        other = await Archive.open(Settings(tmp_path / "other"))
        service = Commitment(other, "OTHER", {})
        handlers = {**dict.fromkeys(storage_classes(), Storage(other)), "1.2.840.10008.1.20.1": service}
        server = await serve_dimse("127.0.0.1", 0, handlers, DimseSettings(), syntaxes=transfer_syntaxes())
        to = Destination("X", "OTHER", "127.0.0.1", server.port)
        try:
            accepted = await items_of(archive, accepted=True)
            return await delivered(DimseDeliverer(archive, to, "CHIASM", Reports()), accepted)
        finally:
            await service.close()
            await server.close()
            await other.close()

    told = run(tmp_path, files, work)
    assert {(one.reply, one.status) for one in told} == {(Reply.LATER, "0112")}


@pytest.fixture
def storescp(needs_tool: Callable[[str], str], tmp_path: Path) -> Iterator[int]:
    """DCMTK's storescp, uncompressed alone; its port."""
    (tmp_path / "got").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [needs_tool("storescp"), "-od", str(tmp_path / "got"), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    yield port
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    ("commitment", "reply"), [("auto", Reply.DELIVERED), ("yes", Reply.ACCEPTED), ("no", Reply.DELIVERED)]
)
def test_a_peer_without_commitment(
    storescp: int, tmp_path: Path, files: list[Path], commitment: str, reply: Reply
) -> None:
    to = Destination("X", "SCP", "127.0.0.1", storescp, commitment=commitment)

    async def work(archive: Archive, items: list[Item]) -> list[Delivery]:
        return await delivered(DimseDeliverer(archive, to, "CHIASM", Reports()), items)

    told = run(tmp_path, files, work)
    assert [one.reply for one in told] == [reply] * 2
    assert len(list((tmp_path / "got").iterdir())) == 2


def test_a_peer_that_is_away_leaves_all_untold(tmp_path: Path, files: list[Path]) -> None:
    async def work(archive: Archive, items: list[Item]) -> list[Delivery]:
        to = Destination("X", "SCP", "127.0.0.1", 1)
        with pytest.raises(ServiceError, match="cannot connect"):
            await delivered(DimseDeliverer(archive, to, "CHIASM", Reports()), items)
        return []

    run(tmp_path, files, work)


def test_reports_are_heard_once_and_by_whom_they_concern() -> None:
    async def heard() -> list[Reference]:
        reports = Reports()
        future = reports.expect("1.2")
        assert not reports.hear("9.9", [])
        judged = [Reference("1.1", "1.2.3"), Reference("1.1", "1.2.4", 0x0112)]
        _, data = event_report("1.2", judged)
        assert reports.hear(*read_report(data))
        assert not reports.hear("1.2", [])
        reports.forget("1.2")
        return await future

    assert asyncio.run(heard()) == [Reference("1.1", "1.2.3"), Reference("1.1", "1.2.4", 0x0112)]
