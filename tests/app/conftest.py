"""The command line as people use it: in a process of its own, with real files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "chiasm.app"]


@pytest.fixture
def ct(pydicom_data):
    return pydicom_data / "test_files" / "CT_small.dcm"


@pytest.fixture
def chiasm(tmp_path):
    """`chiasm("convert", …)` runs the command line in tmp_path; a traceback fails the test."""

    def call(*arguments, stdin=b"", **more):
        done = subprocess.run(
            [*PROGRAM, *map(str, arguments)],
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=60,
            env={**os.environ, "COLUMNS": "200", **more},
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
        assert b"fault of Chiasm" not in done.stderr + done.stdout, done.stderr.decode(errors="replace")
        return done

    return call


@pytest.fixture
def folder(tmp_path, pydicom_data):
    """Two images and a report in a tree, with a file that is none."""
    top = tmp_path / "in"
    for name, at in (("CT_small.dcm", "a/1.dcm"), ("MR_small.dcm", "b/1.dcm"), ("reportsi.dcm", "sr.dcm")):
        (top / at).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(pydicom_data / "test_files" / name, top / at)
    (top / "bad.dcm").write_bytes(b"\x00\xff" * 40)
    return top


ORU = (
    b"MSH|^~\\&|LAB|H|||20260101||ORU^R01^ORU_R01|%d|P|2.5.1\r"
    b"PID|||%d^^^H||Doe^Jane\rOBR|1|||24606-6^Mammogram^LN|||20260101|||||||||||||||20260102120000+0000|||F\r"
    b"OBX|1|TX|18782-3^Findings^LN||No change.||||||F\r"
)


@pytest.fixture
def messages():
    """`messages(3)`: the bytes of so many ORU in a row."""
    return lambda count: b"".join(ORU % (n, n) for n in range(1, count + 1))


@pytest.fixture
def files_of():
    """Every file below a folder, hidden ones too, as relative names."""

    def listed(top: Path):
        return sorted(str(path.relative_to(top)) for path in top.rglob("*") if path.is_file())

    return listed
