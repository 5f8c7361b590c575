"""Retrieving: what the peer holds lies in files, what it does not give is told."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chiasm import dicom
from chiasm.errors import ServiceError
from chiasm.model import Level, Query, Source
from chiasm.model.holdings import Location
from chiasm.net import dimse_fetch
from chiasm.net.dimse_fetch import Moved, Plan, fetch, move, plan, words
from chiasm.net.dimse_folder import Kept
from chiasm.net.dimse_listing import Selection
from chiasm.net.dimse_retrieve import Destination
from chiasm.net.dimse_server import DimseSettings, serve_dimse
from chiasm.net.dimse_storage import VERIFICATION, Echo
from chiasm.net.dimse_transfer import Peer

CT = "1.2.840.10008.5.1.4.1.1.2"
FILES = ("JPEG2000.dcm", "rtdose_rle.dcm", "SC_rgb_jpeg_dcmtk.dcm", "image_dfl.dcm")


async def everything(port: int, folder: Path, selections: list[Selection], **options: Any) -> list[Kept]:
    peer = Peer("127.0.0.1", port, "CHIASM", "ASKER")
    planned = await plan(peer, selections, folder if options.pop("resume", False) else None)
    return [one async for one in fetch(peer, planned, folder, **options)]


async def holdings(archive: Any) -> list[Location]:
    await archive.settle()
    found = archive.index.find(Query(Level.STUDY))
    locations: list[Location] = await archive.locations(studies=[one.study for one in found])
    return locations


async def studies(archive: Any) -> list[Selection]:
    return [Selection(uid) for uid in sorted({one.study for one in await holdings(archive)})]


def test_every_object_comes_as_it_is_stored(dimse_node: Any, tmp_path: Path, pydicom_data: Path) -> None:
    async def work(port: int, archive: Any) -> tuple[list[Kept], dict[str, Any]]:
        for name in FILES:
            content = (pydicom_data / "test_files" / name).read_bytes()
            assert (await archive.receive_file(content, Source("import"))).verdict == "stored"
        kept = await everything(port, tmp_path / "out", await studies(archive), associations=3)
        held = {one.sop_instance: one for one in await holdings(archive)}
        bodies = {uid: await archive.read(one, one.offset) for uid, one in held.items()}
        return kept, {uid: (held[uid], bodies[uid]) for uid in held}

    kept, held = dimse_node(work)
    assert Counter(one.state for one in kept) == {"written": 7}
    for one in kept:
        assert one.path is not None
        location, body = held[one.sop_instance]
        assert one.path == tmp_path / "out" / location.study / f"{one.sop_instance}.dcm"
        package = dicom.read_file(one.path)
        assert package.header.get("TransferSyntaxUID") == location.transfer_syntax
        assert one.path.read_bytes()[package.header.stop :] == body


def test_again_brings_nothing_new_and_resuming_asks_for_what_is_missing(
    dimse_node: Any, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    async def work(port: int, archive: Any) -> list[Counter[str]]:
        selections = await studies(archive)
        first = await everything(port, out, selections)
        assert first[0].path is not None
        first[0].path.unlink()
        rounds = [first, await everything(port, out, selections, resume=True)]
        rounds.append(await everything(port, out, selections))
        rounds.append(await everything(port, out, selections, resume=True))
        return [Counter(one.state for one in kept) for kept in rounds]

    assert dimse_node(work) == [{"written": 3}, {"written": 1, "here": 2}, {"here": 3}, {"here": 3}]


def test_a_series_and_an_instance_of_it(dimse_node: Any, tmp_path: Path) -> None:
    async def work(port: int, archive: Any) -> list[list[Kept]]:
        [one, *_] = await holdings(archive)
        series = Selection(one.study, one.series)
        found = [await everything(port, tmp_path / "a", [series])]
        found.append(
            await everything(port, tmp_path / "b", [replace(series, instances=(one.sop_instance, "1.2.3"))])
        )
        return found

    of_series, of_instance = dimse_node(work)
    assert [one.state for one in of_series] == ["written"]
    assert [one.state for one in of_instance] == ["written"]


def test_what_the_peer_does_not_hold_is_told(dimse_node: Any, tmp_path: Path) -> None:
    async def work(port: int, archive: Any) -> list[Kept]:
        return await everything(port, tmp_path / "out", [Selection("1.2.3")])

    [kept] = dimse_node(work)
    assert (kept.state, kept.sop_instance) == ("failed", "study 1.2.3")
    assert "holds nothing" in kept.message


def test_what_the_peer_says_that_it_holds_and_does_not_give_is_told(dimse_node: Any, tmp_path: Path) -> None:
    async def work(port: int, archive: Any) -> list[Kept]:
        [one, *_] = await holdings(archive)
        series = Selection(one.study, one.series)
        planned = Plan([(series, frozenset({one.sop_instance, "1.2.3"}))], (one.sop_class,), 2)
        peer = Peer("127.0.0.1", port, "CHIASM")
        return [kept async for kept in fetch(peer, planned, tmp_path / "out")]

    kept = {one.sop_instance: one for one in dimse_node(work)}
    assert kept.pop("1.2.3").message.startswith("the peer said that all was done")
    assert [one.state for one in kept.values()] == ["written"]


def test_what_does_not_fit_the_contexts_is_told_by_the_peer_and_told_on(
    dimse_node: Any, tmp_path: Path
) -> None:
    async def work(port: int, archive: Any) -> list[Kept]:
        [selection, *_] = await studies(archive)
        planned = Plan([(selection, None)], ("1.2.840.10008.5.1.4.1.1.66.4",), None)
        peer = Peer("127.0.0.1", port, "CHIASM")
        return [kept async for kept in fetch(peer, planned, tmp_path / "out")]

    [kept] = dimse_node(work)
    assert kept.state == "failed"
    assert kept.message


class Cutting:
    """Before a node: cuts the connections of these numbers after so many bytes of the node's."""

    def __init__(self, port: int, numbers: range, after: int) -> None:
        self._port, self._numbers, self._after = port, numbers, after
        self.count = 0

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.count += 1
        most = self._after if self.count in self._numbers else 1 << 30
        node, to_node = await asyncio.open_connection("127.0.0.1", self._port)
        forth = asyncio.ensure_future(_pumped(reader, to_node, 1 << 30))
        await _pumped(node, writer, most)
        to_node.close()
        await forth


