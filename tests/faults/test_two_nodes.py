"""Two nodes on one PostgreSQL and one bucket: one is killed while both receive, and nothing is lost."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset

PROGRAM = str(Path(sys.executable).with_name("chiasm"))
CT = "1.2.840.10008.5.1.4.1.1.2"
STUDY = "1.2.276.0.7230010.3.1.2.1"


class Node:
    """A node as a process, with a data folder of its own."""

    def __init__(self, folder: Path, database: str, bucket: dict[str, str]) -> None:
        folder.mkdir()
        self.config = folder / "chiasm.toml"
        self.config.write_text(
            f'[node]\ndata = "{folder / "data"}"\ndimse = "127.0.0.1:0"\nhttp = "127.0.0.1:0"\n'
            f'database = "{database}"\nobjects = "{bucket["url"]}"\n'
            f'[object_options]\nendpoint = "{bucket["endpoint"]}"\naccess_key_id = "{bucket["key"]}"\n'
            f'secret_access_key = "{bucket["secret"]}"\nregion = "{bucket["region"]}"\n'
        )
        self.folder = folder

    def start(self) -> None:
        """Start it, and wait until it says where it listens."""
        self._errors = (self.folder / "errors").open("a")
        command = [PROGRAM, "up", "--config", str(self.config)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._errors, text=True, cwd=self.folder
        )
        assert self.process.stdout is not None
        told = ""
        for line in self.process.stdout:
            told += line
            if line.startswith("Stop it"):
                break
        addresses = re.search(r"console +(http://\S+)/\n.*DICOM +CHIASM@127\.0\.0\.1:(\d+)", told, re.DOTALL)
        assert addresses, told + (self.folder / "errors").read_text()
        self.http, self.dimse = addresses[1], addresses[2]

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it with a signal; what SIGKILL ends says nothing any more."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._errors.close()

    def found(self) -> list[str]:
        """The instances that QIDO-RS answers with."""
        url = f"{self.http}/dicom-web/studies/{STUDY}/instances?includefield=00080018"
        with urllib.request.urlopen(url, timeout=60) as answer:
            body = answer.read()
        return [one["00080018"]["Value"][0] for one in json.loads(body or b"[]")]

    def data_set(self, uid: str) -> bytes:
        """The data set of an instance as WADO-RS gives it."""
        url = f"{self.http}/dicom-web/studies/{STUDY}/series/{STUDY}.1/instances/{uid}"
        accept = {"accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
        with urllib.request.urlopen(urllib.request.Request(url, headers=accept), timeout=60) as answer:
            kind, body = answer.headers["content-type"], answer.read()
        boundary = re.search(r'boundary="?([^";]+)', kind)
        assert boundary
        return behind_meta(body.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--" + boundary[1].encode(), 1)[0])


def behind_meta(file: bytes) -> bytes:
    """What follows preamble and meta group."""
    assert file[128:132] == b"DICM"
    return file[132 + 12 + int.from_bytes(file[140:144], "little") :]


def make(folder: Path, sender: int, count: int) -> dict[str, Path]:
    """So many objects for one sender, by UID."""
    folder.mkdir()
    files = {}
    for number in range(count):
        one = Dataset()
        one.SOPClassUID, one.SOPInstanceUID = CT, f"{STUDY}.1.{sender}.{number}"
        one.StudyInstanceUID, one.SeriesInstanceUID, one.PatientID = STUDY, f"{STUDY}.1", "TWO"
        one.PatientName, one.InstanceNumber, one.Modality = "Two^Nodes", number, "CT"
        one.add_new(0x7FE00010, "OW", os.urandom(20_000))
        one.file_meta = FileMetaDataset()
        one.file_meta.MediaStorageSOPClassUID, one.file_meta.MediaStorageSOPInstanceUID = (
            CT,
            one.SOPInstanceUID,
        )
        one.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        files[str(one.SOPInstanceUID)] = folder / f"{number:04}.dcm"
        pydicom.dcmwrite(files[str(one.SOPInstanceUID)], one, enforce_file_format=True)
    return files


class Sender:
    """DCMTK's storescu on one association; `taken` are the UIDs that it heard success for."""

    def __init__(self, storescu: str, node: Node, files: dict[str, Path], wake: Callable[[], None]) -> None:
        self.taken: list[str] = []
        self._wake = wake
        by_path = {str(path): uid for uid, path in files.items()}
        command = [storescu, "-v", "-aec", "CHIASM", "127.0.0.1", node.dimse, *by_path]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
        )
        self._listener = threading.Thread(target=self._listen, args=(by_path,))
        self._listener.start()

    def _listen(self, by_path: dict[str, str]) -> None:
        assert self.process.stdout is not None
        sent = ""
        for line in self.process.stdout:
            if "Sending file: " in line:
                sent = by_path[line.split("Sending file: ", 1)[1].strip()]
            elif "Received Store Response (Success)" in line:
                self.taken.append(sent)
                self._wake()

    def wait(self) -> int:
        """Let it come to its end."""
        self._listener.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(60)


