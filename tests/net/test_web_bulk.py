"""Bulk data and its ranges: RFC 9110 §14."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from tests.net.web_node import WebNode

OCTETS = "application/octet-stream"


@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [("bytes=0-9", 206, (0, 10)), ("bytes=32760-", 206, (32760, 32768)), ("bytes=-8", 206, (32760, 32768)),
     ("bytes=10-99999", 206, (10, 32768)), ("bytes=40000-", 416, None), ("bytes=-0", 416, None),
     ("Bytes=10-99", 206, (10, 100)), ("bytes= 0-4", 206, (0, 5)), ("bytes=5-3", 200, (0, 32768)),
     ("bytes=50000-40000", 200, (0, 32768)), ("bytes=0-1,4-5", 200, (0, 32768)), ("lines=1-2", 200, (0, 32768))],
)  # fmt: skip
def test_ranges(
    web: WebNode, pydicom_data: Path, asked: str, status: int, span: tuple[int, int] | None
) -> None:
    data = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    path = f"/studies/{data.StudyInstanceUID}/series/{data.SeriesInstanceUID}/instances/{data.SOPInstanceUID}"
    reply = web.get(f"{path}/bulkdata/7FE00010", OCTETS, Range=asked)
    assert reply.status == status
    if span:
        assert reply.body == data.PixelData[span[0] : span[1]]
    assert web.get(f"{path}/bulkdata/00100010", OCTETS).status == 404
    assert web.get(f"{path}/bulkdata/no/such", OCTETS).status == 404
    assert web.get(f"{path}/bulkdata/7FE00010", "text/html").status == 406
