"""Bulk data and its ranges: RFC 9110 §14."""

from __future__ import annotations

import io
from pathlib import Path

import pydicom
import pydicom.data
import pytest

from tests.net.web_node import WebNode, web_node

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


PARTS = 'multipart/related; type="application/octet-stream"'


def _place(data: pydicom.Dataset, level: int) -> str:
    names = (("studies", data.StudyInstanceUID), ("series", data.SeriesInstanceUID))
    return "".join(f"/{name}/{uid}" for name, uid in (*names, ("instances", data.SOPInstanceUID))[:level])


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("kind", ["bulkdata", "pixeldata"])
def test_all_values_of_a_study_a_series_an_instance(
    web: WebNode, pydicom_data: Path, level: int, kind: str
) -> None:
    data = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    reply = web.get(f"{_place(data, level)}/{kind}", PARTS)
    assert reply.status == 200
    found = [content for _, content in reply.parts()]
    [header] = web.get(f"{_place(data, 3)}/metadata", "application/dicom+json").json()
    told = [one["BulkDataURI"] for one in header.values() if "BulkDataURI" in one]
    assert found == ([data[0x00431029].value, data.PixelData] if kind == "bulkdata" else [data.PixelData])
    assert len(told) == 2
    assert f"{_place(data, 3)}/bulkdata/7FE00010\r\n".encode() in reply.body
    assert web.get(f"{_place(data, level)}/{kind}", OCTETS).status == 406
    for anything in ("", "*/*", "multipart/*", 'multipart/related; type="*/*"'):
        assert web.get(f"{_place(data, level)}/{kind}", anything).parts() == reply.parts()


def test_what_is_compressed_comes_decoded_and_what_is_nested_is_told_by_its_path(tmp_path: Path) -> None:
    data = pydicom.dcmread(pydicom.data.get_testdata_file("SC_rgb_rle_2frame.dcm"))
    icon = pydicom.Dataset()
    icon.Rows = icon.Columns = 40
    icon.BitsAllocated = 8
    icon.PixelData = bytes(range(200)) * 8
    icon["PixelData"].VR = "OB"
    data.IconImageSequence = [icon]
    out = io.BytesIO()
    data.save_as(out)
    with web_node(tmp_path) as node:
        assert node.store(out.getvalue()).status == 200
        reply = node.get(f"{_place(data, 1)}/bulkdata", PARTS)
        [(_, first), (_, second)] = reply.parts()
        assert (first, second) == (icon.PixelData, data.pixel_array.tobytes())
        assert b"/bulkdata/00880200/0/7FE00010\r\n" in reply.body
        [(_, pixels)] = node.get(f"{_place(data, 1)}/pixeldata", PARTS).parts()
        assert pixels == second
        [header] = node.get(f"{_place(data, 3)}/metadata", "application/dicom+json").json()
        nested = header["00880200"]["Value"][0]["7FE00010"]["BulkDataURI"]
        assert node.get(nested.partition("/dicom-web")[2], OCTETS).body == first


def test_without_values_there_is_nothing(tmp_path: Path, pydicom_data: Path) -> None:
    path = pydicom_data / "test_files" / "reportsi.dcm"
    report = pydicom.dcmread(path)
    with web_node(tmp_path) as node:
        node.store(path.read_bytes())
        assert node.get(f"{_place(report, 1)}/pixeldata", PARTS).status == 404


def test_what_cannot_be_decoded_is_left_out_and_told(tmp_path: Path, pydicom_data: Path) -> None:
    image = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    video = pydicom.dcmread(pydicom_data / "test_files" / "SC_rgb_rle_2frame.dcm")
    video.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"  # MPEG-4: nothing here decodes it
    video.StudyInstanceUID = image.StudyInstanceUID
    out = io.BytesIO()
    video.save_as(out)
    with web_node(tmp_path) as node:
        node.store((pydicom_data / "test_files" / "CT_small.dcm").read_bytes(), out.getvalue())
        reply = node.get(f"{_place(image, 1)}/pixeldata", PARTS)
        assert (reply.status, [content for _, content in reply.parts()]) == (206, [image.PixelData])
        assert "1 files" in reply.headers["warning"]
        assert node.get(f"{_place(video, 3)}/pixeldata", PARTS).status == 406
