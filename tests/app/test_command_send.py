"""`chiasm send` and `chiasm query` against DCMTK's archive, as a person uses them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name("chiasm"))


@pytest.fixture(scope="module")
def archive(needs_tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """DCMTK's dcmqrscp as AE@HOST:PORT."""
    program, folder = needs_tool("dcmqrscp"), tmp_path_factory.mktemp("dcmqrscp")
    (folder / "db").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "qr.cfg").write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        "HostTable BEGIN\nHostTable END\nVendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nQR {folder / 'db'} RW (100, 1024mb) ANY\nAETable END\n"
    )
    command = [program, "-c", str(folder / "qr.cfg")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    yield f"QR@127.0.0.1:{port}"
    process.kill()
    process.wait()


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_folders_and_zips_are_sent_and_found(archive: str, tmp_path: Path, pydicom_data: Path) -> None:
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in/some.zip", "w") as packed:
        packed.write(pydicom_data / "test_files/CT_small.dcm", "a/ct.dcm")
    (tmp_path / "in/mr.dcm").write_bytes((pydicom_data / "test_files/MR_small.dcm").read_bytes())
    (tmp_path / "in/notes.txt").write_text("nothing of the kind")
    resume = tmp_path / "sent.jsonl"
    done = run("send", archive, tmp_path / "in", "--resume", resume, "--associations", "2")
    assert done.returncode == 1, done.stderr
    assert "not sent: " in done.stdout
    assert "notes.txt" in done.stdout
    assert done.stdout.endswith("1 not sent, 2 sent\n")
    again = run("send", archive, tmp_path / "in", "--resume", resume, "--json")
    assert json.loads(again.stdout)["counts"] == {"not sent": 1, "sent before": 2}

    table = run("query", archive, "-k", "PatientName=Compressed*")
    assert table.returncode == 0, table.stderr
    rows = [line.split("\t") for line in table.stdout.splitlines()]
    assert sorted(row[0] for row in rows) == ["1CT1", "4MR1", "PatientID"]
    told = run("query", archive, "-k", "PatientID=4MR1", "--json")
    (one,) = map(json.loads, told.stdout.splitlines())
    assert one["00100010"]["Value"] == [{"Alphabetic": "CompressedSamples^MR1"}]
    people = run("query", archive, "--level", "patient", "--root", "patient", "-k", "PatientID=1CT1")
    assert "CompressedSamples^CT1" in people.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["send", "nowhere", "."], "is no peer"),
        (["send", "A@127.0.0.1:1", "/nothing/there"], "/nothing/there"),
        (["query", "A@127.0.0.1:1", "-k", "NoKeyword=1"], "no keyword of DICOM"),
        (["query", "A@127.0.0.1:1", "--level", "frame"], "a level is"),
        (["query", "A@127.0.0.1:1", "--level", "patient"], "--root patient"),
        (["query", "A@127.0.0.1:1"], "cannot connect"),
    ],
)
def test_what_cannot_be_is_one_line_and_status_2(arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_a_peer_that_is_away(pydicom_data: Path) -> None:
    done = run("send", "A@127.0.0.1:1", pydicom_data / "test_files/CT_small.dcm")
    assert done.returncode == 2
    assert "cannot connect" in done.stdout
