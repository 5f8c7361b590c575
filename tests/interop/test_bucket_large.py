"""Objects over a megabyte that lie in a bucket: frames, bulk data, pictures and other syntaxes are right."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import JPEGLSLossless, generate_uid

from tests.net.web_node import WebNode, web_node

SIDE, FRAMES = 256, 24
OCTETS = 'multipart/related; type="application/octet-stream"'


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 4096, (FRAMES, SIDE, SIDE), "u2")


@pytest.fixture(scope="module")
def image(pydicom_data: Path, pixels: np.ndarray) -> pydicom.Dataset:
    data = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["large"])
    data.Rows = data.Columns = SIDE
    data.NumberOfFrames = FRAMES
    data.PixelRepresentation = 0
    for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue"):
        if keyword in data:
            del data[keyword]
    data.PixelData = pixels.tobytes()
    return data


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, image: pydicom.Dataset) -> Iterator[WebNode]:
    folder = tmp_path_factory.mktemp("node")
    (folder / "bucket").mkdir()
    out = io.BytesIO()
    image.save_as(out)
    with web_node(folder / "data", objects=f"file://{folder / 'bucket'}") as running:
        assert running.store(out.getvalue()).status == 200
        yield running
        assert list((folder / "data" / "scratch").iterdir()) == []


@pytest.fixture
def place(image: pydicom.Dataset) -> str:
    return (
        f"/studies/{image.StudyInstanceUID}/series/{image.SeriesInstanceUID}/instances/{image.SOPInstanceUID}"
    )


def test_its_last_frame(node: WebNode, place: str, pixels: np.ndarray) -> None:
    [(_, content), (_, last)] = node.get(f"{place}/frames/1,{FRAMES}", OCTETS).parts()
    assert (content, last) == (pixels[0].tobytes(), pixels[-1].tobytes())


def test_its_bulk_data_and_a_range_at_its_end(node: WebNode, place: str, pixels: np.ndarray) -> None:
    whole = node.get(f"{place}/bulkdata/7FE00010", "application/octet-stream")
    assert whole.body == pixels.tobytes()
    part = node.get(f"{place}/bulkdata/7FE00010", "application/octet-stream", Range="bytes=-1000")
    assert (part.status, part.body) == (206, pixels.tobytes()[-1000:])


def test_a_picture_of_a_late_frame(node: WebNode, place: str) -> None:
    reply = node.get(f"{place}/frames/{FRAMES}/rendered", "image/png")
    assert Image.open(io.BytesIO(reply.body)).size == (SIDE, SIDE)


@pytest.mark.parametrize("form", ["application/dicom", "application/zip"])
def test_another_transfer_syntax(node: WebNode, place: str, pixels: np.ndarray, form: str) -> None:
    reply = node.get(place, f"{form}; transfer-syntax={JPEGLSLossless}")
    assert reply.status == 200
    if form == "application/zip":
        import zipfile

        with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
            [name] = archive.namelist()
            given = pydicom.dcmread(io.BytesIO(archive.read(name)))
    else:
        given = pydicom.dcmread(io.BytesIO(reply.body))
    assert given.file_meta.TransferSyntaxUID == JPEGLSLossless
    assert np.array_equal(given.pixel_array, pixels)


def test_its_metadata(node: WebNode, place: str) -> None:
    [found] = node.get(f"{place}/metadata", "application/dicom+json").json()
    assert found["00280008"]["Value"] == [FRAMES]
    assert "BulkDataURI" in found["7FE00010"]
