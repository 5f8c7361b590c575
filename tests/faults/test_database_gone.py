"""The database goes away while images come in: senders are told, nothing is lost, and the node goes on by itself."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chiasm.errors import ServiceError
from chiasm.model import Level, Outcome, Query, Source
from chiasm.services.archive import Archive, Settings


class Server:
    """A PostgreSQL of its own that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            pytest.skip("PostgreSQL is not installed")
        self._programs, self._folder = found[-1].parent, folder
        self._user: list[str] = []
        if os.geteuid() == 0:  # its programs refuse to run as root
            self._user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            shutil.chown(folder, "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"postgresql://chiasm@127.0.0.1:{self.port}/postgres"
        self._run("initdb", "-A", "trust", "-U", "chiasm", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self._run("pg_ctl", "-w", "-o", options, "-l", str(self._folder / "log"), "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._user, str(self._programs / program), "-D", str(self._folder / "data"), *arguments]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, cwd="/"
        )


@pytest.fixture
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="chiasm-gone-"))
    try:
        server = Server(folder)
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("shared", [False, True], ids=["journal in files", "journal in the database"])
def test_senders_are_told_and_the_node_goes_on(
    server: Server, tmp_path: Path, pydicom_data: Path, shared: bool
) -> None:
    (tmp_path / "bucket").mkdir()
    objects = f"file://{tmp_path / 'bucket'}" if shared else ""

    def of(name: str) -> bytes:
        return (pydicom_data / "test_files" / name).read_bytes()

    async def offered(archive: Archive, name: str) -> Outcome | ServiceError:
        try:
            async with asyncio.timeout(60):
                return await archive.receive_file(of(name), Source("dimse", "CT1"))
        except ServiceError as error:
            return error

    async def run() -> None:
        archive = await Archive.open(Settings(tmp_path / "data", database=server.url, objects=objects))
        try:
            first = await offered(archive, "CT_small.dcm")
            assert isinstance(first, Outcome)
            assert first.verdict == "stored"
            server.stop()
            second = await offered(archive, "MR_small.dcm")
            if isinstance(second, Outcome):  # it was kept, or the sender was told to come again
                assert second.verdict == "stored" or second.failure in {"unavailable", "fault"}
            else:
                assert second.failure.dimse == 0xA700
            with pytest.raises(ServiceError):
                await archive.find(Query(Level.STUDY))
            server.start()
            acknowledged = {"1.3.6.1.4.1.5962.1.2.1.20040119072730.12322"}
            if isinstance(second, Outcome) and second.verdict == "stored":
                acknowledged.add(second.study)
            third = await _until_stored(archive, of("rtplan.dcm"))
            acknowledged.add(third.study)
            assert {one.study for one in await archive.find(Query(Level.STUDY))} >= acknowledged
        finally:
            await archive.close()

    asyncio.run(run())


async def _until_stored(archive: Archive, data: bytes) -> Outcome:
    for _ in range(100):
        try:
            outcome = await archive.receive_file(data, Source("dimse", "CT1"))
            await archive.settle()
        except ServiceError:
            outcome = None
        if outcome is not None and outcome.verdict in {"stored", "identical"}:
            return outcome
        await asyncio.sleep(0.2)
    raise AssertionError("the node does not take images again")
