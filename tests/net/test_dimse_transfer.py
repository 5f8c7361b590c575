"""Sending many objects: each answered for, over several associations, with what the peer refuses told."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest

from chiasm import dicom
from chiasm.errors import ServiceError
from chiasm.net import dimse_transfer
from chiasm.net.dimse_server import DimseSettings, serve_dimse
from chiasm.net.dimse_transfer import Offer, Peer, Sent, batches, send, words
from chiasm.pixels.transcode import transcode

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT, IMPLICIT, RLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.5"


@pytest.fixture
def storescp(needs_tool: Callable[[str], str], tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Starts DCMTK's storescp with options; its port. What it receives lies in `tmp_path/got`."""
    program, started = needs_tool("storescp"), []
    (tmp_path / "got").mkdir()

    def start(*options: str) -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        command = [program, *options, "-od", str(tmp_path / "got"), str(port)]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return port
            time.sleep(0.02)
        raise AssertionError("storescp does not listen")

    yield start
    for process in started:
        process.kill()
        process.wait()


def offer(path: Path) -> Offer:
    package = dicom.read_file(path)

    def load(syntax: str) -> bytes:
        data = path.read_bytes()
        if syntax != package.transfer_syntax.uid:
            data = transcode(package, syntax)
        return data[dicom.parse(data).header.stop :]

    names = (str(package.get("SOPClassUID")), str(package.get("SOPInstanceUID")))
    return Offer(path.name, *names, package.transfer_syntax.uid, load)


def sent(port: int, offers: list[Offer], **options: bool | int) -> list[Sent]:
    async def all_of() -> list[Sent]:
        return [one async for one in send(Peer("127.0.0.1", port, "ANY"), offers, **options)]  # type: ignore[arg-type]  # options of both types

    return asyncio.run(all_of())


@pytest.mark.parametrize("associations", [1, 3])
def test_what_arrives_is_what_was_sent(
    storescp: Callable[..., int], tmp_path: Path, pydicom_data: Path, associations: int
) -> None:
    names = ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "MR_small_bigendian.dcm")
    files = [pydicom_data / "test_files" / name for name in names]
    told = sent(storescp("+xa"), [offer(path) for path in files], associations=associations)
    assert [one.status for one in told] == [0] * 4
    got = [pydicom.dcmread(path) for path in (tmp_path / "got").iterdir()]
    wanted = {pydicom.dcmread(path).SOPInstanceUID for path in files}
    assert {one.SOPInstanceUID for one in got} == wanted


@pytest.mark.parametrize(("quick", "aside"), [(60.0, False), (-1.0, True)])
def test_what_loads_slowly_is_loaded_in_threads_from_then_on(
    storescp: Callable[..., int],
    pydicom_data: Path,
    monkeypatch: pytest.MonkeyPatch,
    quick: float,
    aside: bool,
) -> None:
    monkeypatch.setattr(dimse_transfer, "_QUICK", quick)
    loaded: list[bool] = []

    def watched(one: Offer) -> Offer:
        def load(syntax: str) -> Any:
            loaded.append(threading.current_thread() is not threading.main_thread())
            return one.load(syntax)

        return replace(one, load=load)

    path = pydicom_data / "test_files/CT_small.dcm"
    told = sent(storescp("+xa"), [watched(offer(path)) for _ in range(12)])
    assert [one.status for one in told] == [0] * 12
    assert loaded[0] is False  # nothing was known of it
    assert loaded[-1] is aside


def test_what_is_refused_as_it_is_goes_uncompressed_or_is_told(
    storescp: Callable[..., int], tmp_path: Path, pydicom_data: Path
) -> None:
    path = pydicom_data / "test_files/MR_small_RLE.dcm"
    port = storescp("+xi")
    (plain,) = sent(port, [offer(path)], transcode=False)
    told = (False, "the peer does not take its transfer syntax (RLE Lossless)")
    assert (plain.taken, plain.message) == told
    (one,) = sent(port, [offer(path)])
    assert one.taken
    assert one.transfer_syntax == "1.2.840.10008.1.2"
    (file,) = (tmp_path / "got").iterdir()
    got, wanted = pydicom.dcmread(file), pydicom.dcmread(path)
    assert (got.pixel_array == wanted.pixel_array).all()


