"""The node's memory stays flat, however many objects it takes and however large they are."""

from __future__ import annotations

import io
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