async def _pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int) -> None:
    with contextlib.suppress(ConnectionError):
        while most and (piece := await reader.read(min(most, 1 << 16))):
            most -= len(piece)
            writer.write(piece)
            await writer.drain()
    writer.close()


def test_a_lost_association_is_opened_again_for_what_is_missing(dimse_node: Any, tmp_path: Path) -> None:
    async def work(port: int, archive: Any) -> tuple[list[Kept], int]:
        proxy = Cutting(port, range(2, 4), 12_000)  # within the CT; the first one asks what there is
        async with proxy as there:
            return await everything(there, tmp_path / "out", await studies(archive)), proxy.count

    kept, count = dimse_node(work)
    assert Counter(one.state for one in kept) == {"written": 3}
    assert len({one.sop_instance for one in kept}) == 3
    assert count == 4
    assert not [path for path in (tmp_path / "out").rglob("*") if path.suffix == ".part"]


def test_a_peer_that_is_lost_again_and_again_is_given_up(
    dimse_node: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dimse_fetch, "_PAUSE", 0.001)

    async def work(port: int, archive: Any) -> list[Kept]:
        async with Cutting(port, range(2, 100), 7_000) as there:
            return await everything(there, tmp_path / "out", await studies(archive))

    kept = dimse_node(work)
    assert len(kept) == len({one.sop_instance for one in kept}) == 3
    failed = [one for one in kept if one.state == "failed"]
    assert failed
    assert all("association" in one.message for one in failed)


def test_a_peer_without_retrieval_is_told_at_once(tmp_path: Path) -> None:
    async def run() -> None:
        server = await serve_dimse(
            "127.0.0.1", 0, {VERIFICATION: Echo()}, DimseSettings(), syntaxes=["1.2.840.10008.1.2"]
        )
        try:
            with pytest.raises(ServiceError, match="C-GET"):
                await everything(server.port, tmp_path, [Selection("1.2.3")])
            with pytest.raises(ServiceError, match="C-MOVE"):
                _ = [one async for one in move(Peer("127.0.0.1", server.port, "A"), [], "B")]
        finally:
            await server.close(0.2)

    asyncio.run(run())


async def moved(port: int, selections: list[Selection], destination: str) -> list[Moved]:
    peer = Peer("127.0.0.1", port, "CHIASM", "ASKER")
    return [one async for one in move(peer, selections, destination)]


class Taking:
    """A storage that refuses the MR."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def begin(self, exchange: Any) -> None:
        """Objects are taken whole."""

    async def handle(self, exchange: Any) -> None:
        refused = exchange.command.affected_class != CT
        self.taken += [] if refused else [exchange.command.affected_instance]
        await exchange.respond(status=0xA700 if refused else 0)


def test_a_move_tells_its_counts_and_what_failed(dimse_node: Any) -> None:
    taking, destination = Taking(), []

    async def work(port: int, archive: Any) -> tuple[list[Moved], list[str]]:
        mr = "1.2.840.10008.5.1.4.1.1.4"
        there = await serve_dimse(
            "127.0.0.1",
            destination[0].port,
            {CT: taking, mr: taking},
            DimseSettings(),
            syntaxes=["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"],
        )
        try:
            answers = await moved(port, await studies(archive), "THERE")
        finally:
            await there.close(0.2)
        return answers, [one.sop_instance for one in await holdings(archive) if one.sop_class != CT]

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        destination.append(Destination("THERE", "127.0.0.1", free.getsockname()[1]))
    answers, others = dimse_node(work, *destination)
    ended = [one for one in answers if one.status is not None]
    assert sum(one.completed for one in ended) == 1 == len(taking.taken)
    assert sum(one.failed for one in ended) == 2
    assert sorted(uid for one in ended for uid in one.failures) == sorted(others)


def test_a_destination_that_the_peer_does_not_know(dimse_node: Any) -> None:
    async def work(port: int, archive: Any) -> list[Moved]:
        return await moved(port, (await studies(archive))[:1], "NOBODY")

    [answer] = dimse_node(work)
    assert answer.status == 0xA801
    assert "does not know the destination" in answer.message


def test_statuses_in_words() -> None:
    assert words(0xA702) == "the peer cannot carry it out"
    assert words(0xC123) == "the peer failed with status C123"
