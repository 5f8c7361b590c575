"""DICOMweb as a client sees it, against what pydicom reads from the files that were stored."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pydicom
import pytest

from tests.net.web_node import WebNode, web_node


def read(folder: Path, name: str) -> pydicom.FileDataset:
    return pydicom.dcmread(folder / "test_files" / name)


def place(data: pydicom.Dataset) -> str:
    return f"/studies/{data.StudyInstanceUID}/series/{data.SeriesInstanceUID}/instances/{data.SOPInstanceUID}"


def test_a_stored_file_comes_back_as_it_was(web: WebNode, pydicom_data: Path) -> None:
    for name in ("CT_small.dcm", "JPEG2000.dcm", "MR_small_RLE.dcm"):
        data = read(pydicom_data, name)
        reply = web.get(place(data), "application/dicom; transfer-syntax=*")
        assert reply.status == 200
        back = pydicom.dcmread(io.BytesIO(reply.body))
        assert back == data
        assert back.file_meta.TransferSyntaxUID == data.file_meta.TransferSyntaxUID
        parts = web.get(place(data), 'multipart/related; type="application/dicom"; transfer-syntax=*').parts()
        assert parts == [
            (f"application/dicom; transfer-syntax={data.file_meta.TransferSyntaxUID}", reply.body)
        ]


def test_without_a_transfer_syntax_it_is_explicit_little_endian(web: WebNode, pydicom_data: Path) -> None:
    data = read(pydicom_data, "MR_small_RLE.dcm")
    reply = web.get(place(data), "application/dicom")
    back = pydicom.dcmread(io.BytesIO(reply.body))
    assert back.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert (back.pixel_array == data.pixel_array).all()
    refused = web.get(place(data), "application/dicom; transfer-syntax=1.2.3.4")
    assert refused.status == 406


def test_metadata_is_what_pydicom_has(web: WebNode, pydicom_data: Path) -> None:
    data = read(pydicom_data, "CT_small.dcm")
    reply = web.get(place(data) + "/metadata", "application/dicom+json")
    (found,) = reply.json()
    assert list(found) == sorted(found)
    url = found["7FE00010"]["BulkDataURI"]
    assert url.startswith(web.url)
    back = pydicom.Dataset.from_json(found, bulk_data_uri_handler=lambda tag, vr, uri: b"")
    for element in data:
        if element.VR not in {"OW", "OB", "UN", "SQ", "DS"} and element.tag != 0x00080005:
            assert str(back[element.tag].value) == str(element.value), element
    pixels = web.ask("GET", url.split(str(web.port), 1)[1], Accept="application/octet-stream")
    assert pixels.body == data.PixelData


def test_a_copy_that_is_new_enough_is_not_sent_again(web: WebNode, pydicom_data: Path) -> None:
    path = place(read(pydicom_data, "CT_small.dcm"))
    for more in ("", "/metadata", "/frames/1"):
        first = web.get(path + more)
        again = web.get(path + more, If_None_Match=first.headers["etag"])
        assert (again.status, again.body) == (304, b"")


def test_json_is_compressed_where_that_is_taken(web: WebNode, pydicom_data: Path) -> None:
    import gzip

    path = place(read(pydicom_data, "CT_small.dcm")) + "/metadata"
    reply = web.get(path, Accept_Encoding="gzip")
    assert reply.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(reply.body)) == web.get(path).json()


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/studies/1.2.3", "", 404),
        ("/studies/1.2.3/metadata", "", 404),
        ("/studies/none", "", 400),
        ("/nothing", "", 404),
        ("/studies", "text/html", 406),
        ("/studies?limit=-1", "", 400),
        ("/studies?NoSuchKeyword=1", "", 400),
        ("/studies?Modality=CT", "", 400),
        ("/studies?StudyDate=yesterday", "", 400),
        ("/studies?" + "x" * 20_000, "", 414),
        ("/studies?" + "&".join(["PatientID=a"] * 300), "", 400),
    ],
)
def test_failures_are_told_as_problems(web: WebNode, path: str, accept: str, status: int) -> None:
    reply = web.get(path, accept)
    assert reply.status == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["status"] == status
    assert reply.json()["detail"]


def test_other_methods_and_heads(web: WebNode, pydicom_data: Path) -> None:
    path = "/dicom-web" + place(read(pydicom_data, "CT_small.dcm"))
    head = web.ask("HEAD", path, Accept="application/dicom; transfer-syntax=*")
    whole = web.ask("GET", path, Accept="application/dicom; transfer-syntax=*")
    assert head.body == b""
    assert int(head.headers["content-length"]) == len(whole.body)
    assert web.ask("OPTIONS", path).headers["allow"] == "GET, HEAD, OPTIONS"
    assert web.ask("DELETE", path).status == 405


def test_other_sites_may_call_only_where_allowed(web: WebNode, tmp_path: Path) -> None:
    asked = {"Origin": "https://viewer.example", "Access_Control_Request_Method": "GET"}
    assert "access-control-allow-origin" not in web.ask("OPTIONS", "/dicom-web/studies", **asked).headers
    with web_node(tmp_path, origins=("https://viewer.example",), base_url="https://pacs.example") as node:
        reply = node.ask("OPTIONS", "/dicom-web/studies", **asked)
        assert reply.headers["access-control-allow-origin"] == "https://viewer.example"
        other = node.get("/studies", Origin="https://other.example")
        assert "access-control-allow-origin" not in other.headers
