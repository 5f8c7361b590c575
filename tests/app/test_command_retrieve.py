"""`chiasm retrieve` as a person uses it: from DCMTK's archive and from a node of our own."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pydicom
import pytest

from chiasm.app.command_retrieve import Report, Wanted, selections_of
from chiasm.errors import UsageError
from chiasm.net.dimse_listing import Selection

PROGRAM = str(Path(sys.executable).with_name("chiasm"))
NAMES = ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def listening(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(1_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None
        time.sleep(0.02)
    raise AssertionError("it does not listen")


def chiasm(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=60)
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture(scope="module")
def sink(
    needs_tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, Path]]:
    """DCMTK's storescp: its port and where it puts what it receives."""
    port, folder = free_port(), tmp_path_factory.mktemp("sink")
    command = [needs_tool("storescp"), "-aet", "SINK", "-od", str(folder), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    listening(process, port)
    yield port, folder
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def archive(
    needs_tool: Callable[[str], str],
    sink: tuple[int, Path],
    tmp_path_factory: pytest.TempPathFactory,
    pydicom_data: Path,
) -> Iterator[str]:
    """DCMTK's dcmqrscp as AE@HOST:PORT, with three objects, that knows the sink."""
    program, folder = needs_tool("dcmqrscp"), tmp_path_factory.mktemp("dcmqrscp")
    (folder / "db").mkdir()
    port = free_port()
    (folder / "qr.cfg").write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        f"HostTable BEGIN\nsink = (SINK, 127.0.0.1, {sink[0]})\nHostTable END\n"
        "VendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nQR {folder / 'db'} RW (100, 1024mb) ANY\nAETable END\n"
    )
    process = subprocess.Popen(
        [program, "-c", str(folder / "qr.cfg")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    listening(process, port)
    peer = f"QR@127.0.0.1:{port}"
    files = [pydicom_data / "test_files" / name for name in NAMES]
    assert chiasm("send", peer, *files, folder=folder).returncode == 0
    yield peer
    process.kill()
    process.wait()


def studies(pydicom_data: Path) -> dict[str, Path]:
    files = [pydicom_data / "test_files" / name for name in NAMES]
    return {str(pydicom.dcmread(path).StudyInstanceUID): path for path in files}


def without_padding(path: Path) -> pydicom.Dataset:
    """DCMTK leaves out Data Set Trailing Padding."""
    read = pydicom.dcmread(path)
    if (0xFFFC, 0xFFFC) in read:
        del read[0xFFFC, 0xFFFC]
    return read


def test_studies_come_into_files_and_come_once(archive: str, tmp_path: Path, pydicom_data: Path) -> None:
    held = studies(pydicom_data)
    asked = [part for uid in held for part in ("--study", uid)]
    done = chiasm("retrieve", archive, *asked, "--out", "got", "--associations", "2", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "3 written\n")
    for uid, path in held.items():
        [got] = (tmp_path / "got" / uid).iterdir()
        assert got.name == f"{pydicom.dcmread(path).SOPInstanceUID}.dcm"
        assert without_padding(got) == without_padding(path)
        got.unlink() if path.name == "MR_small.dcm" else None
    done = chiasm("retrieve", archive, *asked, "--out", "got", "--resume", "--json", folder=tmp_path)
    assert json.loads(done.stdout)["counts"] == {"here already": 2, "written": 1}
    done = chiasm("retrieve", archive, *asked, "--out", "got", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "3 here already\n")


def test_what_is_not_there_is_told(archive: str, tmp_path: Path, pydicom_data: Path) -> None:
    [uid, *_] = studies(pydicom_data)
    done = chiasm("retrieve", archive, "--study", "1.2.3", folder=tmp_path)
    assert (done.returncode, done.stdout) == (
        2,
        "study 1.2.3: the peer holds nothing of it\n1 failed\n",
    )
    done = chiasm("retrieve", archive, "--study", "1.2.3", "--study", uid, folder=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "1 failed, 1 written")


def test_a_move_to_a_sink(archive: str, sink: tuple[int, Path], tmp_path: Path, pydicom_data: Path) -> None:
    asked = [part for uid in studies(pydicom_data) for part in ("--study", uid)]
    done = chiasm("retrieve", archive, *asked, "--move-to", "SINK", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "3 moved\n")
    assert len(list(sink[1].iterdir())) == 3
    done = chiasm("retrieve", archive, *asked[:2], "--move-to", "NOBODY", "--json", folder=tmp_path)
    assert done.returncode == 2
    told = json.loads(done.stdout)
    assert told["counts"]["failed"] == 1
    assert "destination" in told["told"][0][1]


def test_a_peer_that_is_down(tmp_path: Path) -> None:
    done = chiasm("retrieve", f"A@127.0.0.1:{free_port()}", "--study", "1.2.3", folder=tmp_path)
    assert done.returncode == 2
    assert "cannot connect" in done.stdout


def test_it_comes_from_orthanc(needs_tool: Callable[[str], str], tmp_path: Path, pydicom_data: Path) -> None:
    program = shutil.which("Orthanc", path="/usr/sbin:/usr/bin") or needs_tool("Orthanc")
    port = free_port()
    settings = {
        "StorageDirectory": str(tmp_path / "storage"), "DicomPort": port, "HttpServerEnabled": False,
        "DicomAlwaysAllowStore": True, "DicomAlwaysAllowFind": True, "DicomAlwaysAllowGet": True,
    }  # fmt: skip
    (tmp_path / "orthanc.json").write_text(json.dumps(settings))
    process = subprocess.Popen(
        [program, str(tmp_path / "orthanc.json")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        listening(process, port)
        peer = f"ORTHANC@127.0.0.1:{port}"
        samples = [*NAMES, "JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm"]
        files = [pydicom_data / "test_files" / name for name in samples]
        sent = chiasm("send", peer, *files, folder=tmp_path)
        assert sent.returncode == 0, sent.stdout
        uids = {str(pydicom.dcmread(path).StudyInstanceUID) for path in files}
        asked = [part for uid in uids for part in ("--study", uid)]
        done = chiasm("retrieve", peer, *asked, folder=tmp_path)
        assert (done.returncode, done.stdout) == (0, "5 written\n")
    finally:
        process.terminate()
        process.wait(20)
    got = {str(pydicom.dcmread(path).SOPInstanceUID): path for path in tmp_path.glob("retrieved/*/*.dcm")}
    for path in files:
        one = pydicom.dcmread(path)
        assert pydicom.dcmread(got[str(one.SOPInstanceUID)]).get("PixelData") == one.get("PixelData")


def test_what_can_be_selected() -> None:
    assert selections_of(Wanted(("1.2", "1.3", "1.2"))) == [Selection("1.2"), Selection("1.3")]
    assert selections_of(Wanted(("1.2",), ("1.3", "1.4"))) == [
        Selection("1.2", "1.3"),
        Selection("1.2", "1.4"),
    ]
    assert selections_of(Wanted(("1.2",), ("1.3",), ("1.5", "1.6"))) == [
        Selection("1.2", "1.3", ("1.5", "1.6"))
    ]


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(()),
        Wanted(("../x",)),
        Wanted(("1.2",), ("*",)),
        Wanted(("1.2", "1.3"), ("1.4",)),
        Wanted(("1.2",), (), ("1.4",)),
        Wanted(("1.2",), ("1.3", "1.4"), ("1.5",)),
    ],
)
def test_what_cannot_be_selected(wanted: Wanted) -> None:
    with pytest.raises(UsageError):
        selections_of(wanted)


def test_a_report_tells_what_stopped_it() -> None:
    report = Report()
    assert (report.text(), report.status()) == ("nothing came\n", 2)
    report.counts["written"] += 2
    report.failure = "the association is no more"
    assert report.text() == "stopped: the association is no more\n2 written\n"
    assert report.status() == 1
