"""The power fails while one or four send: what was not synced is dropped or torn, what was acknowledged is there.

The shim stands under the calls that write: a file's durable bytes are those of its last sync, and its name
is durable once its folder was synced. The index is dropped whole, as the projection that it is.
"""

from __future__ import annotations

import asyncio
import fcntl
import io
import os
import random
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset

from chiasm.model import Source
from chiasm.services.archive import Archive, Settings
from chiasm.services.verification import verify_archive
from chiasm.store.pages import pages

CT = "1.2.840.10008.5.1.4.1.1.2"
SECTOR = 512
SIZES = {"3": 200_000, "6": 700_000, "9": 400_000}
"""Bytes of pixels by the last digit of a UID; the large ones go into the log while they come."""


class Kernel:
    """Stands where `DirectWrites` would, over the disk of the test: what was begun ends after a while, in any
    order, and is durable by then."""

    def __init__(self, disk: Disk, chance: random.Random) -> None:
        self.event = os.eventfd(0, os.EFD_NONBLOCK)
        self._disk, self._chance = disk, chance
        self._under_way: list[tuple[object, Callable[[], None]]] = []
        self._ended: list[object] = []

    def write(self, file: int, parts: Sequence[memoryview], position: int, owner: object) -> None:
        one = (owner, self._disk.begin(file, parts, position))
        self._under_way.append(one)
        asyncio.get_running_loop().call_later(self._chance.random() / 500, self._end, one)

    def _end(self, one: tuple[object, Callable[[], None]]) -> None:
        if one in self._under_way:
            self._under_way.remove(one)
            one[1]()
            self._ended.append(one[0])
            os.eventfd_write(self.event, 1)

    def ended(self) -> list[tuple[object, None]]:
        os.eventfd_read(self.event)
        owners, self._ended = self._ended, []
        return [(owner, None) for owner in owners]

    def finish(self) -> None:
        while self._under_way:
            self._under_way.pop()[1]()

    def close(self) -> None:
        os.close(self.event)


