"""Stretches of files gathered to megabytes, whatever their sizes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from chiasm.net.web_bytes import FileSpan, Span, length_of, sent


async def gathered(spans: list[Span]) -> list[bytes]:
    archive: Any = None  # only objects that are not local ask it
    return [bytes(chunk) async for chunk in sent(archive, spans)]


def test_all_bytes_in_order(tmp_path: Path) -> None:
    path = tmp_path / "object"
    content = bytes(range(256)) * 12_000
    path.write_bytes(content)
    spans: list[Span] = [b"head", FileSpan(path, 0, len(content)), b"", FileSpan(path, 5, 1), b"tail"]
    chunks = asyncio.run(gathered(spans))
    assert b"".join(chunks) == b"head" + content + content[5:6] + b"tail"
    assert sum(map(len, chunks)) == length_of(spans)
    assert max(map(len, chunks)) <= (1 << 20) + 100


def test_a_file_that_is_shorter_than_said(tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(b"short")
    with pytest.raises(OSError, match="shorter"):
        asyncio.run(gathered([FileSpan(path, 0, 100)]))
