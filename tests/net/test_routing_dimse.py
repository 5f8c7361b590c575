"""Routing over DIMSE: to a node that commits itself, to DCMTK that does not, to one that is away."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest

from chiasm.errors import ServiceError
from chiasm.model import Source
from chiasm.net.dimse_association import Exchange
from chiasm.net.dimse_commitment import COMMITMENT, Commitment, Reference, Reports, event_report, read_report
from chiasm.net.dimse_retrieve import Destination as Peer
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


@contextlib.contextmanager
def storescp(program: str, folder: Path, *options: str) -> Iterator[int]:
    """DCMTK's storescp, which takes only uncompressed objects; its port."""
    (folder / "got").mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, *options, "-od", str(folder / "got"), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield port
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("commitment", "reply"), [("auto", Reply.DELIVERED), ("yes", Reply.ACCEPTED), ("no", Reply.DELIVERED)]
)
def test_a_peer_without_commitment(
    needs_tool: Callable[[str], str], tmp_path: Path, files: list[Path], commitment: str, reply: Reply
) -> None:
    async def work(archive: Archive, items: list[Item]) -> list[Delivery]:
        to = Destination("X", "SCP", "127.0.0.1", port, commitment=commitment)
        return await delivered(DimseDeliverer(archive, to, "CHIASM", Reports()), items)

    with storescp(needs_tool("storescp"), tmp_path) as port:
        told = run(tmp_path, files, work)
    assert [one.reply for one in told] == [reply] * 2
    got = {one.SOPInstanceUID: one for one in map(pydicom.dcmread, (tmp_path / "got").iterdir())}
    for sent in map(pydicom.dcmread, files):
        assert (got[sent.SOPInstanceUID].pixel_array == sent.pixel_array).all()


async def until_lost(deliverer: DimseDeliverer, items: list[Item]) -> tuple[list[Delivery], str]:
    """What was told before the peer was lost, and how that was told."""
    told: list[Delivery] = []
    try:
        async for one in deliverer.deliver(items):
            told.append(one)  # noqa: PERF401  # those before an error count
    except ServiceError as error:
        return told, error.message
    return told, ""


@pytest.mark.parametrize("option", ["--abort-during", "--abort-after"])
def test_the_object_at_which_a_peer_aborts_is_told_and_the_rest_stays(
    needs_tool: Callable[[str], str], tmp_path: Path, files: list[Path], option: str
) -> None:
    async def work(archive: Archive, items: list[Item]) -> tuple[list[Delivery], str]:
        to = Destination("X", "SCP", "127.0.0.1", port)
        return await until_lost(DimseDeliverer(archive, to, "CHIASM", Reports()), items)

    with storescp(needs_tool("storescp"), tmp_path, option) as port:
        told, error = run(tmp_path, files, work)
    assert [(one.item.id, one.reply) for one in told] == [(0, Reply.LATER)]
    assert "the association was lost at this object" in error


def test_a_peer_that_refuses_the_association(
    needs_tool: Callable[[str], str], tmp_path: Path, files: list[Path]
) -> None:
    async def work(archive: Archive, items: list[Item]) -> tuple[list[Delivery], str]:
        to = Destination("X", "SCP", "127.0.0.1", port)
        return await until_lost(DimseDeliverer(archive, to, "CHIASM", Reports()), items)

    with storescp(needs_tool("storescp"), tmp_path, "--refuse") as port:
        told, error = run(tmp_path, files, work)
    assert told == []
    assert "the association was rejected" in error


def test_an_object_that_is_gone_does_not_keep_the_next_back(
    needs_tool: Callable[[str], str], tmp_path: Path, files: list[Path]
) -> None:
    async def work(archive: Archive, items: list[Item]) -> list[Delivery]:
        to = Destination("X", "SCP", "127.0.0.1", port)
        gone = replace(items[0], location=replace(items[0].location, key="00/nowhere"))
        return await delivered(DimseDeliverer(archive, to, "CHIASM", Reports()), [gone, items[1]])

    with storescp(needs_tool("storescp"), tmp_path) as port:
        told = run(tmp_path, files, work)
    assert [one.reply for one in told] == [Reply.LATER, Reply.DELIVERED]


class Says:
    """A peer that takes everything and answers each C-STORE with one status; or goes away at the nth."""

    def __init__(self, status: int, *, leaves_at: int = 0) -> None:
        self.status, self.leaves_at, self.seen = status, leaves_at, 0

    def begin(self, exchange: Exchange) -> None:
        """Objects are small here."""

    async def handle(self, exchange: Exchange) -> None:
        self.seen += 1
        if self.seen == self.leaves_at:
            exchange.association.abort()
            return
        await exchange.respond(status=self.status)


def told_by(handlers: dict[str, Any], folder: Path, files: list[Path]) -> tuple[list[Delivery], str]:
    async def work(archive: Archive, items: list[Item]) -> tuple[list[Delivery], str]:
        server = await serve_dimse("127.0.0.1", 0, handlers, DimseSettings(), syntaxes=transfer_syntaxes())
        to = Destination("X", "OTHER", "127.0.0.1", server.port, timeout=0.5)
        try:
            return await until_lost(DimseDeliverer(archive, to, "CHIASM", Reports()), items)
        finally:
            await server.close()

    return run(folder, files, work)  # type: ignore[no-any-return]  # it gives what the work gives


