"""Sending many objects: each answered for, over several associations, with what the peer refuses told."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pydicom
import pytest

from chiasm import dicom
from chiasm.errors import ServiceError
from chiasm.net.dimse_transfer import Offer, Peer, Sent, batches, contexts, send, words
from chiasm.pixels.transcode import transcode

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT, RLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"


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


def test_what_is_refused_as_it_is_goes_uncompressed_or_is_told(
    storescp: Callable[..., int], tmp_path: Path, pydicom_data: Path
) -> None:
    path = pydicom_data / "test_files/MR_small_RLE.dcm"
    port = storescp("+xi")
    (plain,) = sent(port, [offer(path)], transcode=False)
    assert (plain.taken, plain.message) == (False, "the peer does not take its SOP class")
    (one,) = sent(port, [offer(path)])
    assert one.taken
    assert one.transfer_syntax == "1.2.840.10008.1.2"
    (file,) = (tmp_path / "got").iterdir()
    got, wanted = pydicom.dcmread(file), pydicom.dcmread(path)
    assert (got.pixel_array == wanted.pixel_array).all()


def test_an_association_that_is_lost_is_opened_again(
    storescp: Callable[..., int], pydicom_data: Path
) -> None:
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


def test_more_classes_than_one_association_holds_go_over_several() -> None:
    offers = [Offer(str(n), f"1.2.{n}", "1", EXPLICIT, lambda _: b"") for n in range(300)]
    parts = list(batches(offers, 64))
    assert [len(part) for part in parts] == [64, 64, 64, 64, 44]
    assert max(len(contexts(part, transcode=True)) for part in parts) == 128
    assert [one for part in parts for one in part] == offers


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