@pytest.fixture
def nodes(tmp_path: Path, postgres_url: str, bucket: dict[str, str]) -> Iterator[list[Node]]:
    both = [Node(tmp_path / name, postgres_url, bucket) for name in ("one", "other")]
    for node in both:
        node.start()
    yield both
    for node in both:
        node.stop()
        assert "Traceback" not in (node.folder / "errors").read_text()


def verified(node: Node) -> list[str]:
    """The rules that `chiasm verify` finds broken."""
    command = [PROGRAM, "verify", "--config", str(node.config), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=node.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return [one["rule"] for one in json.loads(done.stdout)["findings"]]


def killed_in_the_middle(
    nodes: list[Node], victim: int, senders: list[tuple[int, dict[str, Path]]], after: int, storescu: str
) -> dict[str, Path]:
    """Send to both, kill one when so many were acknowledged by it: what was acknowledged by either."""
    heard = threading.Condition()

    def wake() -> None:
        with heard:
            heard.notify_all()

    sending = [(place, Sender(storescu, nodes[place], files, wake)) for place, files in senders]
    theirs = [one for place, one in sending if place == victim]
    with heard:
        assert heard.wait_for(lambda: sum(len(one.taken) for one in theirs) >= after, 120)
    nodes[victim].stop(signal.SIGKILL)
    ends = [(place, one.wait()) for place, one in sending]
    assert all(status == 0 for place, status in ends if place != victim)
    files = {uid: path for _, some in senders for uid, path in some.items()}
    return {uid: files[uid] for _, one in sending for uid in one.taken}


def check(node: Node, acknowledged: dict[str, Path]) -> None:
    """Everything that was acknowledged is found at once, and comes back as it was sent."""
    found = node.found()
    assert len(found) == len(set(found))
    assert acknowledged.keys() <= set(found)
    for uid, path in acknowledged.items():
        assert node.data_set(uid) == behind_meta(path.read_bytes())


def test_what_one_node_acknowledges_the_other_finds_at_once(
    nodes: list[Node], tmp_path: Path, needs_tool: Callable[[str], str]
) -> None:
    storescu = needs_tool("storescu")
    files = make(tmp_path / "files", 0, 8)
    taken: list[str] = []
    for turn, (uid, path) in enumerate(files.items()):
        sender = Sender(storescu, nodes[turn % 2], {uid: path}, lambda: None)
        assert sender.wait() == 0
        taken += sender.taken
        assert sorted(nodes[(turn + 1) % 2].found()) == sorted(taken)
    check(nodes[0], files)
    assert verified(nodes[1]) == []


def test_one_is_killed_and_nothing_is_lost(
    nodes: list[Node], tmp_path: Path, needs_tool: Callable[[str], str]
) -> None:
    storescu = needs_tool("storescu")
    senders = [(number % 2, make(tmp_path / str(number), number, 40)) for number in range(4)]
    acknowledged = killed_in_the_middle(nodes, 0, senders, 15, storescu)
    assert 80 + 15 <= len(acknowledged) < 160
    check(nodes[1], acknowledged)
    assert set(verified(nodes[1])) <= {"object-unreferenced"}
    nodes[0].start()
    assert sorted(nodes[0].found()) == sorted(nodes[1].found())


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_each_is_killed_many_times_and_nothing_is_lost(
    nodes: list[Node], tmp_path: Path, needs_tool: Callable[[str], str]
) -> None:
    storescu, chance = needs_tool("storescu"), random.Random(18)
    acknowledged: dict[str, Path] = {}
    for turn in range(20):
        senders = [
            (number % 2, make(tmp_path / f"{turn}-{number}", 4 * turn + number, 60)) for number in range(4)
        ]
        victim = chance.randrange(2)
        now = killed_in_the_middle(nodes, victim, senders, chance.randrange(1, 100), storescu)
        acknowledged |= now
        check(nodes[1 - victim], now)
        nodes[victim].start()
    check(nodes[0], acknowledged)
    assert sorted(nodes[0].found()) == sorted(nodes[1].found())
    assert set(verified(nodes[0])) <= {"object-unreferenced"}
