"""Studies and series as files, in the forms that are taken: PS3.18 §8.7.3, §10.4."""

from __future__ import annotations

import io
from pathlib import Path

import pydicom
import pytest

from tests.net.web_node import WebNode

PARTS = 'multipart/related; type="application/dicom"'


@pytest.mark.parametrize(
    ("accept", "status", "syntax"),
    [
        (PARTS + "; transfer-syntax=*", 200, "1.2.840.10008.1.2.5"),
        (PARTS, 200, "1.2.840.10008.1.2.1"),
        (PARTS + "; transfer-syntax=1.2.840.10008.1.2.5", 200, "1.2.840.10008.1.2.5"),
        ("*/*", 200, "1.2.840.10008.1.2.5"),
        (PARTS + "; transfer-syntax=1.2.3", 406, ""),
        ("image/jpeg", 406, ""),
    ],
)
def test_a_series(web: WebNode, pydicom_data: Path, accept: str, status: int, syntax: str) -> None:
    data = pydicom.dcmread(pydicom_data / "test_files" / "MR_small_RLE.dcm")
    reply = web.get(f"/studies/{data.StudyInstanceUID}/series/{data.SeriesInstanceUID}", accept)
    assert reply.status == status
    for kind, content in reply.parts() if status == 200 else ():
        back = pydicom.dcmread(io.BytesIO(content))
        assert kind == f"application/dicom; transfer-syntax={syntax}"
        assert back.file_meta.TransferSyntaxUID == syntax
        assert (back.pixel_array == data.pixel_array).all()
