"""`chiasm import`: what is taken, what is listed, and how it ends."""

import asyncio
import json
import shutil
import zipfile

import pytest

from chiasm.app.command_import import import_command, import_sources
from chiasm.app.settings import NodeSettings
from chiasm.errors import UsageError
from chiasm.services.archive import Archive, Settings


def run(sources, folder, as_json=False):
    return import_command([str(one) for one in sources], config=None, data=folder, as_json=as_json)


@pytest.fixture(autouse=True)
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def held(folder):
    async def count():
        archive = await Archive.open(Settings(folder))
        try:
            return archive.index.statistics()["instances"]
        finally:
            await archive.close()

    return asyncio.run(count())


def test_a_file_twice_is_kept_once(tmp_path, pydicom_data, capsys):
    path = pydicom_data / "test_files/CT_small.dcm"
    assert run([path], tmp_path / "a") == 0
    assert "1 stored" in capsys.readouterr().out
    assert run([path], tmp_path / "a") == 0
    assert "1 identical" in capsys.readouterr().out
    assert held(tmp_path / "a") == 1


def test_a_folder_with_bad_files_is_taken_past_them(tmp_path, pydicom_data, capsys):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("CT_small.dcm", "MR_small.dcm"):
        (folder / name).write_bytes((pydicom_data / "test_files" / name).read_bytes())
    (folder / "note.txt").write_text("no image")
    (folder / "cut.dcm").write_bytes((pydicom_data / "test_files/CT_small.dcm").read_bytes()[:200])
    assert run([folder], tmp_path / "a", as_json=True) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["counts"] == {"stored": 2, "refused": 2}
    assert sorted(name.rpartition("/")[2] for name, _ in report["refused"]) == ["cut.dcm", "note.txt"]
    assert all(reason for _, reason in report["refused"])


def test_a_zip_is_opened(tmp_path, pydicom_data):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.write(pydicom_data / "test_files/CT_small.dcm", "../../evil.dcm")
    assert run([tmp_path / "in.zip"], tmp_path / "a") == 0
    assert held(tmp_path / "a") == 1
    assert not list(tmp_path.parent.glob("evil.dcm"))


def test_nothing_usable_is_status_2(tmp_path):
    (tmp_path / "note.txt").write_text("no image")
    assert run([tmp_path / "note.txt"], tmp_path / "a") == 2
    with pytest.raises(UsageError):
        import_sources([str(tmp_path / "absent")], NodeSettings(data=tmp_path / "a"))


def test_a_medium_is_taken_by_its_directory(tmp_path, pydicom_data, capsys):
    """What the DICOMDIR names comes in; one missing file is listed, and a program beside it is not tried."""
    disc = tmp_path / "disc"
    shutil.copytree(pydicom_data / "test_files" / "dicomdirtests" / "TINY_ALPHA", disc)
    (disc / "VIEWER.EXE").write_bytes(b"MZ")
    gone = sorted(disc.rglob("IM*"))[0]
    gone.unlink()
    assert run([disc], tmp_path / "a", as_json=True) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["counts"] == {"stored": 49, "missing": 1}
    assert gone.name in report["refused"][0][0]
    assert report["aside"] == len([path for path in disc.rglob("*") if path.is_file()]) - 50
    assert held(tmp_path / "a") == 49
    assert run([disc], tmp_path / "a") == 1
    told = capsys.readouterr().out
    assert "no DICOMDIR names" in told
    assert "50 offered: 49 identical, 1 missing" in told
