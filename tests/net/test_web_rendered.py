"""Rendered resources and thumbnails: form, size, refusals. PS3.18 §8.3.5, §10.4.1.1.3."""

from __future__ import annotations

import io
from pathlib import Path

import pydicom
import pytest
from PIL import Image

from tests.net.web_node import WebNode, web_node


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


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        ("accept=image/png", "image/gif", "image/png"),
        ("accept=image/svg%2Bxml", "image/gif", "image/gif"),
        ("accept=image/svg%2Bxml", "text/html, */*;q=0.1", "image/jpeg"),
        ("accept=image/svg%2Bxml", "text/html", ""),
        ("accept=image/svg%2Bxml", "", ""),
    ],
)
def test_the_header_counts_where_the_parameter_has_nothing(
    web: WebNode, path: str, query: str, accept: str, kind: str
) -> None:
    """PS3.18 §8.7.8.1."""
    reply = web.get(f"{path}/rendered?{query}", accept)
    assert (reply.status, reply.headers["content-type"]) == (
        (200, kind) if kind else (406, "application/problem+json")
    )


def test_one_picture_comes_in_a_part_where_only_parts_are_taken(web: WebNode, path: str) -> None:
    parts = 'multipart/related; type="image/jpeg"'
    for one in ("rendered", "thumbnail"):
        assert [kind for kind, _ in web.get(f"{path}/{one}", parts).parts()] == ["image/jpeg"]


def test_a_type_of_quality_0_is_not_given_by_a_range(web: WebNode, path: str) -> None:
    """RFC 9110 §12.5.1: the more specific of two that match counts."""
    reply = web.get(f"{path}/rendered", "image/jpeg;q=0, */*")
    assert (reply.status, reply.headers["content-type"]) == (200, "image/png")
    assert web.get(f"{path}/rendered", "image/jpeg;q=0").status == 406


def test_a_list_with_a_frame_that_is_not_there_is_refused(web: WebNode, path: str) -> None:
    for numbers in ("1,2", "2,1", "2"):
        for accept in ("image/png", 'multipart/related; type="image/png"'):
            assert web.get(f"{path}/frames/{numbers}/rendered", accept).status == 404
    parts = web.get(f"{path}/frames/1,1/rendered", 'multipart/related; type="image/png"').parts()
    assert [kind for kind, _ in parts] == ["image/png"] * 2


def test_a_study_is_shown_by_its_images(tmp_path: Path, pydicom_data: Path) -> None:
    """Five reports stand before the one image of a study; of the reports alone there is nothing to show."""
    image = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    files = [(pydicom_data / "test_files" / "CT_small.dcm").read_bytes()]
    for number in range(5):
        report = pydicom.dcmread(pydicom_data / "test_files" / "reportsi.dcm")
        report.StudyInstanceUID, report.SeriesInstanceUID = image.StudyInstanceUID, "1.2.3.4"
        report.SOPInstanceUID = report.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.4.{number}"
        report.SeriesNumber, report.PatientID = 0, image.PatientID
        file = io.BytesIO()
        report.save_as(file)
        files.append(file.getvalue())
    with web_node(tmp_path) as node:
        assert node.store(*files).status == 200
        study = f"/studies/{image.StudyInstanceUID}"
        whole = node.get(f"{study}/rendered", 'multipart/related; type="image/png"')
        assert [kind for kind, _ in whole.parts()] == ["image/png"]
        for asked in ("rendered", "thumbnail"):
            single = node.get(f"{study}/{asked}", "image/png")
            assert (single.status, single.headers["content-type"]) == (200, "image/png")
            assert node.get(f"{study}/series/1.2.3.4/{asked}", "image/png").status == 404
