"""Encapsulated documents as rendered resources, made with pydicom. PS3.18 §8.7.4."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset

from tests.net.web_node import WebNode, web_node

PDF = b"%PDF-1.4\n% a document of an odd length\n%%EOF"
PLACE = "/studies/1.2.9.1/series/1.2.9.2/instances/1.2.9."


def _file(number: int, sop_class: str, content: bytes, media: str) -> bytes:
    data, meta = Dataset(), FileMetaDataset()
    data.SOPClassUID = meta.MediaStorageSOPClassUID = sop_class
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID = f"1.2.9.{number}"
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    data.StudyInstanceUID, data.SeriesInstanceUID, data.Modality = "1.2.9.1", "1.2.9.2", "DOC"
    data.PatientID = "D1"
    data.MIMETypeOfEncapsulatedDocument = media
    data.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    data.EncapsulatedDocumentLength = len(content)
    data.file_meta = meta
    file = io.BytesIO()
    data.save_as(file, enforce_file_format=True)
    return file.getvalue()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebNode]:
    base = "1.2.840.10008.5.1.4.1.1.104."
    with web_node(tmp_path_factory.mktemp("documents")) as running:
        pdf = _file(10, base + "1", PDF, "text/html")
        cda = _file(11, base + "2", b"<ClinicalDocument/>", "text/xml")
        empty = _file(12, base + "1", b"", "application/pdf")
        assert running.store(pdf, cda, empty).status == 200
        yield running


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("", ""),
        ("", "application/pdf"),
        ("", "*/*"),
        ("?accept=application/pdf", ""),
        ("?accept=application/pdf", "text/html,application/xhtml+xml,*/*;q=0.8"),
    ],
)
def test_a_pdf_is_given_as_it_was_put_in(node: WebNode, query: str, accept: str) -> None:
    """Without the padding octet, and as what its class says, not what the object says."""
    reply = node.get(f"{PLACE}10/rendered{query}", accept)
    assert (reply.status, reply.headers["content-type"], reply.body) == (200, "application/pdf", PDF)
    assert reply.headers["x-content-type-options"] == "nosniff"
    again = node.get(f"{PLACE}10/rendered{query}", accept, If_None_Match=reply.headers["etag"])
    assert (again.status, again.body) == (304, b"")


def test_in_a_part(node: WebNode) -> None:
    reply = node.get(f"{PLACE}10/rendered", 'multipart/related; type="application/pdf"')
    assert reply.status == 200
    [(kind, content)] = reply.parts()
    assert (kind, content) == ("application/pdf", PDF)


def test_what_is_not_given_so(node: WebNode) -> None:
    """Pictures of a PDF, an object without a document, and a CDA, whose scripts would run in a browser."""
    assert node.get(f"{PLACE}10/rendered", "image/png").status == 406
    assert node.get(f"{PLACE}10/rendered?accept=text/html").status == 406
    assert node.get(f"{PLACE}12/rendered").status == 404
    assert node.get(f"{PLACE}11/rendered", "text/xml").status == 406
    assert node.get(f"{PLACE}10/thumbnail").status == 404