def test_an_association_that_is_lost_is_opened_again(
    storescp: Callable[..., int], pydicom_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dimse_transfer, "_PAUSE", 0.001)
    offers = [offer(pydicom_data / "test_files" / name) for name in ("CT_small.dcm", "MR_small.dcm")]
    told = sent(storescp("+xa", "--abort-during"), offers)
    assert len(told) == 2
    assert not any(one.taken for one in told)
    assert all("abort" in one.message or "no more" in one.message for one in told)


def test_a_peer_that_is_away_is_told_at_once(pydicom_data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ServiceError, match="cannot connect"):
            sent(taken.getsockname()[1], [offer(pydicom_data / "test_files/CT_small.dcm")])


def test_what_cannot_be_loaded_is_told_and_the_rest_goes_on(
    storescp: Callable[..., int], pydicom_data: Path
) -> None:
    def broken(_: str) -> bytes:
        raise OSError(5, "Input/output error")

    good = offer(pydicom_data / "test_files/CT_small.dcm")
    told = sent(storescp(), [Offer("bad", CT, "1.2.3", EXPLICIT, broken), good])
    assert [one.taken for one in told] == [False, True]
    assert "Input/output error" in told[0].message


def nothing(_: str) -> bytes:
    return b""


def test_more_classes_than_one_association_holds_go_over_several() -> None:
    offers = [Offer(str(n), f"1.2.{n}", "1", EXPLICIT, nothing) for n in range(300)]
    parts = batches(offers * 2, transcode=False)
    assert [len(part.left) for part in parts] == [128, 128, 128, 128, 88]
    assert [len(part.proposals) for part in parts] == [128, 128, 128, 128, 88]
    assert Counter(id(one) for part in parts for one in part.left) == Counter(id(one) for one in offers * 2)


def test_objects_of_many_kinds_in_turn_make_no_more_associations_than_kinds_need() -> None:
    kinds = [(f"1.2.{n % 70}", RLE if n % 2 else EXPLICIT) for n in range(140)]
    offers = [Offer(str(n), kinds[n % 140][0], "1", kinds[n % 140][1], nothing) for n in range(1_400)]
    parts = batches(offers, transcode=True)
    assert len(parts) == 2
    assert max(len(part.proposals) for part in parts) <= 128


def test_what_is_compressed_is_not_promised_uncompressed_unless_asked() -> None:
    offers = [Offer("1", CT, "1", RLE, nothing), Offer("2", MR, "2", EXPLICIT, nothing)]
    [part] = batches(offers, transcode=False)
    assert [(one.abstract_syntax, one.transfer_syntaxes) for one in part.proposals] == [
        (CT, (RLE,)),
        (MR, (EXPLICIT,)),
        (MR, (EXPLICIT, IMPLICIT)),
    ]
    [part] = batches(offers, transcode=True)
    assert [one.transfer_syntaxes for one in part.proposals if one.abstract_syntax == CT] == [
        (RLE,),
        (EXPLICIT, IMPLICIT),
    ]


def with_node(
    answer: Callable[[Any], Awaitable[int]], offers: list[Offer], **options: Any
) -> tuple[list[Sent], list[bytes]]:
    """Sends to a server of ours that answers as told; what it received, in order."""
    received: list[bytes] = []

    class Storage:
        def begin(self, exchange: Any) -> None:
            """Objects are taken whole."""

        async def handle(self, exchange: Any) -> None:
            received.append(exchange.data)
            await exchange.respond(status=await answer(exchange))

    async def run() -> list[Sent]:
        classes = dict.fromkeys((CT, MR), Storage())
        server = await serve_dimse("127.0.0.1", 0, classes, DimseSettings(), syntaxes=[EXPLICIT, IMPLICIT])
        try:
            return [one async for one in send(Peer("127.0.0.1", server.port, "ANY"), offers, **options)]
        finally:
            await server.close(0.2)

    return asyncio.run(run()), received


async def fine(_: Any) -> int:
    return 0


def made(count: int, load: Callable[[str], Any] = lambda _: b"1234") -> list[Offer]:
    return [Offer(f"n{n}", CT, f"1.2.{n}", EXPLICIT, load) for n in range(count)]


