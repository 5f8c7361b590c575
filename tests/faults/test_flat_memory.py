"""The node's memory stays flat, however many objects it takes and however large they are."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from tests.faults.running import Running, Sender, content, node

MB = 1 << 20
_PIECE = bytes(range(256)) * 4096


def pattern(sample: Path, length: int) -> tuple[bytes, bytes]:
    """The beginning of a CT with pixel data of that length, and the mark that stands for its UID."""
    data = pydicom.dcmread(sample)
    data.SOPInstanceUID = data.StudyInstanceUID = data.SeriesInstanceUID = "1.2.826.5.10000000"
    del data.PixelData, data[0xFFFCFFFC]
    out = io.BytesIO()
    data.save_as(out)
    head = b"\xe0\x7f\x10\0OW\0\0" + length.to_bytes(4, "little")
    return content(out.getvalue()) + head, b"1.2.826.5.10000000"


class Taken:
    """Objects sent one after another; the node's memory after each so many."""

    def __init__(self, running: Running, sample: Path, length: int) -> None:
        self.running, self.length = running, length
        self._head, self._mark = pattern(sample, length)

    def send(self, numbers: range) -> int:
        """Send them over one association; the node's memory afterwards, in bytes."""
        sender = Sender(self.running.dimse)
        try:
            for number in numbers:
                uid = b"1.2.826.5.%d" % (20_000_000 + number)
                assert sender.store(uid.decode(), self._pieces(uid)) == 0
        finally:
            sender.close()
        study = f"1.2.826.5.{20_000_000 + numbers[-1]}"
        assert len(self.running.instances(study)) == 1  # all is indexed
        return self.running.memory()

    def _pieces(self, uid: bytes) -> Iterator[bytes]:
        yield self._head.replace(self._mark, uid)
        for at in range(0, self.length, len(_PIECE)):
            yield _PIECE[: self.length - at]


@pytest.fixture
def sample(pydicom_data: Path) -> Path:
    return pydicom_data / "test_files" / "CT_small.dcm"


def test_small_objects(tmp_path: Path, sample: Path) -> None:
    with node(tmp_path / "data") as running:
        taken = Taken(running, sample, 8192)
        before = taken.send(range(1500))
        after = taken.send(range(1500, 4000))
        assert after - before < 24 * MB


def test_large_objects(tmp_path: Path, sample: Path) -> None:
    with node(tmp_path / "data") as running:
        before = Taken(running, sample, 8192).send(range(100))
        after = Taken(running, sample, 200 * MB).send(range(100, 102))
        assert after - before < 32 * MB


SIDE = 512
JPEG_LS, IMPLICIT = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2"


def many_frames(sample: Path, frames: int) -> Iterator[bytes]:
    """The data set of an object of so many frames of half a megabyte."""
    data = pydicom.dcmread(sample)
    data.SOPInstanceUID = "1.2.826.6.3"
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.826.6.1", "1.2.826.6.2"
    data.Rows = data.Columns = SIDE
    data.NumberOfFrames = frames
    del data.PixelData, data[0xFFFCFFFC]
    out = io.BytesIO()
    data.save_as(out)
    length = frames * SIDE * SIDE * 2
    yield content(out.getvalue()) + b"\xe0\x7f\x10\0OW\0\0" + length.to_bytes(4, "little")
    for at in range(0, length, len(_PIECE)):
        yield _PIECE[: length - at]


def most_while_given(running: Running, path: str, accept: str) -> tuple[int, int]:
    """The node's memory at most while it gives something, and the bytes of that."""
    levels, ended = [running.memory()], threading.Event()

    def look() -> None:
        while not ended.wait(0.01):
            levels.append(running.memory())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        size = running.drain(path, accept)
    finally:
        ended.set()
        looking.join()
    return max(levels), size


@pytest.mark.parametrize("frames", [200, pytest.param(1_500, marks=pytest.mark.long)])
@pytest.mark.timeout(1200)
def test_many_frames_are_given_in_other_forms(tmp_path: Path, sample: Path, frames: int) -> None:
    """In another transfer syntax and as bulk data, whose compressed frames are decoded."""
    pixels = frames * SIDE * SIDE * 2
    place = "/dicom-web/studies/1.2.826.6.1/series/1.2.826.6.2/instances/1.2.826.6.3"
    with node(tmp_path / "data") as running:
        sender = Sender(running.dimse)
        try:
            assert sender.store("1.2.826.6.3", many_frames(sample, 1)) == 0  # what loads once is loaded
            small = most_while_given(running, place, f"application/dicom; transfer-syntax={JPEG_LS}")[0]
            assert sender.store("1.2.826.6.3", many_frames(sample, frames)) == 0
        finally:
            sender.close()
        asked = [
            (place, f"application/dicom; transfer-syntax={JPEG_LS}", pixels // 100),
            (place, f"application/dicom; transfer-syntax={IMPLICIT}", pixels),
            (f"{place}/bulkdata/7FE00010", "application/octet-stream", pixels),
        ]
        for path, accept, least in asked:
            most, size = most_while_given(running, path, accept)
            assert size >= least
            print(f"{accept}: {size // MB} MB given, {small // MB} MB, at most {most // MB}")  # noqa: T201
            assert most - small < 48 * MB
    assert list((tmp_path / "data" / "scratch").iterdir()) == []


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_small_objects(tmp_path: Path, sample: Path) -> None:
    with node(tmp_path / "data") as running:
        taken = Taken(running, sample, 8192)
        levels = [taken.send(range(at, at + 10_000)) for at in range(0, 100_000, 10_000)]
        print("MB after each 10,000:", [level // MB for level in levels])  # noqa: T201  what was measured
        assert levels[-1] - levels[0] < 32 * MB


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_hundred_objects_of_500_megabytes(tmp_path: Path, sample: Path) -> None:
    with node(tmp_path / "data") as running:
        before = Taken(running, sample, 8192).send(range(100))
        taken, levels = Taken(running, sample, 500 * MB), []
        for number in range(100, 200):
            levels.append(taken.send(range(number, number + 1)))
            for file in (tmp_path / "data" / "objects").rglob("*.dcm"):
                if file.stat().st_size > 500 * MB:  # it is whole and found: the disk need not hold them all
                    file.unlink()
        print("MB before and at most:", before // MB, max(levels) // MB)  # noqa: T201  what was measured
        assert max(levels) - before < 32 * MB
