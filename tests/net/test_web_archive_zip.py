"""Studies as zip archives over HTTP, opened by zipfile and pydicom."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.fileset import FileSet

from chiasm.model import Event, Source
from chiasm.net.web_archive_zip import zip_answer
from chiasm.services.archive import Archive, Settings

from .web_node import WebNode, web_node


@pytest.fixture(scope="module")
def images(pydicom_data: Path) -> list[Path]:
    return sorted((pydicom_data / "test_files" / "dicomdirtests" / "TINY_ALPHA").rglob("IM*"))[:12]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, images: list[Path]) -> Iterator[WebNode]:
    with web_node(tmp_path_factory.mktemp("node")) as running:
        assert running.store(*(path.read_bytes() for path in images)).status == 200
        yield running


def _uids(path: Path) -> tuple[str, str, str]:
    data = dcmread(path, stop_before_pixels=True)
    return str(data.StudyInstanceUID), str(data.SeriesInstanceUID), str(data.SOPInstanceUID)


def _opened(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def _instances(files: dict[str, bytes]) -> dict[str, bytes]:
    return {str(dcmread(io.BytesIO(data)).SOPInstanceUID): data for data in files.values()}


@pytest.mark.parametrize("level", [1, 2])
def test_dicomweb_gives_zip_archives(node: WebNode, images: list[Path], level: int) -> None:
    """A study and a series with Accept: application/zip; every file as it was sent, but for the preamble."""
    study, series, _ = _uids(images[0])
    path = f"/studies/{study}" + (f"/series/{series}" if level == 2 else "")
    reply = node.get(path, "application/zip")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/zip")
    assert "attachment" in reply.headers["content-disposition"]
    files = _opened(reply.body)
    assert all(name.endswith(".dcm") for name in files)
    given = _instances(files)
    assert {uid: data[128:] for uid, data in given.items()} == {
        _uids(one)[2]: one.read_bytes()[128:] for one in images
    }


def test_other_forms_are_wanted_more(node: WebNode, images: list[Path]) -> None:
    study = _uids(images[0])[0]
    both = 'application/zip;q=0.5, multipart/related; type="application/dicom"'
    assert node.get(f"/studies/{study}", both).headers["content-type"].startswith("multipart/related")
    assert node.get(f"/studies/{study}").headers["content-type"].startswith("multipart/related")
    assert node.get(f"/studies/{study}", "application/zip;q=0").status == 406


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html, application/zip", "application/zip"),
        ("image/jpeg, application/zip;q=0.5, */*;q=0.1", "application/zip"),
        ('multipart/related; type="image/jpeg", application/zip', "application/zip"),
        ("application/dicom;q=0, application/zip", "application/zip"),
        ("*/*, application/zip;q=0.5", "multipart/related"),
        ("multipart/*, application/zip", "multipart/related"),
    ],
)
def test_what_is_no_form_of_files_does_not_stand_before_a_zip(
    node: WebNode, images: list[Path], accept: str, kind: str
) -> None:
    reply = node.get(f"/studies/{_uids(images[0])[0]}", accept)
    assert (reply.status, reply.headers["content-type"].partition(";")[0]) == (200, kind)


def test_another_transfer_syntax_is_made(tmp_path: Path, pydicom_data: Path) -> None:
    path = pydicom_data / "test_files" / "CT_small.dcm"
    wanted = dcmread(path)
    with web_node(tmp_path) as node:
        assert node.store(path.read_bytes()).status == 200
        for uid in ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2", "*", wanted.file_meta.TransferSyntaxUID):
            reply = node.get(f"/studies/{wanted.StudyInstanceUID}", f"application/zip; transfer-syntax={uid}")
            assert reply.status == 200
            [data] = _opened(reply.body).values()
            given = dcmread(io.BytesIO(data))
            assert given.file_meta.TransferSyntaxUID == (uid if uid != "*" else "1.2.840.10008.1.2.1")
            assert np.array_equal(given.pixel_array, wanted.pixel_array)
        lossy = "application/zip; transfer-syntax=1.2.840.10008.1.2.4.50"
        assert node.get(f"/studies/{wanted.StudyInstanceUID}", lossy).status == 406


def test_what_cannot_be_made_is_listed(tmp_path: Path, pydicom_data: Path) -> None:
    report = dcmread(pydicom_data / "test_files" / "reportsi.dcm")
    image = dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    report.StudyInstanceUID = image.StudyInstanceUID
    report.file_meta.MediaStorageSOPInstanceUID = report.SOPInstanceUID
    out = io.BytesIO()
    report.save_as(out)
    with web_node(tmp_path) as node:
        files = (out.getvalue(), (pydicom_data / "test_files" / "CT_small.dcm").read_bytes())
        assert node.store(*files).status == 200
        asked = "application/zip; transfer-syntax=1.2.840.10008.1.2.5"
        reply = node.get(f"/studies/{image.StudyInstanceUID}", asked)
    assert (reply.status, "1 files" in reply.headers["warning"]) == (206, True)
    names = _opened(reply.body)
    assert [name.rpartition(".")[2].lower() for name in names] == ["dcm", "txt"]
    assert report.SOPInstanceUID in names["MISSING.TXT"].decode()


def test_downloads_for_people(node: WebNode, images: list[Path], tmp_path: Path) -> None:
    study = _uids(images[0])[0]
    plain = node.ask("GET", f"/api/studies/{study}/zip")
    assert len(_opened(plain.body)) == len(images)
    medium = node.ask("GET", f"/api/studies/{study}/media")
    assert medium.status == 200
    with zipfile.ZipFile(io.BytesIO(medium.body)) as archive:
        archive.extractall(tmp_path)
    found = FileSet(tmp_path / "DICOMDIR")
    found._stage["t"].cleanup()  # its own folder for changes, which it would leave to the collector
    assert {str(one.SOPInstanceUID) for one in found} == {_uids(path)[2] for path in images}


def test_what_is_not_held(node: WebNode) -> None:
    for path in ("/api/studies/1.2.3/zip", "/api/studies/1.2.3/media", "/dicom-web/studies/1.2.3"):
        assert node.ask("GET", path, Accept="application/zip").status == 404
    assert node.ask("GET", "/api/studies/not-a-uid/zip").status in {400, 404}


def test_only_the_head(node: WebNode, images: list[Path]) -> None:
    reply = node.ask("HEAD", f"/api/studies/{_uids(images[0])[0]}/zip")
    assert (reply.status, reply.body) == (200, b"")


def test_what_is_gone_is_listed_within(tmp_path: Path, images: list[Path]) -> None:
    """One stored file is lost: a medium has the others, and says which is missing."""
    with web_node(tmp_path / "node") as node:
        assert node.store(*(path.read_bytes() for path in images[:3])).status == 200
        study, _, lost = _uids(images[0])
        assert node.get(f"/studies/{study}/metadata").status == 200  # answered once the index has all
        location = node.archive.index.instance(lost)
        assert location is not None
        stored = node.archive.path(location)
        assert stored is not None
        stored.unlink()
        plain = _opened(node.ask("GET", f"/api/studies/{study}/zip").body)
        medium = _opened(node.ask("GET", f"/api/studies/{study}/media").body)
    for files in (plain, medium):
        assert lost in files.pop("MISSING.TXT").decode()
    assert len(plain) == 2
    assert "DICOMDIR" in medium
    assert len(medium) == 3


def test_a_download_is_told_in_the_journal(node: WebNode, images: list[Path]) -> None:
    study, series, _ = _uids(images[0])
    for path, form in (
        (f"/api/studies/{study}/zip", "zip"),
        (f"/api/studies/{study}/media", "media"),
        (f"/dicom-web/studies/{study}/series/{series}", "zip"),
    ):
        assert node.ask("GET", path, Accept="application/zip").status == 200
        event = [one.event for one in node.archive.journal.read()][-1]
        assert (event.kind, event.source.kind, event.source.address) == ("exported", "web", "127.0.0.1")
        assert event.detail == {"study": study, "objects": len(images), "form": form, "to": "127.0.0.1"}


def test_a_download_that_is_cut_off_is_told_as_far_as_it_went(tmp_path: Path, images: list[Path]) -> None:
    async def run() -> list[Event]:
        archive = await Archive.open(Settings(tmp_path))
        try:
            for path in images:
                await archive.receive_file(path.read_bytes(), Source("import"))
            locations = await archive.locations(studies=(_uids(images[0])[0],))
            body = (await zip_answer(archive, locations, client="there")).body
            assert isinstance(body, AsyncGenerator)
            for _ in range(12):
                await anext(body)
            await body.aclose()
            return [one.event for one in archive.journal.read()]
        finally:
            await archive.close()

    event = asyncio.run(run())[-1]
    assert (event.kind, event.detail["to"]) == ("exported", "there")
    assert 0 < event.detail["objects"] < len(images)


def test_several_syntaxes_of_an_archive_by_their_weights(tmp_path: Path, pydicom_data: Path) -> None:
    """What cannot be made gives way to what is wanted less; JPEG baseline is never made."""
    file = pydicom_data / "test_files" / "JPEG2000.dcm"
    zipped = "application/zip; transfer-syntax=1.2.840.10008.1.2"
    with web_node(tmp_path) as node:
        assert node.store(file.read_bytes()).status == 200
        study = f"/studies/{_uids(file)[0]}"
        for accept, syntax in (
            (f"{zipped}.4.50, {zipped}.4.80;q=0.5", "1.2.840.10008.1.2.4.80"),
            (f"{zipped}.1;q=0.5, {zipped}.4.80;q=0.9", "1.2.840.10008.1.2.4.80"),
            (f"{zipped}.4.50, application/zip;q=0.1", "1.2.840.10008.1.2.4.91"),
        ):
            reply = node.get(study, accept)
            assert (reply.status, reply.headers["content-type"]) == (200, "application/zip")
            [data] = _opened(reply.body).values()
            assert str(dcmread(io.BytesIO(data)).file_meta.TransferSyntaxUID) == syntax
        assert node.get(study, f"{zipped}.4.50").status == 406
