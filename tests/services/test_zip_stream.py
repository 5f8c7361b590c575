"""Archives written as they go, read by zipfile and Info-ZIP."""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.errors import UsageError
from chiasm.services import zip_stream
from chiasm.services.zip_stream import ZipStream


def _archive(members: list[tuple[str, list[bytes], int | None, bool]]) -> bytes:
    stream, parts = ZipStream(), []
    for name, pieces, size, squeezed in members:
        parts.append(stream.begin(name, size, squeezed=squeezed))
        parts += [stream.write(piece) for piece in pieces]
        parts.append(stream.end())
    return b"".join([*parts, stream.close()])


@given(
    st.lists(
        st.tuples(st.lists(st.binary(max_size=300), max_size=4), st.booleans(), st.booleans()), max_size=5
    )
)
def test_zipfile_reads_what_was_written(members: list[tuple[list[bytes], bool, bool]]) -> None:
    """Pieces of any kind, squeezed or not, with and without a size said before."""
    data = _archive(
        [
            (f"a/{number}", pieces, sum(map(len, pieces)) if told else None, squeezed)
            for number, (pieces, squeezed, told) in enumerate(members)
        ]
    )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"a/{number}" for number in range(len(members))]
        for number, (pieces, _, _) in enumerate(members):
            assert archive.read(f"a/{number}") == b"".join(pieces)


def test_info_zip_finds_no_error(tmp_path: Path, needs_tool: Callable[[str], str]) -> None:
    tool = needs_tool("unzip")
    path = tmp_path / "a.zip"
    path.write_bytes(_archive([("x/y.dcm", [b"1" * 70_000], None, False), ("z", [b"2" * 9], 9, True)]))
    done = subprocess.run([tool, "-t", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "No errors detected" in done.stdout


def test_beyond_the_plain_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """More members, and a directory further back, than the plain form can tell: zip64 by lower bounds."""
    monkeypatch.setattr(zip_stream, "_MANY", 3)
    data = _archive([(str(number), [b"abc"], 3, True) for number in range(5)])
    assert b"PK\x06\x06" in data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert len(archive.namelist()) == 5


@pytest.mark.long
def test_a_member_of_five_gigabytes(tmp_path: Path) -> None:
    """Sizes and offsets beyond 32 bits, written to a file and read to its end."""
    stream, path, piece = ZipStream(), tmp_path / "large.zip", bytes(1 << 24)
    with path.open("wb") as file:
        file.write(stream.begin("zeros", None))
        for _ in range(320):
            file.write(stream.write(piece))
        file.write(stream.end())
        file.write(stream.begin("behind", 1))
        file.write(stream.write(b"x") + stream.end() + stream.close())
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("zeros").file_size == 320 << 24
        assert archive.testzip() is None


def test_a_dropped_member_leaves_nothing() -> None:
    stream = ZipStream()
    first = stream.begin("a", 1) + stream.write(b"1") + stream.end()
    stream.begin("b", None)
    stream.write(b"2" * 100_000)
    assert stream.drop() == len(first)
    data = first + stream.begin("c", 1) + stream.write(b"3") + stream.end() + stream.close()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["a", "c"]
        assert archive.testzip() is None


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "", "a/./b", "a\\b"])
def test_names_stay_within(name: str) -> None:
    with pytest.raises(UsageError, match="no name"):
        ZipStream().begin(name)


def test_calls_out_of_order_are_told() -> None:
    stream = ZipStream()
    with pytest.raises(UsageError, match="begun"):
        stream.write(b"")
    with pytest.raises(UsageError, match="begun"):
        stream.end()
    stream.begin("a")
    with pytest.raises(UsageError, match="no name"):
        stream.begin("b")