class Disk:
    """What a disk holds for certain, beside what the system shows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bytes: dict[Path, bytearray] = {}
        self.names: dict[Path, set[str]] = {}
        self.lock = threading.Lock()
        for name in ("fsync", "fdatasync"):
            monkeypatch.setattr(os, name, self._sync)
        self._pwrite = os.pwrite
        monkeypatch.setattr(os, "pwrite", self._write)
        monkeypatch.setattr(os, "pwritev", self._write_parts)
        monkeypatch.setattr("chiasm.store.journal_files.sync_file_system", self._sync_all)

    def _sync(self, file: int) -> None:
        path = Path(f"/proc/self/fd/{file}").readlink()
        with self.lock:
            if path.is_dir():
                self.names.setdefault(path, set()).update(one.name for one in path.iterdir())
            else:
                self.bytes[path] = bytearray(os.pread(file, os.fstat(file).st_size, 0))

    def _write_parts(self, file: int, parts: Sequence[memoryview], position: int) -> int:
        data = pages(
            sum(len(part) for part in parts)
        )  # in one piece, as a disk wants it that is asked directly
        data[:] = b"".join(parts)
        return self._write(file, data, position)

    def _write(self, file: int, data: bytes | memoryview, position: int) -> int:
        written = self._pwrite(file, data, position)
        if fcntl.fcntl(file, fcntl.F_GETFL) & os.O_DSYNC:
            self._keep(Path(f"/proc/self/fd/{file}").readlink(), data[:written], position)
        return written

    def _keep(self, path: Path, data: bytes | memoryview, position: int) -> None:
        with self.lock:
            known = self.bytes.setdefault(path, bytearray())
            known.extend(bytes(max(0, position - len(known))))
            known[position : position + len(data)] = data

    def begin(self, file: int, parts: Sequence[memoryview], position: int) -> Callable[[], None]:
        """Write what is not durable yet: what is given makes it so."""
        data = pages(sum(len(part) for part in parts))
        data[:] = b"".join(parts)
        self._pwrite(file, data, position)
        path = Path(f"/proc/self/fd/{file}").readlink()
        return lambda: self._keep(path, data, position)

    def _sync_all(self, folder: Path) -> None:
        for path in [folder, *folder.parents]:
            if (path / "objects").is_dir():
                break
        with self.lock:
            for one in path.rglob("*"):
                self.names.setdefault(one.parent, set()).add(one.name)
                if one.is_file():
                    self.bytes[one] = bytearray(one.read_bytes())

    def cut(self, live: Path, after: Path, chance: random.Random) -> None:
        """Make the folder that is found after the power failed."""
        for path in sorted(live.rglob("*")):
            into = after / path.relative_to(live)
            named = path.parent == live or path.name in self.names.get(path.parent, ())
            if path.name.startswith("index.sqlite") or not (named or chance.random() < 0.5):
                continue
            if path.is_dir():
                into.mkdir(parents=True)
            elif into.parent.exists():
                into.write_bytes(torn(self.bytes.get(path, bytearray()), path.read_bytes(), chance))


def torn(durable: bytes | bytearray, shown: bytes, chance: random.Random) -> bytes:
    """The durable bytes, and of what was written since any sectors."""
    out = bytearray(durable)
    if chance.random() < 0.5:
        out += bytes(max(0, len(shown) - len(out)))
    for start in range(0, len(out), SECTOR):
        place = slice(start, min(start + SECTOR, len(out)))
        if shown[place] and shown[place] != out[place] and chance.random() < 0.5:
            out[place] = shown[place].ljust(place.stop - place.start, b"\0")
    return bytes(out)


def data_set(uid: str) -> bytes:
    one = Dataset()
    one.SOPClassUID, one.SOPInstanceUID = CT, uid
    one.StudyInstanceUID, one.SeriesInstanceUID, one.PatientID = "1.2", "1.3", "P"
    one.add_new(0x7FE00010, "OW", os.urandom(SIZES.get(uid[-1], 4000)))
    out = io.BytesIO()
    pydicom.dcmwrite(out, one, implicit_vr=False, little_endian=True)
    return out.getvalue()


async def until_cut(live: Path, after: Path, disk: Disk, chance: random.Random, senders: int) -> set[str]:
    """Receive on so many sides until the power fails at some moment; the UIDs acknowledged before."""
    archive = await Archive.open(Settings(live))
    acknowledged: set[str] = set()

    async def send(sender: int) -> None:
        for number in range(1000):
            uid = f"1.2.{sender}.{number}"
            reception = archive.receive(
                sop_class=CT, sop_instance=uid, transfer_syntax="1.2.840.10008.1.2.1", source=Source("dimse")
            )
            data = memoryview(data_set(uid))
            for start in range(0, len(data), 130_000):
                reception.write(data[start : start + 130_000])
                await asyncio.sleep(chance.random() / 1000 if start else 0)
            done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            waits = sender % 2 or not reception.complete_soon(done.set_result)
            outcome = await (reception.complete() if waits else done)
            assert outcome.verdict == "stored", outcome
            acknowledged.add(uid)

    tasks = [asyncio.create_task(send(sender)) for sender in range(senders)]
    wanted = chance.randrange(1, 30)
    while len(acknowledged) < wanted:
        for task in tasks:
            if task.done():
                task.result()
        await asyncio.sleep(chance.random() / 500)
    before = set(acknowledged)
    with disk.lock:  # no sync ends while the power fails
        disk.cut(live, after, chance)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await archive.close()
    return before


async def found(folder: Path) -> list[str]:
    archive = await Archive.open(Settings(folder))
    try:
        return [one.sop_instance for one in await archive.locations(studies=["1.2"])]
    finally:
        await archive.close()


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = random.Random(seed)
    live, after = tmp_path / "live", tmp_path / "after"
    live.mkdir()
    after.mkdir()
    with monkeypatch.context() as patched:
        often = seed % 2  # whether strips of the log are turned often
        sizes = {"STRIP": 61_440, "FIRST": 20_480, "STEP": 32_768} if often else {"STRIP": 4 << 20}
        for name, size in sizes.items():
            patched.setattr(f"chiasm.store.landing.{name}", size)
        disk = Disk(patched)
        direct = (
            (lambda: Kernel(disk, chance)) if seed % 4 < 2 else lambda: None
        )  # else writes are waited for
        patched.setattr("chiasm.store.journal_files.open_direct", direct)
        acknowledged = asyncio.run(until_cut(live, after, disk, chance, 1 if seed % 8 < 2 else 4))
    held = asyncio.run(found(after))
    assert len(held) == len(set(held))
    assert acknowledged <= set(held)
    errors = [one for one in verify_archive(Settings(after)).findings if one.severity == "error"]
    assert errors == []


@pytest.mark.parametrize("seed", range(6))
def test_the_power_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    run(tmp_path, monkeypatch, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 300))
def test_the_power_fails_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    run(tmp_path, monkeypatch, seed)
