"""`chiasm up` as a process: it says where it listens, serves, and ends cleanly on a signal."""

import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name("chiasm"))


@pytest.mark.parametrize("workers", [1, 2])
def test_it_says_where_it_listens_and_ends_on_a_signal(tmp_path, workers):
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
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Stop it"):
                break
        told = "".join(lines)
        address = re.search(r"state +(http://\S+)ready", told)
        assert address, told
        assert re.search(r"DICOM +CHIASM@127\.0\.0\.1:\d+", told)
        with urllib.request.urlopen(address[1] + "ready", timeout=20) as answer:
            assert answer.status == 200
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(30)
        process.stdout.close()
    assert status == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--http", "nowhere"], "no address"),
        (["--workers", "0"], "at least one worker"),
        (["--config", "absent.toml"], "cannot read"),
    ],
)
def test_what_cannot_be_is_one_line_and_status_2(tmp_path, arguments, message):
    done = subprocess.run(
        [PROGRAM, "up", *arguments], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
