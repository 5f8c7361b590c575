"""`chiasm viewer install`: only built pages are unpacked, below the data folder; the node then serves them."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import tarfile
import urllib.request
from pathlib import Path

import pytest

from chiasm.app.command_viewer import unpacked
from chiasm.errors import UsageError

PROGRAM = str(Path(sys.executable).with_name("chiasm"))


def package(path: Path, **files: str) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def test_only_built_pages_are_laid_down(tmp_path: Path) -> None:
    files = {"package/dist/index.html": "first", "package/dist/a/b.js": "b", "package/package.json": "{}"}
    count = unpacked(package(tmp_path / "p.tgz", **files), tmp_path / "pages")
    assert count == 2
    assert (tmp_path / "pages/a/b.js").read_text() == "b"
    assert not list(tmp_path.rglob("package.json"))


@pytest.mark.parametrize(
    "files",
    [{"package/dist/x.js": "x"}, {"package/dist/index.html": "i", "package/dist/../../../evil": "x"}],
)
def test_what_is_no_viewer_or_hostile_is_refused(tmp_path: Path, files: dict[str, str]) -> None:
    (tmp_path / "deep").mkdir()
    with pytest.raises(UsageError):
        unpacked(package(tmp_path / "p.tgz", **files), tmp_path / "deep/pages")
    assert not list(tmp_path.rglob("evil"))


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "p.tgz").write_bytes(b"nothing")
    with pytest.raises(UsageError, match="cannot be read"):
        unpacked(tmp_path / "p.tgz", tmp_path / "pages")


def test_without_npm_it_says_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [PROGRAM, "viewer", "install", "--data", str(tmp_path)], capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 2
    assert "npm is needed" in done.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_installed_is_served_on_a_port_of_its_own(tmp_path: Path, workers: int) -> None:
    (tmp_path / "data/ohif").mkdir(parents=True)
    (tmp_path / "data/ohif/index.html").write_text("the viewer")
    command = [
        PROGRAM,
        "up",
        "--data",
        str(tmp_path / "data"),
        "--dimse",
        "127.0.0.1:0",
        "--http",
        "127.0.0.1:0",
    ]
    process = subprocess.Popen(
        [*command, "--workers", str(workers)], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.match(r"OHIF is at (\S+)", line):
                break
        for path, wanted in (("viewer", b"the viewer"), ("app-config.js", b"window.config")):
            with urllib.request.urlopen(found[1] + path, timeout=20) as answer:  # type: ignore[index]  # it was told
                assert answer.read().startswith(wanted)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        process.stdout.close()
