"""A running node with real studies, and a browser to look at it with."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.console.browser import Browser

PROGRAM = str(Path(sys.executable).with_name("chiasm"))
ARTIFACTS = Path(__file__).resolve().parents[2] / "out" / "screenshots"


class Running(NamedTuple):
    """A node's addresses."""

    url: str
    dimse: int


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An empty node of its own."""
    folder = tmp_path_factory.mktemp("node")
    command = [PROGRAM, "up", "--data", str(folder / "data"), "--dimse", "127.0.0.1:0"]
    process = subprocess.Popen(
        [*command, "--http", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True, cwd=folder
    )
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        if line.startswith("Stop it"):
            break
    url = re.search(r"console +(http://\S+)/", told)
    port = re.search(r"DICOM +CHIASM@127\.0\.0\.1:(\d+)", told)
    assert url, told
    assert port, told
    yield Running(url[1], int(port[1]))
    process.send_signal(signal.SIGTERM)
    status = process.wait(30)
    process.stdout.close()
    assert status == 0


@pytest.fixture(scope="module")
def browser(needs_tool: Callable[[str], str]) -> Iterator[Browser]:
    """A headless Chromium of 1280 × 860."""
    with Browser(needs_tool("chromium"), 1280, 860) as one:
        yield one
