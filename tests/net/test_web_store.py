"""STOW-RS: what is taken in, what is refused and why. PS3.18 §10.5."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pydicom
import pytest

from chiasm.net.web_store import StoreLimits
from tests.net.web_node import WebNode, web_node


def renamed(path: Path, uid: str) -> bytes:
    data = pydicom.dcmread(path)
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = uid
    out = io.BytesIO()
    data.save_as(out)
    return out.getvalue()


@pytest.fixture
def ct(pydicom_data: Path) -> Path:
    return pydicom_data / "test_files" / "CT_small.dcm"


def test_some_are_stored_and_some_refused(web: WebNode, ct: Path) -> None:
    reply = web.store(renamed(ct, "1.2.3.10"), b"this is no DICOM at all")
    assert reply.status == 202
    found = reply.json()
    assert found["00081199"]["Value"][0]["00081155"]["Value"] == ["1.2.3.10"]
    assert found["00081198"]["Value"][0]["00081197"]["Value"] == [0xC000]
    url = found["00081199"]["Value"][0]["00081190"]["Value"][0]
    assert web.ask("GET", url.split(str(web.port), 1)[1], Accept="application/dicom").status == 200


def test_only_rubbish_is_a_bad_request(web: WebNode) -> None:
    assert web.store(b"rubbish").status == 400
    assert web.store().status == 400


def test_an_object_of_another_study_is_refused(web: WebNode, ct: Path) -> None:
    reply = web.store(renamed(ct, "1.2.3.11"), study="1.2.3")
    assert reply.status == 409
    assert reply.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0xA900]
    study = str(pydicom.dcmread(ct).StudyInstanceUID)
    assert web.store(renamed(ct, "1.2.3.12"), study=study).status == 200


def test_a_single_file_and_the_answer_in_xml(web: WebNode, ct: Path) -> None:
    accept = "application/dicom+xml"
    reply = web.ask(
        "POST", "/dicom-web/studies", renamed(ct, "1.2.3.13"), Content_Type="application/dicom", Accept=accept
    )
    assert reply.status == 200
    assert b"1.2.3.13" in reply.body
    assert b"NativeDicomModel" in reply.body


def test_metadata_with_bulk_data(web: WebNode, ct: Path) -> None:
    data = pydicom.dcmread(ct)
    data.SOPInstanceUID = "1.2.3.14"
    content = json.loads(data.to_json(bulk_data_threshold=1 << 30))
    pixels = base64.b64decode(content["7FE00010"].pop("InlineBinary"))
    content["7FE00010"]["BulkDataURI"] = "pixels/1"
    body = (
        b"\r\n--edge\r\nContent-Type: application/dicom+json\r\n\r\n" + json.dumps([content]).encode()
        + b"\r\n--edge\r\nContent-Type: application/octet-stream\r\nContent-Location: pixels/1\r\n\r\n" + pixels
        + b"\r\n--edge--\r\n"
    )  # fmt: skip
    kind = 'multipart/related; type="application/dicom+json"; boundary=edge'
    reply = web.ask("POST", "/dicom-web/studies", body, Content_Type=kind)
    assert reply.status == 200, reply.body
    (found,) = web.get("/instances?SOPInstanceUID=1.2.3.14").json()
    back = web.ask(
        "GET", found["00081190"]["Value"][0].split(str(web.port), 1)[1], Accept="application/dicom"
    )
    assert (pydicom.dcmread(io.BytesIO(back.body)).pixel_array == data.pixel_array).all()
    broken = web.ask(
        "POST", "/dicom-web/studies", body.replace(b"pixels/1\r\n\r\n", b"x\r\n\r\n"), Content_Type=kind
    )
    assert broken.status == 400


def test_a_body_that_breaks_off_keeps_what_came_whole(web: WebNode, ct: Path) -> None:
    part = b"\r\n--edge\r\nContent-Type: application/dicom\r\n\r\n"
    body = part + renamed(ct, "1.2.3.15") + part + renamed(ct, "1.2.3.16")[:9000]
    kind = 'multipart/related; type="application/dicom"; boundary=edge'
    reply = web.ask("POST", "/dicom-web/studies", body, Content_Type=kind)
    assert reply.status == 202
    assert web.get("/instances?SOPInstanceUID=1.2.3.15").status == 200
    assert web.get("/instances?SOPInstanceUID=1.2.3.16").status == 204


def test_other_types_and_too_much(web: WebNode, ct: Path, tmp_path: Path) -> None:
    assert web.ask("POST", "/dicom-web/studies", b"x", Content_Type="text/plain").status == 415
    assert web.ask("POST", "/dicom-web/studies", b"x").status == 415
    with web_node(tmp_path, limits=StoreLimits(total=10_000)) as small:
        assert small.store(ct.read_bytes()).status == 413
