"""C-FIND, C-MOVE and C-GET of a node as DCMTK's clients see them."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest

from chiasm.model.holdings import Source
from chiasm.net import dimse_query, dimse_retrieve
from chiasm.net.dimse_retrieve import Destination
from chiasm.net.dimse_server import DimseSettings, serve_dimse
from chiasm.net.dimse_storage import VERIFICATION, Echo, Storage, storage_classes, transfer_syntaxes
from chiasm.services.archive import Archive, Settings

Work = Callable[[int, Archive], Awaitable[Any]]


def _files(folder: Path, sample: Path, count: int) -> list[Path]:
    """Copies of a CT under UIDs of their own, in one series."""
    folder.mkdir()
    found = []
    for number in range(1, count + 1):
        data = pydicom.dcmread(sample)
        data.StudyInstanceUID, data.SeriesInstanceUID = "2.25.1", "2.25.2"
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"2.25.3.{number}"
        data.InstanceNumber = number
        data.PatientID, data.PatientName = "Q1", "Wang^XiaoDong"
        path = folder / f"{number}.dcm"
        data.save_as(path)
        found.append(path)
    return found


def _node(data: Path, files: list[Path], work: Work, *destinations: Destination) -> Any:
    async def run() -> Any:
        archive = await Archive.open(Settings(data))
        try:
            for path in files:
                await archive.receive_file(path.read_bytes(), Source("import", "test"))
            storage = Storage(archive)
            handlers: dict[str, Any] = dict.fromkeys(storage_classes(), storage)
            handlers[VERIFICATION] = Echo()
            handlers |= dimse_query.handlers(archive, "CHIASM")
            handlers |= dimse_retrieve.handlers(archive, "CHIASM", {one.ae: one for one in destinations})
            server = await serve_dimse(
                "127.0.0.1", 0, handlers, DimseSettings(), syntaxes=transfer_syntaxes()
            )
            try:
                return await work(server.port, archive)
            finally:
                await server.close()
        finally:
            await archive.close()

    return asyncio.run(run())


async def _run(*arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return output.decode("utf-8", "replace")


@pytest.fixture
def sample(pydicom_data: Path) -> Path:
    """A CT of 39 kB."""
    return pydicom_data / "test_files" / "CT_small.dcm"


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_findscu_finds_a_study_with_its_counts(
    tmp_path: Path, sample: Path, needs_tool: Callable[[str], str]
) -> None:
    findscu = needs_tool("findscu")

    async def ask(port: int, _: Archive) -> str:
        keys = ["QueryRetrieveLevel=STUDY", "PatientName=wang*", "StudyInstanceUID", "PatientID"]
        keys += ["NumberOfStudyRelatedInstances", "ModalitiesInStudy", "PatientAddress"]
        asked = [part for key in keys for part in ("-k", key)]
        return await _run(findscu, "-v", "-S", *asked, "127.0.0.1", str(port))

    output = _node(tmp_path / "node", _files(tmp_path / "in", sample, 3), ask)
    assert "[2.25.1]" in output
    assert "[Q1]" in output
    assert "IS [3 ]" in output
    assert "CS [CT]" in output
    assert "[ONLINE]" in output


def test_a_missing_unique_key_is_refused(
    tmp_path: Path, sample: Path, needs_tool: Callable[[str], str]
) -> None:
    findscu = needs_tool("findscu")

    async def ask(port: int, _: Archive) -> str:
        keys = ("-k", "QueryRetrieveLevel=SERIES", "-k", "SeriesInstanceUID")
        return await _run(findscu, "-d", "-S", *keys, "127.0.0.1", str(port))

    output = _node(tmp_path / "node", _files(tmp_path / "in", sample, 1), ask)
    assert "0xa900" in output.lower()


def test_movescu_moves_a_study_to_a_known_destination(
    tmp_path: Path, sample: Path, needs_tool: Callable[[str], str]
) -> None:
    movescu, target, port = needs_tool("movescu"), tmp_path / "out", _free_port()
    target.mkdir()

    async def ask(node: int, _: Archive) -> str:
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=2.25.1")
        return await _run(
            movescu, "-d", "-S", "-aet", "MOVER", "-aem", "MOVER", "+P", str(port), "-od", str(target), *keys,
            "127.0.0.1", str(node),
        )  # fmt: skip

    files = _files(tmp_path / "in", sample, 5)
    output = _node(tmp_path / "node", files, ask, Destination("MOVER", "127.0.0.1", port))
    assert "0x0000: Success" in output
    received = {one.SOPInstanceUID: one for one in map(pydicom.dcmread, target.iterdir())}
    assert set(received) == {f"2.25.3.{number}" for number in range(1, 6)}
    assert received["2.25.3.1"].PixelData == pydicom.dcmread(sample).PixelData


def test_an_unknown_destination_and_one_that_is_down(
    tmp_path: Path, sample: Path, needs_tool: Callable[[str], str]
) -> None:
    movescu = needs_tool("movescu")

    async def ask(node: int, _: Archive) -> tuple[str, str]:
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=2.25.1", "127.0.0.1", str(node))
        unknown = await _run(movescu, "-d", "-S", "-aem", "NOBODY", *keys)
        return unknown, await _run(movescu, "-d", "-S", "-aem", "DOWN", *keys)

    files = _files(tmp_path / "in", sample, 2)
    down = Destination("DOWN", "127.0.0.1", _free_port())
    unknown, failed = _node(tmp_path / "node", files, ask, down)
    assert "0xa801" in unknown.lower()
    assert "0xa702" in failed.lower()
    assert "2.25.3.1\\2.25.3.2" in failed


def test_getscu_gets_a_study_on_the_same_association(
    tmp_path: Path, sample: Path, needs_tool: Callable[[str], str]
) -> None:
    getscu, target = needs_tool("getscu"), tmp_path / "out"
    target.mkdir()

    async def ask(node: int, _: Archive) -> str:
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=2.25.1")
        return await _run(getscu, "-v", "-S", "-od", str(target), *keys, "127.0.0.1", str(node))

    _node(tmp_path / "node", _files(tmp_path / "in", sample, 5), ask)
    assert len(list(target.iterdir())) == 5


@pytest.mark.parametrize(
    ("name", "decoder"),
    [
        ("MR_small_RLE.dcm", "dcmdrle"),
        ("SC_rgb_rle_2frame.dcm", "dcmdrle"),
        ("MR_small_jpeg_ls_lossless.dcm", "dcmdjpls"),
        ("SC_rgb_jpeg_gdcm.dcm", "dcmdjpeg"),
    ],
)
@pytest.mark.parametrize("option", ["+xi", "+xe"])
def test_a_receiver_of_uncompressed_images_alone_gets_the_very_pixels(
    tmp_path: Path, pydicom_data: Path, needs_tool: Callable[[str], str], name: str, decoder: str, option: str
) -> None:
    movescu, storescp, decode = needs_tool("movescu"), needs_tool("storescp"), needs_tool(decoder)
    image, target, port = pydicom_data / "test_files" / name, tmp_path / "out", _free_port()
    target.mkdir()

    async def ask(node: int, _: Archive) -> str:
        receiver = await asyncio.create_subprocess_exec(storescp, option, "-od", str(target), str(port))
        try:
            study = pydicom.dcmread(image).StudyInstanceUID
            keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}")
            return await _run(movescu, "-d", "-S", "-aem", "PLAIN", *keys, "127.0.0.1", str(node))
        finally:
            receiver.kill()
            await receiver.wait()

    output = _node(tmp_path / "node", [image], ask, Destination("PLAIN", "127.0.0.1", port))
    assert "0x0000: Success" in output
    [received] = [pydicom.dcmread(path) for path in target.iterdir()]
    expected = tmp_path / "expected.dcm"
    subprocess.run([decode, str(image), str(expected)], check=True, capture_output=True)
    assert (
        received.file_meta.TransferSyntaxUID
        == {"+xi": "1.2.840.10008.1.2", "+xe": "1.2.840.10008.1.2.1"}[option]
    )
    assert received.PixelData == pydicom.dcmread(expected).PixelData
