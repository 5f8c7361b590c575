"""Rendered resources and thumbnails: form, size, refusals. PS3.18 §8.3.5, §10.4.1.1.3."""

from __future__ import annotations

import io
from pathlib import Path

import pydicom
import pytest
from PIL import Image

from tests.net.web_node import WebNode


@pytest.fixture
def path(pydicom_data: Path) -> str:
    data = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    return f"/studies/{data.StudyInstanceUID}/series/{data.SeriesInstanceUID}/instances/{data.SOPInstanceUID}"


@pytest.mark.parametrize("form", ["jpeg", "png", "gif"])
def test_forms(web: WebNode, path: str, form: str) -> None:
    reply = web.get(f"{path}/rendered", f"image/{form}")
    assert reply.headers["content-type"] == f"image/{form}"
    picture = Image.open(io.BytesIO(reply.body))
    assert (picture.format or "").lower() == form
    assert picture.size == (128, 128)


def test_viewport_and_thumbnail(web: WebNode, path: str) -> None:
    reply = web.get(f"{path}/rendered?viewport=64,64&window=40,400,sigmoid&annotation=patient", "image/png")
    assert Image.open(io.BytesIO(reply.body)).size == (64, 64)
    small = web.get(f"{path}/thumbnail?viewport=32,32", "image/png")
    assert Image.open(io.BytesIO(small.body)).size == (32, 32)


@pytest.mark.parametrize(
    ("asked", "status"),
    [("window=1", 400), ("window=1,0,linear", 400), ("window=1,2,cubic", 400), ("viewport=0,0", 400), ("quality=x", 400),
     ("annotation=all", 400), ("iccprofile=yes", 400)],
)  # fmt: skip
def test_refusals(web: WebNode, path: str, asked: str, status: int) -> None:
    assert web.get(f"{path}/rendered?{asked}", "image/jpeg").status == status
    assert web.get(f"{path}/rendered", "text/html").status == 406
