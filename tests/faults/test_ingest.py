"""A process that receives is killed at random moments; what it acknowledged is whole, once, and indexed."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import pytest

from chiasm.services.archive import Archive, Settings
from chiasm.services.verification import verify_archive

RECEIVER = """
import asyncio, io, os, sys
from pathlib import Path
import pydicom
from pydicom.dataset import Dataset
from chiasm.model import Source
from chiasm.services.archive import Archive, Settings

def data_set(uid):
    one = Dataset()
    one.SOPClassUID, one.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", uid
    one.StudyInstanceUID, one.SeriesInstanceUID, one.PatientID = "1.2", "1.3", "P"
    one.add_new(0x7FE00010, "OW", os.urandom(20_000))
    out = io.BytesIO()
    pydicom.dcmwrite(out, one, implicit_vr=False, little_endian=True)
    return out.getvalue()

async def send(archive, cycle, sender):
    for number in range(100_000):
        uid = f"1.2.{cycle}.{sender}.{number}"
        data = data_set(uid)
        reception = archive.receive(sop_class="1.2.840.10008.5.1.4.1.1.2", sop_instance=uid,
            transfer_syntax="1.2.840.10008.1.2.1", source=Source("dimse", f"SENDER{sender}"))
        for start in range(0, len(data), 4096):
            reception.write(data[start:start + 4096])
            await asyncio.sleep(0)
        outcome = await reception.complete()
        assert outcome.verdict == "stored", outcome
        os.write(1, (uid + "\\n").encode())

async def main():
    archive = await Archive.open(Settings(Path(sys.argv[1])))
    os.write(1, b"ready\\n")
    await asyncio.gather(*(send(archive, sys.argv[2], sender) for sender in range(4)))

asyncio.run(main())
"""


def killed(folder: Path, cycle: int, after: int) -> set[str]:
    """The UIDs that one receiving process acknowledged before it was killed, some lines into its output."""
    command = [sys.executable, "-c", RECEIVER, str(folder), str(cycle)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        told = [process.stdout.readline() for _ in range(after)]
        process.kill()
        told += process.stdout.readlines()
        assert told[0] == b"ready\n", process.stderr.read().decode()
    return {line.decode().strip() for line in told[1:] if line.endswith(b"\n")}


def check(folder: Path, acknowledged: set[str]) -> None:
    """Every acknowledged object is there, whole, once and indexed; every other, if there, is whole."""

    async def run() -> list[str]:
        archive = await Archive.open(Settings(folder))
        try:
            locations = await archive.locations(studies=["1.2"])
            for one in locations:
                assert len(archive.index.versions(one.sop_instance)) == 1
            return [one.sop_instance for one in locations]
        finally:
            await archive.close()

    found = asyncio.run(run())
    assert len(found) == len(set(found))
    assert acknowledged <= set(found)
    report = verify_archive(Settings(folder))
    assert [one for one in report.findings if one.severity == "error"] == []


def cycles(folder: Path, count: int, seed: int) -> None:
    chance = random.Random(seed)
    acknowledged: set[str] = set()
    for cycle in range(count):
        acknowledged |= killed(folder, cycle, chance.randrange(1, 80))
        if cycle % 50 == 49 or cycle == count - 1 or count < 20:
            check(folder, acknowledged)
    assert acknowledged


def test_killed_a_few_times(tmp_path: Path) -> None:
    cycles(tmp_path, 4, 1)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_killed_a_thousand_times(tmp_path: Path) -> None:
    cycles(tmp_path, 1000, 2)
