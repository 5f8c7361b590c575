"""Stretches of files gathered to megabytes, whatever their sizes."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chiasm.net.web_bytes import FileSpan, Span, length_of, sent
from chiasm.store import open_files
from chiasm.store.open_files import OpenFiles


async def gathered(spans: list[Span]) -> list[bytes]:
    archive: Any = SimpleNamespace(files=OpenFiles())
    try:
        return [bytes(chunk) async for chunk in sent(archive, spans)]
    finally:
        archive.files.close()


@pytest.fixture(params=["in memory", "not in memory", "nobody can tell"])
def reading(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes by each way that they are read."""
    if request.param == "nobody can tell":
        monkeypatch.setattr(open_files, "_NOW", 0)
    if request.param == "not in memory":
        plain = os.preadv

        def refuse(handle: int, into: Any, at: int, flags: int = 0) -> int:
            if flags and at > 0:
                raise BlockingIOError(errno.EAGAIN, "it would have to wait")
            return plain(handle, into, at, flags)

        monkeypatch.setattr(os, "preadv", refuse)


@pytest.mark.usefixtures("reading")
def test_all_bytes_in_order(tmp_path: Path) -> None:
    path = tmp_path / "object"
    content = bytes(range(256)) * 12_000
    path.write_bytes(content)
    spans: list[Span] = [
        b"head",
        FileSpan(str(path), 0, len(content)),
        b"",
        FileSpan(str(path), 5, 1),
        b"tail",
    ]
    chunks = asyncio.run(gathered(spans))
    assert b"".join(chunks) == b"head" + content + content[5:6] + b"tail"
    assert sum(map(len, chunks)) == length_of(spans)
    assert max(map(len, chunks)) <= (1 << 20) + 100


def test_what_is_in_memory_is_sent_in_parts_that_the_cache_of_a_processor_holds(tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(bytes(700_000))
    chunks = asyncio.run(
        gathered([b"head", FileSpan(str(path), 0, 600_000), FileSpan(str(path), 9, 100_000)])
    )
    assert [len(one) for one in chunks] == [1 << 18, 1 << 18, 700_004 - (2 << 18)]


@pytest.mark.usefixtures("reading")
def test_a_file_that_is_shorter_than_said(tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(b"short")
    with pytest.raises(OSError, match="shorter"):
        asyncio.run(gathered([FileSpan(str(path), 0, 100)]))