@pytest.mark.parametrize(
    ("status", "reply", "words"),
    [
        (0xB000, Reply.DELIVERED, "stored, with elements coerced"),
        (0xA700, Reply.LATER, "out of resources"),
        (0x0110, Reply.LATER, "processing failure"),
        (0xA900, Reply.REFUSED, "does not match"),
        (0xC123, Reply.REFUSED, "cannot understand"),
        (0x0124, Reply.REFUSED, "not authorized"),
    ],
)
def test_what_the_statuses_of_a_peer_mean(
    tmp_path: Path, files: list[Path], status: int, reply: Reply, words: str
) -> None:
    told, error = told_by(dict.fromkeys(storage_classes(), Says(status)), tmp_path, files)
    assert not error
    assert {(one.reply, one.status) for one in told} == {(reply, f"{status:04X}")}
    assert all(words in one.message for one in told)


def test_a_class_that_the_peer_does_not_take_is_refused(tmp_path: Path, files: list[Path]) -> None:
    told, _ = told_by({"1.2.840.10008.5.1.4.1.1.2": Says(0)}, tmp_path, files)
    assert {one.item.location.sop_class[-3:]: one.reply for one in told} == {
        "1.2": Reply.DELIVERED, "1.4": Reply.REFUSED,
    }  # fmt: skip


def test_what_was_accepted_before_the_peer_left_is_not_sent_again(tmp_path: Path, files: list[Path]) -> None:
    leaving = Says(0, leaves_at=2)
    handlers = {**dict.fromkeys(storage_classes(), leaving), COMMITMENT: Says(0)}
    told, error = told_by(handlers, tmp_path, files)
    assert sorted((one.item.id, one.reply) for one in told) == [(0, Reply.ACCEPTED), (1, Reply.LATER)]
    assert "lost" in error


@pytest.mark.parametrize(("status", "words"), [(0, "no report"), (0x0110, "refused to commit")])
def test_commitment_that_does_not_come_is_asked_for_again(
    tmp_path: Path, files: list[Path], status: int, words: str
) -> None:
    handlers = {**dict.fromkeys(storage_classes(), Says(0)), COMMITMENT: Says(status)}
    told, error = told_by(handlers, tmp_path, files)
    assert not error
    assert {one.reply for one in told} == {Reply.ACCEPTED}
    assert all(words in one.message for one in told)


class AfterRelease(Commitment):
    """A peer that reports only once the association of the question is over."""

    async def _report_here(self, exchange: Exchange, transaction: str, judged: list[Reference]) -> bool:
        while exchange.association.open:
            await asyncio.sleep(0.01)
        return False


def test_a_report_on_an_association_of_the_peers_is_heard(tmp_path: Path, files: list[Path]) -> None:
    async def work(archive: Archive, items: list[Item]) -> list[Delivery]:
        other, reports = await Archive.open(Settings(tmp_path / "other")), Reports()
        hearing = Commitment(archive, "CHIASM", {}, reports=reports)
        hears: dict[str, Any] = {COMMITMENT: hearing}
        own = await serve_dimse("127.0.0.1", 0, hears, DimseSettings(), syntaxes=transfer_syntaxes())
        service = AfterRelease(other, "OTHER", {"CHIASM": Peer("CHIASM", "127.0.0.1", own.port)})
        handlers = {**dict.fromkeys(storage_classes(), Storage(other)), COMMITMENT: service}
        server = await serve_dimse("127.0.0.1", 0, handlers, DimseSettings(), syntaxes=transfer_syntaxes())
        to = Destination("X", "OTHER", "127.0.0.1", server.port, timeout=4)
        deliverer = DimseDeliverer(archive, to, "CHIASM", reports)
        try:
            return await delivered(deliverer, items)
        finally:
            await service.close()
            await hearing.close()
            await server.close()
            await own.close()
            await other.close()

    told = run(tmp_path, files, work)
    assert [(one.reply, one.confirmed_by) for one in told] == [(Reply.DELIVERED, "storage commitment")] * 2


def test_a_destination_that_asks_for_tls_gets_nothing_in_the_clear(
    needs_tool: Callable[[str], str], tmp_path: Path, files: list[Path]
) -> None:
    key, certificate = tmp_path / "node.key", tmp_path / "node.pem"
    command = [
        needs_tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
        "-keyout", str(key), "-out", str(certificate),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate, key)

    async def work(archive: Archive, items: list[Item]) -> tuple[list[Delivery], str, str]:
        handlers = dict.fromkeys(storage_classes(), Says(0))
        settings = DimseSettings(tls=served)
        server = await serve_dimse("127.0.0.1", 0, handlers, settings, syntaxes=transfer_syntaxes())
        to = Destination("X", "OTHER", "127.0.0.1", server.port, tls=True)
        trusts = ssl.create_default_context(cafile=str(certificate))
        try:
            told = await delivered(DimseDeliverer(archive, to, "CHIASM", Reports(), trusts), items)
            _, stranger = await until_lost(DimseDeliverer(archive, to, "CHIASM", Reports()), items)
            plain = DimseDeliverer(archive, replace(to, tls=False, timeout=1), "CHIASM", Reports())
            return told, stranger, (await until_lost(plain, items))[1]
        finally:
            await server.close()

    told, stranger, plain = run(tmp_path, files, work)
    assert [one.reply for one in told] == [Reply.DELIVERED] * 2
    assert "cannot connect" in stranger
    assert plain


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