def test_an_object_in_pieces_arrives_whole() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(50):
            yield bytes([number]) * 10_000

    [one], [data] = with_node(fine, made(1, lambda _: pieces()))
    assert one.status == 0
    assert data == b"".join(bytes([number]) * 10_000 for number in range(50))


def test_an_object_that_breaks_off_is_told_never_sent_short_and_the_rest_goes_on() -> None:
    closed = []

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"12345678"
            yield b"12345678"
            raise OSError(5, "Input/output error")
        finally:
            closed.append(True)

    offers = made(5)
    offers[1] = Offer("broken", CT, "1.2.3", EXPLICIT, lambda _: pieces())
    told, received = with_node(fine, offers)
    assert {one.offer.name: one.taken for one in told} == {
        "n0": True, "broken": False, "n2": True, "n3": True, "n4": True,
    }  # fmt: skip
    [broken] = [one for one in told if not one.taken]
    assert "Input/output error" in broken.message
    assert received == [b"1234"] * 4
    assert closed == [True]


def test_one_object_on_which_the_peer_breaks_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dimse_transfer, "_PAUSE", 0.001)

    async def answer(exchange: Any) -> int:
        if exchange.command.affected_instance == "1.2.2":
            exchange.association.abort()
        return 0

    told, _ = with_node(answer, made(6), associations=2)
    assert Counter(one.taken for one in told) == {True: 5, False: 1}
    [lost] = [one for one in told if not one.taken]
    assert (lost.offer.name, lost.status) == ("n2", None)
    assert "association" in lost.message


def test_a_peer_that_breaks_on_everything_is_given_up_and_nothing_is_left_untold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dimse_transfer, "_PAUSE", 0.001)

    async def answer(exchange: Any) -> int:
        exchange.association.abort()
        return 0

    told, received = with_node(answer, made(300))
    assert [one.taken for one in told] == [False] * 300
    assert len({one.offer.name for one in told}) == 300
    assert len(received) <= 12


def test_each_is_refused_with_the_peer_s_own_reason() -> None:
    async def answer(exchange: Any) -> int:
        return 0xA700 if exchange.command.affected_instance.endswith("1") else 0xB007

    offers = made(2)
    offers.append(Offer("odd", "1.2.3.4", "1.2.9", EXPLICIT, nothing))
    offers.append(Offer("rle", MR, "1.2.8", RLE, nothing))
    told, _ = with_node(answer, offers, transcode=False)
    found = {one.offer.name: (one.taken, one.status, one.message) for one in told}
    assert found["n0"] == (True, 0xB007, "stored, though it does not match its SOP class")
    assert found["n1"] == (False, 0xA700, "the peer is out of resources")
    assert found["odd"] == (False, None, "the peer does not take its SOP class (1.2.3.4)")
    assert found["rle"] == (False, None, "the peer does not take its transfer syntax (RLE Lossless)")


def test_stopping_early_leaves_nothing_behind() -> None:
    async def run() -> None:
        class Storage:
            def begin(self, exchange: Any) -> None:
                """Objects are taken whole."""

            async def handle(self, exchange: Any) -> None:
                await exchange.respond(status=0)

        server = await serve_dimse("127.0.0.1", 0, {CT: Storage()}, DimseSettings(), syntaxes=[EXPLICIT])
        try:
            answers = send(Peer("127.0.0.1", server.port, "ANY"), made(500), associations=4)
            async with contextlib.aclosing(answers) as told:  # type: ignore[type-var]  # it is a generator
                async for _ in told:
                    break
            async with asyncio.timeout(20):
                while server.associations:
                    await asyncio.sleep(0.01)
            assert not [one for one in asyncio.all_tasks() if "_Sending" in repr(one.get_coro())]
        finally:
            await server.close(0.2)

    asyncio.run(run())


def test_statuses_in_words() -> None:
    assert words(0xA701) == "the peer is out of resources"
    assert words(0xA900).endswith("does not match its SOP class")
    assert words(0xC123) == "the peer cannot understand it"
    assert words(0xFFFF) == "the peer failed"
    assert [Sent(None, status, "").taken for status in (0, 0xB007, 0xA700, None)] == [
        True,
        True,
        False,
        False,
    ]  # type: ignore[arg-type]  # of no offer
