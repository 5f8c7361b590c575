"""WADO-URI: files and pictures by parameters. PS3.18 §9."""

from __future__ import annotations

import io
from pathlib import Path

import pydicom
import pytest
from PIL import Image

from tests.net.web_node import WebNode


@pytest.fixture
def address(pydicom_data: Path) -> str:
    data = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    uids = (
        f"studyUID={data.StudyInstanceUID}&seriesUID={data.SeriesInstanceUID}&objectUID={data.SOPInstanceUID}"
    )
    return f"/wado?requestType=WADO&{uids}"


def test_a_file(web: WebNode, address: str, pydicom_data: Path) -> None:
    reply = web.get(address + "&contentType=application/dicom")
    assert reply.headers["content-type"] == "application/dicom"
    assert pydicom.dcmread(io.BytesIO(reply.body)) == pydicom.dcmread(
        pydicom_data / "test_files" / "CT_small.dcm"
    )


def test_a_picture_within_bounds(web: WebNode, address: str) -> None:
    reply = web.get(address + "&contentType=image/png&rows=32&columns=32&windowCenter=40&windowWidth=400")
    assert reply.status == 200, reply.body
    assert Image.open(io.BytesIO(reply.body)).size == (32, 32)
    part = web.get(address + "&contentType=image/png&region=0,0,0.5,0.25")
    assert Image.open(io.BytesIO(part.body)).size == (64, 32)


@pytest.mark.parametrize(
    ("more", "status"),
    [("&anonymize=yes", 403), ("&frameNumber=0", 400), ("&frameNumber=2", 404), ("&windowCenter=4", 400),
     ("&region=1,1,0,0&contentType=image/png", 400), ("&presentationUID=1.2", 400), ("&contentType=text/html", 406),
     ("&objectUID=1.2.3", 404), ("&requestType=OTHER", 400), ("&imageQuality=101", 400)],
)  # fmt: skip
def test_refusals(web: WebNode, address: str, more: str, status: int) -> None:
    assert web.get(address + more, "image/jpeg").status == status
