"""A node is killed with -9 while one or four associations send to it, again and again; nothing acknowledged is lost."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pydicom
import pytest

from tests.faults.running import PROGRAM, Running, Sender, content

SENDERS = 4
_BLANK = (0, 0, 0)
_LIMIT = 60.0


def uids(cycle: int, sender: int, number: int) -> tuple[str, str, str]:
    """Of study, series and instance; always of the same lengths, which are even."""
    at = 10_000_000 + cycle
    return f"1.2.826.9.{at}", f"1.2.826.8.{at}.{sender}", f"1.2.826.7.{at}.{sender}.{10_000_000 + number}"


class Patterns:
    """Four sizes of one CT, and objects made of them by putting other UIDs in the places of theirs."""

    def __init__(self, sample: Path) -> None:
        self._patterns = []
        for rows, padding in ((16, 0), (128, 0), (128, 1_500_000), (128, 600_000)):
            data = pydicom.dcmread(sample)
            data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID = uids(*_BLANK)
            data.PatientID, data.PatientName = "KILL", "Kill^Nine"
            data.Rows = data.Columns = rows
            data.PixelData = data.PixelData[: rows * rows * 2]
            data.add_new(0xFFFCFFFC, "OB", bytes(range(250)) * (padding // 250))
            out = io.BytesIO()
            data.save_as(out)
            self._patterns.append(content(out.getvalue()))

    def made(self, cycle: int, sender: int, number: int) -> bytes:
        """The data set of one object: most are small, some 39 kB, some 600 kB, few 1.5 MB."""
        kind = 2 if number % 61 == 17 else 1 if number % 7 == 3 else 3 if number % 5 == 2 else 0
        data = self._patterns[kind]
        for blank, value in zip(uids(*_BLANK), uids(cycle, sender, number), strict=True):
            data = data.replace(blank.encode(), value.encode(), 1)
        return data


class Cycle:
    """What one cycle sent, what of it was acknowledged, and what of it was found afterwards."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.sent = [0] * SENDERS
        self.acknowledged = [0] * SENDERS
        self.found: set[str] = set()
        self.refused: list[int] = []

    @property
    def study(self) -> str:
        return uids(self.number, 0, 0)[0]

    def run(self, node: Running, patterns: Patterns, seconds: float) -> None:
        """Send over four associations, or over one, and kill the node so many seconds after the first answer."""
        begun = threading.Event()
        threads = [
            threading.Thread(target=self._send, args=(node.dimse, patterns, sender, begun))
            for sender in range(1 if self.number % 3 == 2 else SENDERS)
        ]
        for thread in threads:
            thread.start()
        begun.wait(_LIMIT)
        time.sleep(seconds)
        node.kill()
        for thread in threads:
            thread.join(_LIMIT)
        assert not any(thread.is_alive() for thread in threads)
        assert self.refused == []

    def _send(self, port: int, patterns: Patterns, sender: int, begun: threading.Event) -> None:
        try:
            peer = Sender(port, f"SENDER{sender}")
        except OSError:
            return
        try:
            while True:
                number = self.sent[sender]
                data = patterns.made(self.number, sender, number)
                self.sent[sender] += 1
                status = peer.store(uids(self.number, sender, number)[2], (data,))
                if status:
                    self.refused.append(status)
                    return
                self.acknowledged[sender] += 1
                begun.set()
        except OSError:
            return
        finally:
            peer.close(release=False)

    def expected(self) -> tuple[dict[str, tuple[int, int]], set[str]]:
        """All that was sent by SOP Instance UID, and those whose success was received: first ones of each."""
        everything, must = {}, set()
        for sender in range(SENDERS):
            for number in range(self.sent[sender]):
                uid = uids(self.number, sender, number)[2]
                everything[uid] = (sender, number)
                if number < self.acknowledged[sender]:
                    must.add(uid)
        return everything, must

    def check(self, node: Running, patterns: Patterns) -> None:
        """What was acknowledged is there once and as it was sent, the rest that way or not at all."""
        everything, must = self.expected()
        deadline = time.monotonic() + _LIMIT
        while True:
            listed = node.instances(self.study)
            if must <= set(listed) or time.monotonic() > deadline:
                break
            time.sleep(0.01)
        counts = Counter(listed)
        assert sorted(must - set(counts)) == []
        assert [uid for uid, count in counts.items() if count > 1] == []
        assert sorted(set(counts) - set(everything)) == []
        assert sorted(self.found - set(counts)) == []  # what was once there stays
        files = node.objects(f"studies/{self.study}") if counts else []
        given = {}
        for file in files:
            data = content(file)
            at = data.index(b"1.2.826.7.")
            uid = data[at : at + len(uids(*_BLANK)[2])].decode()
            assert uid not in given
            assert data == patterns.made(self.number, *everything[uid]), uid
            given[uid] = len(data)
        assert set(given) >= set(counts)
        self.found = set(counts)


def verified(data: Path) -> None:
    """What `chiasm verify` says of an archive on which no node runs."""
    done = subprocess.run(
        [*PROGRAM, "verify", "--data", str(data), "--json"], capture_output=True, check=False, timeout=900
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert [one for one in json.loads(done.stdout)["findings"] if one["severity"] == "error"] == []


def cycles(data: Path, patterns: Patterns, count: int, seed: int, *, longest: float) -> None:
    """So many kills; each time the node starts again on what the kill has left."""
    chance = random.Random(seed)
    done: list[Cycle] = []
    node = Running(data)
    try:
        for number in range(count):
            done.append(Cycle(number))
            done[-1].run(node, patterns, chance.random() ** 2 * longest)
            if chance.random() < 0.15:  # and once more while it recovers
                node = Running(data, wait=False)
                time.sleep(chance.random() * 0.8)
                node.kill()
            node = Running(data)
            done[-1].check(node, patterns)
            if number % 100 == 99:
                assert node.stop() == 0
                verified(data)
                node = Running(data)
        for one in done:
            one.check(node, patterns)
        assert node.stop() == 0
    finally:
        node.kill()
    verified(data)
    acknowledged, sent, found = (
        sum(sum(one.acknowledged) for one in done),
        sum(sum(one.sent) for one in done),
        sum(len(one.found) for one in done),
    )
    assert acknowledged
    sys.stdout.write(f"{count} kills: {sent} sent, {acknowledged} acknowledged, {found} found\n")


@pytest.fixture
def patterns(pydicom_data: Path) -> Patterns:
    return Patterns(pydicom_data / "test_files" / "CT_small.dcm")


def test_killed_a_few_times(tmp_path: Path, patterns: Patterns) -> None:
    cycles(tmp_path / "data", patterns, 5, 1, longest=0.6)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_killed_a_thousand_times(tmp_path: Path, patterns: Patterns) -> None:
    """CHIASM_CYCLES splits it; CHIASM_SEED makes each part another one."""
    count, seed = int(os.environ.get("CHIASM_CYCLES", "1000")), int(os.environ.get("CHIASM_SEED", "2"))
    cycles(tmp_path / "data", patterns, count, seed, longest=0.6)
