"""`chiasm export` in a process of its own: what others read of it, and how it ends."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.fileset import FileSet

from chiasm.app.command_export import Wanted
from chiasm.errors import UsageError
from chiasm.model import Event
from chiasm.services.archive import Archive, Settings
from tests.net.web_fake import EDGE, parts, web_fake
from tests.net.web_node import WebNode, web_node

Call = Callable[..., Any]


@pytest.fixture
def images(pydicom_data: Path) -> list[Path]:
    return sorted((pydicom_data / "test_files" / "dicomdirtests" / "TINY_ALPHA").rglob("IM*"))


@pytest.fixture
def archive(chiasm: Call, images: list[Path], ct: Path, tmp_path: Path) -> Path:
    done = chiasm("import", "--data", "data", *images, ct)
    assert done.returncode == 0, done.stderr
    return tmp_path / "data"


def _study(path: Path) -> str:
    return str(dcmread(path, stop_before_pixels=True).StudyInstanceUID)


@pytest.mark.usefixtures("archive")
def test_a_medium(
    chiasm: Call, images: list[Path], ct: Path, tmp_path: Path, needs_tool: Callable[[str], str]
) -> None:
    """Two studies as a medium: pydicom finds every object, dicom3tools no error, and it comes in again."""
    tool = needs_tool("dciodvfy")
    studies = (_study(images[0]), _study(ct))
    named = [part for study in studies for part in ("--study", study)]
    done = chiasm("export", "--data", "data", *named, "--as", "media", "--label", "CD 1", "--out", "cd")
    assert done.returncode == 0, done.stderr
    assert "51 objects are in cd, as a medium with its DICOMDIR." in done.stdout.decode()
    found = FileSet(tmp_path / "cd" / "DICOMDIR")
    found._stage["t"].cleanup()  # its own folder for changes, which it would leave to the collector
    assert found.ID == "CD 1"
    expected = {dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in [*images, ct]}
    assert {one.SOPInstanceUID for one in found} == expected
    assert all(Path(one.path).is_file() for one in found)
    checked = subprocess.run(
        [tool, str(tmp_path / "cd" / "DICOMDIR")], capture_output=True, text=True, check=False
    )
    assert "Error" not in checked.stderr
    again = chiasm("import", "--data", "data", "--json", "cd")
    assert json.loads(again.stdout)["counts"] == {"identical": 51}


@pytest.mark.usefixtures("archive")
def test_a_folder_and_a_zip_archive_hold_the_stored_bytes(chiasm: Call, ct: Path, tmp_path: Path) -> None:
    """What was imported is what is exported; only the preamble may differ, which the archive clears."""
    assert chiasm("export", "--data", "data", "--study", _study(ct), "--out", "plain").returncode == 0
    assert chiasm("export", "--data", "data", "--study", _study(ct), "--out", "ct.zip").returncode == 0
    plain = (tmp_path / "plain/study-0001/series-0001/00001.dcm").read_bytes()
    assert plain[128:] == ct.read_bytes()[128:]
    with zipfile.ZipFile(tmp_path / "ct.zip") as packed:
        assert packed.testzip() is None
        assert {name: packed.read(name) for name in packed.namelist()} == {
            "study-0001/series-0001/00001.dcm": plain
        }


def test_files_without_an_archive(chiasm: Call, images: list[Path], ct: Path, tmp_path: Path) -> None:
    """A medium in a zip archive, of files; what is no object of a study is listed."""
    (tmp_path / "note.txt").write_text("no image")
    done = chiasm("export", images[0].parent, ct, "note.txt", "--as", "media", "--out", "cd.zip", "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["form"] == "media"
    assert [name for name, _ in report["refused"]] == ["note.txt"]
    with zipfile.ZipFile(tmp_path / "cd.zip") as packed:
        names = packed.namelist()
    assert len(names) == report["objects"] + 1
    assert names[-1] == "DICOMDIR"
    again = chiasm("import", "--data", "data", "--json", "cd.zip")
    assert json.loads(again.stdout)["counts"] == {"stored": report["objects"]}


@pytest.mark.usefixtures("archive")
def test_what_cannot_be_exported_is_told(chiasm: Call, ct: Path, tmp_path: Path) -> None:
    unknown = chiasm("export", "--data", "data", "--study", "1.2.3", "--study", _study(ct), "--out", "a")
    assert unknown.returncode == 1
    assert "refused: 1.2.3: no such study is held" in unknown.stdout.decode()
    nothing = chiasm("export", "--data", "data", "--study", "1.2.3", "--out", "b")
    assert nothing.returncode == 2
    assert not (tmp_path / "b").exists()
    for arguments, told in (
        (["--data", "data", "--out", "c"], "no study is named"),
        (["--data", "nowhere", "--study", "1", "--out", "c"], "it holds no archive"),
        (["--data", "data", "--study", _study(ct), "--out", "a"], "something in it already"),
        (["--data", "data", "--study", _study(ct), "--out", "c", "--as", "tape"], "no form of an export"),
        (
            ["--data", "data", "--study", _study(ct), "--out", "c", "--as", "media", "--label", "é"],
            "file-set ID",
        ),
    ):
        done = chiasm("export", *arguments)
        assert done.returncode == 2
        assert told in done.stderr.decode()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.usefixtures("archive")
def test_an_export_is_told_in_the_journal(chiasm: Call, ct: Path, tmp_path: Path) -> None:
    """The study, the number of its objects, form and place; the archive stays whole."""
    done = chiasm("export", "--data", "data", "--study", _study(ct), "--study", "1.2.3", "--out", "a.zip")
    assert done.returncode == 1
    assert "journal" not in done.stdout.decode()

    async def events() -> list[Event]:
        archive = await Archive.open(Settings(tmp_path / "data"))
        try:
            return [one.event for one in archive.journal.read()]
        finally:
            await archive.close()

    exported = [one for one in asyncio.run(events()) if one.kind == "exported"]
    assert [(one.source.name, one.detail) for one in exported] == [
        ("export", {"study": _study(ct), "objects": 1, "form": "zip", "to": str(tmp_path / "a.zip")})
    ]
    assert chiasm("verify", "--data", "data").returncode == 0


def test_what_lies_in_zip_archives(chiasm: Call, images: list[Path], ct: Path, tmp_path: Path) -> None:
    """Members are exported as files are; damaged and encrypted ones, and bombs, are listed."""
    with zipfile.ZipFile(tmp_path / "in.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for number, path in enumerate(images):
            packed.write(path, f"disc/IM{number}")
        packed.write(images[0].parents[3] / "DICOMDIR", "disc/DICOMDIR")
        packed.write(ct, "cut.dcm")
        with packed.open("same.dcm", "w") as member:
            member.write(images[0].read_bytes())
    with zipfile.ZipFile(tmp_path / "locked.zip", "w") as packed:
        packed.write(ct, "ct.dcm")
    data = bytearray((tmp_path / "locked.zip").read_bytes())
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(data)
    data = bytearray((tmp_path / "in.zip").read_bytes())
    data[data.index(b"cut.dcm") + 2_000] ^= 0xFF
    (tmp_path / "in.zip").write_bytes(data)
    done = chiasm("export", "in.zip", "locked.zip", "--as", "media", "--out", "cd", "--json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["objects"] == len(images)
    reasons = dict(report["refused"])
    assert "broken" in reasons.pop("in.zip!cut.dcm")
    assert "in another file" in reasons.pop("in.zip!same.dcm")
    assert "encrypted" in reasons.pop("locked.zip!ct.dcm")
    assert reasons == {}
    found = FileSet(tmp_path / "cd" / "DICOMDIR")
    found._stage["t"].cleanup()
    assert {Path(one.path).read_bytes() for one in found} == {path.read_bytes() for path in images}


def test_icons_in_a_directory(chiasm: Call, ct: Path, tmp_path: Path) -> None:
    done = chiasm("export", ct, "--as", "media", "--icons", "--out", "cd")
    assert done.returncode == 0, done.stderr
    (item,) = dcmread(tmp_path / "cd" / "DICOMDIR").DirectoryRecordSequence[-1].IconImageSequence
    assert (item.Rows, item.Columns, len(item.PixelData)) == (64, 64, 4096)
    refused = chiasm("export", ct, "--icons", "--out", "files")
    assert refused.returncode == 2
    assert "part of a DICOMDIR" in refused.stderr.decode()


@pytest.fixture
def node(tmp_path: Path, images: list[Path], ct: Path) -> Iterator[WebNode]:
    with web_node(tmp_path / "node") as running:
        assert running.store(*[path.read_bytes() for path in [*images, ct]]).status == 200
        yield running


def test_studies_of_a_node_that_runs(
    chiasm: Call, node: WebNode, images: list[Path], ct: Path, tmp_path: Path
) -> None:
    """They come as folder, zip archive and medium, as local ones do."""
    asked = ["--url", node.url, "--study", _study(images[0]), "--study", _study(ct)]
    expected = {dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in [*images, ct]}
    for out, form in (("plain", "folder"), ("all.zip", "zip"), ("cd", "media")):
        done = chiasm("export", *asked, "--as", form, "--out", out, "--json")
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert (report["form"], report["objects"], report["refused"]) == (form, 51, [])
    found = FileSet(tmp_path / "cd" / "DICOMDIR")
    found._stage["t"].cleanup()
    assert {one.SOPInstanceUID for one in found} == expected
    assert {dcmread(path).SOPInstanceUID for path in (tmp_path / "plain").rglob("*.dcm")} == expected
    with zipfile.ZipFile(tmp_path / "all.zip") as packed:
        assert packed.testzip() is None
        assert len(packed.namelist()) == 51


def test_a_service_that_has_not_all(chiasm: Call, node: WebNode, ct: Path, tmp_path: Path) -> None:
    asked = ["--url", node.url + "/", "--study", "1.2.3"]
    partly = chiasm("export", *asked, "--study", _study(ct), "--out", "a")
    assert partly.returncode == 1
    assert "refused: 1.2.3: " in partly.stdout.decode()
    assert "1 objects are in a, as files." in partly.stdout.decode()
    for form in ("folder", "zip", "media"):
        none = chiasm("export", *asked, "--out", "b", "--as", form)
        assert (none.returncode, (tmp_path / "b").exists()) == (2, False)
        assert "no such study" in none.stdout.decode()
    away = chiasm("export", "--url", "http://127.0.0.1:1", "--study", "1.2.3", "--out", "b", "--json")
    assert away.returncode == 2
    assert "does not answer" in json.loads(away.stdout)["refused"][0][1]
    for arguments, told in (
        (["--url", node.url], "no study is named"),
        (["--url", node.url, "--study", "../x"], "no UID"),
        (["--url", "ftp://x", "--study", "1.2"], "not the address"),
        (["--url", node.url, "--study", "1.2", ct], "not several"),
    ):
        done = chiasm("export", *arguments, "--out", "b")
        assert done.returncode == 2
        assert told in done.stderr.decode()


def test_a_token_is_shown(chiasm: Call, ct: Path) -> None:
    with web_fake() as fake:
        study = _study(ct)
        fake.say(f"/studies/{study}", 200, EDGE, parts(ct.read_bytes()))
        asked = ["export", "--url", fake.url, "--study", study, "--header", "X-Who: me"]
        done = chiasm(*asked, "--out", "a", CHIASM_TOKEN="secret")
        assert done.returncode == 0, done.stdout
        for _, headers in fake.asked:
            assert (headers["authorization"], headers["x-who"]) == ("Bearer secret", "me")
        fake.say(f"/studies/{study}/instances", 401)
        refused = chiasm(*asked, "--out", "b")
        assert refused.returncode == 2
        assert "who asks" in refused.stdout.decode()


def test_studies_of_orthanc(
    chiasm: Call, needs_tool: Callable[[str], str], images: list[Path], pydicom_data: Path, tmp_path: Path
) -> None:
    program = shutil.which("Orthanc", path="/usr/sbin:/usr/bin") or needs_tool("Orthanc")
    plugin = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
    if not plugin.exists():
        pytest.skip("Orthanc's DICOMweb plugin is not installed")
    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    settings = {
        "StorageDirectory": str(tmp_path / "storage"), "DicomPort": ports[0], "HttpPort": ports[1],
        "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "Plugins": [str(plugin)],
        "DicomWeb": {"Enable": True}, "DicomAlwaysAllowStore": True,
    }  # fmt: skip
    (tmp_path / "orthanc.json").write_text(json.dumps(settings))
    process = subprocess.Popen(
        [program, str(tmp_path / "orthanc.json")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    files = [images[0], *(pydicom_data / "test_files" / name for name in ("CT_small.dcm", "JPEG2000.dcm"))]
    try:
        for _ in range(1_000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", ports[1])) == 0:
                    break
            assert process.poll() is None
            time.sleep(0.02)
        assert chiasm("send", f"ORTHANC@127.0.0.1:{ports[0]}", *files).returncode == 0
        asked = [part for path in files for part in ("--study", _study(path))]
        done = chiasm("export", "--url", f"http://127.0.0.1:{ports[1]}/dicom-web", *asked, "--out", "out")
        assert done.returncode == 0, done.stdout
    finally:
        process.terminate()
        process.wait(20)
    got = {dcmread(path).SOPInstanceUID: dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")}
    for path in files:
        one = dcmread(path)
        assert got[one.SOPInstanceUID].file_meta.TransferSyntaxUID == one.file_meta.TransferSyntaxUID
        assert got[one.SOPInstanceUID].get("PixelData") == one.get("PixelData")
    assert len(got) == len(files)


def test_the_form_follows_the_name() -> None:
    for out, form, chosen, is_packed in (
        ("a", "", "folder", False),
        ("a.ZIP", "", "zip", True),
        ("a", "zip", "zip", True),
        ("a", "media", "media", False),
        ("a.zip", "media", "media", True),
        ("a.zip", "folder", "folder", False),
    ):
        wanted = Wanted((), Path(out), form)
        assert (wanted.chosen, wanted.is_packed) == (chosen, is_packed)
    with pytest.raises(UsageError, match="no form"):
        _ = Wanted((), Path("a"), "disc").chosen
