"""`chiasm send` and `chiasm query` against DCMTK's archive, as a person uses them."""

from __future__ import annotations

import json
import signal
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


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A node of our own as AE@HOST:PORT."""
    folder = tmp_path_factory.mktemp("node")
    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    addresses = ["--dimse", f"127.0.0.1:{ports[0]}", "--http", f"127.0.0.1:{ports[1]}"]
    process = subprocess.Popen(
        [PROGRAM, "up", "--data", folder / "data", *addresses],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    while b"Stop it" not in (line := process.stdout.readline()):
        assert line, "the node did not start"
    yield f"CHIASM@127.0.0.1:{ports[0]}"
    process.terminate()
    process.communicate(timeout=30)


def test_commitment_is_asked_for_once(node: str, tmp_path: Path, pydicom_data: Path) -> None:
    files = [pydicom_data / "test_files" / name for name in ("CT_small.dcm", "MR_small.dcm")]
    resume = tmp_path / "sent.jsonl"
    done = run("send", node, files[0], "--resume", resume, "--json")
    assert json.loads(done.stdout) == {"counts": {"sent": 1}, "refused": [], "failure": ""}
    done = run("send", node, *files, "--resume", resume, "--commit")
    assert (done.returncode, done.stdout) == (0, "2 committed, 1 sent, 1 sent before\n")
    done = run("send", node, *files, "--resume", resume, "--commit", "--json")
    assert json.loads(done.stdout) == {
        "counts": {"sent before": 2}, "refused": [], "failure": "", "uncommitted": [],
    }  # fmt: skip


def test_a_peer_that_offers_no_commitment_is_told(archive: str, pydicom_data: Path) -> None:
    done = run("send", archive, pydicom_data / "test_files/CT_small.dcm", "--commit")
    assert done.returncode == 1
    assert "does not offer storage commitment" in done.stdout
    assert done.stdout.endswith("1 sent\n")


def test_ctrl_c_leaves_a_truthful_report(
    needs_tool: Callable[[str], str], tmp_path: Path, pydicom_data: Path
) -> None:
    """storescp sleeps a second after each object, so that there is something left to stop."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [needs_tool("storescp"), "--sleep-after", "1", "-od", str(tmp_path), str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        source = tmp_path / "in"
        source.mkdir()
        for number in range(30):
            (source / f"{number}.dcm").write_bytes((pydicom_data / "test_files/CT_small.dcm").read_bytes())
        resume = tmp_path / "sent.jsonl"
        sending = subprocess.Popen(
            [PROGRAM, "send", f"A@127.0.0.1:{port}", str(source), "--resume", str(resume)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(1_000):
            if resume.exists() and '"instance"' in resume.read_text():
                break
            time.sleep(0.02)
        sending.send_signal(signal.SIGINT)
        out, error = sending.communicate(timeout=30)
    finally:
        server.kill()
        server.wait()
    assert "Traceback" not in error
    assert sending.returncode == 1
    left, counts = out.splitlines()
    sent = int(counts.split()[0])
    assert counts == f"{sent} sent"
    assert 0 < sent < 30
    assert left == f"stopped; {30 - sent} were not sent, or not answered for"
    assert resume.read_text().count('"instance"') == sent
