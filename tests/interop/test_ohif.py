"""OHIF, installed from its published package, shows a study that DCMTK sent; its values are the file's."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.pixels import apply_modality_lut, pixel_array

from tests.console.browser import Browser
from tests.console.conftest import ARTIFACTS, PROGRAM, browser

__all__ = ["browser"]

POINTS = ((10, 12), (64, 64), (127, 100))
_VALUES = """(() => {
  const held = window.cornerstone && [...cornerstone.cache._imageCache.keys()][0];
  const image = held && cornerstone.cache.getImage(held);
  if (!image) return null;
  const values = image.getPixelData();
  return POINTS.map(([column, row]) => values[row * image.columns + column]);
})()"""


@pytest.fixture(scope="module")
def addresses(
    tmp_path_factory: pytest.TempPathFactory, needs_tool: Callable[[str], str]
) -> Iterator[tuple[str, str]]:
    """The DICOM port and OHIF's address of a node; skips where npm cannot fetch the package."""
    needs_tool("npm")
    folder = tmp_path_factory.mktemp("ohif")
    install = [PROGRAM, "viewer", "install", "--data", str(folder / "data")]
    done = subprocess.run(install, capture_output=True, text=True, timeout=240, check=False)
    if done.returncode != 0:
        pytest.skip(f"OHIF cannot be fetched here: {done.stderr.strip()}")
    command = [PROGRAM, "up", "--data", str(folder / "data"), "--dimse", "127.0.0.1:0"]
    process = subprocess.Popen(
        [*command, "--http", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True, cwd=folder
    )
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        if line.startswith("OHIF is at"):
            break
    port, url = re.search(r"CHIASM@127\.0\.0\.1:(\d+)", told), re.search(r"OHIF is at (\S+)/", told)
    assert port, told
    assert url, told
    yield port[1], url[1]
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    process.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="Chromium is driven on Linux")
def test_ohif_shows_what_was_sent(
    addresses: tuple[str, str], browser: Browser, pydicom_data: Path, needs_tool: Callable[[str], str]
) -> None:
    port, url = addresses
    path = pydicom_data / "test_files/CT_small.dcm"
    subprocess.run(
        [needs_tool("storescu"), "-aec", "CHIASM", "127.0.0.1", port, str(path)], check=True, timeout=60
    )
    content = pydicom.dcmread(path)
    wanted = apply_modality_lut(pixel_array(content), content)
    browser.open(f"{url}/viewer?StudyInstanceUIDs={content.StudyInstanceUID}")
    values = browser.until(_VALUES.replace("POINTS", str([list(point) for point in POINTS])))
    assert values == [wanted[row, column] for column, row in POINTS]
    browser.until("document.querySelectorAll('canvas').length > 0")
    browser.picture(ARTIFACTS / "ohif.png")
    hosts = {one.split("/")[2] for one in browser.requests if one.startswith("http")}
    assert hosts == {url.split("/")[2]}
