"""The console and the viewer as a person uses them, in a headless Chromium."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, pixel_array

from tests.console.browser import Browser
from tests.console.conftest import ARTIFACTS, Running, browser, node

__all__ = ["browser", "node"]

POINTS = ((10, 12), (64, 64), (127, 100))


@pytest.fixture(scope="module")
def sent(node: Running, pydicom_data: Path, needs_tool: Callable[[str], str]) -> Callable[..., None]:
    """Sends files to the node with DCMTK."""
    program = needs_tool("storescu")

    def send(*names: str) -> None:
        files = [str(pydicom_data / "test_files" / name) for name in names]
        command = [program, "-aec", "CHIASM", "127.0.0.1", str(node.dimse), *files]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    return send


def test_a_study_that_is_sent_appears_opens_and_scrolls(
    node: Running, browser: Browser, sent: Callable[..., None], pydicom_data: Path
) -> None:
    browser.open(node.url + "/")
    browser.until("document.querySelector('.live.on')")
    assert browser.ask("document.querySelector('.empty') !== null")
    folder = "dicomdirtests/77654033/CT2"
    names = sorted(path.name for path in (pydicom_data / "test_files" / folder).iterdir())
    sent("CT_small.dcm", *[f"{folder}/{name}" for name in names])
    browser.until("document.querySelectorAll('tr[data-study]').length === 2")
    browser.picture(ARTIFACTS / "studies.png")

    browser.ask("document.querySelector('input[type=search]').focus()")
    browser.type("compressed ct")
    browser.until("document.querySelectorAll('tr[data-study]').length === 1")
    browser.ask("document.querySelector('tr[data-study] td.what').click()")
    browser.until("document.querySelector('.series .picture img')?.naturalWidth > 0")
    browser.picture(ARTIFACTS / "study.png")
    browser.ask("document.querySelector('.acts .main').click()")
    browser.until("window.chiasm?.state().shown")
    content = pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")
    wanted = apply_modality_lut(pixel_array(content), content)
    for column, row in POINTS:
        assert browser.ask(f"chiasm.probe({column}, {row})") == wanted[row, column]
    browser.picture(ARTIFACTS / "viewer.png")

    browser.open(node.url + "/?q=doe")
    study = browser.until("document.querySelector('tr[data-study]')?.dataset.study")
    browser.open(f"{node.url}/studies/{study}/view")
    browser.until(f"window.chiasm?.state().shown && chiasm.state().count === {len(names)}")
    first = browser.ask("chiasm.state().shown")
    browser.key("ArrowDown")
    browser.until(f"chiasm.state().at === 1 && chiasm.state().shown !== '{first}'")
    browser.mouse("mouseWheel", 600, 400, "none", deltaX=0, deltaY=-100)
    browser.until(f"chiasm.state().shown === '{first}'")
    browser.key("End")
    browser.until(f"chiasm.state().at === {len(names) - 1}")
    browser.key("ArrowDown")
    browser.key(" ")
    browser.until(f"chiasm.state().at < {len(names) - 1}")
    browser.key(" ")
    _nothing_leaves(browser, node)


def test_window_zoom_turns_and_measures(
    node: Running, browser: Browser, sent: Callable[..., None], pydicom_data: Path
) -> None:
    sent("CT_small.dcm")
    browser.open(node.url + "/?q=1CT1")
    study = browser.until("document.querySelector('tr[data-study]')?.dataset.study")
    browser.open(f"{node.url}/studies/{study}/view")
    browser.until("window.chiasm?.state().shown")
    before = browser.ask("chiasm.state().view")
    browser.drag((600, 400), (700, 460))
    after = browser.ask("chiasm.state().view")
    assert after["window"][0] > before["window"][0]
    assert after["window"][1] > before["window"][1]
    browser.key("r")
    browser.key("i")
    browser.key("h")
    turned = browser.ask("chiasm.state().view")
    assert (turned["turn"], turned["inverted"], turned["flipped"]) == (90, True, True)
    browser.key("0")
    assert browser.ask("chiasm.state().view.window") == before["window"]

    browser.key("l")
    browser.drag((500, 400), (500, 500))
    zoom = browser.ask("chiasm.state().view.zoom")
    spacing = float(pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm").PixelSpacing[0])
    (length,) = browser.ask("[...document.querySelectorAll('#marks text')].map(one => one.textContent)")
    assert length.endswith(" mm")
    assert float(length.split()[0]) == pytest.approx(100 / zoom * spacing, abs=0.06)
    browser.key("a")
    browser.drag((600, 500), (700, 500))
    browser.drag((700, 400), (700, 400))
    texts = browser.ask("[...document.querySelectorAll('#marks text')].map(one => one.textContent)")
    assert texts[1] == "90.0°"
    browser.picture(ARTIFACTS / "measured.png")
    browser.key("Delete")
    assert browser.ask("document.querySelectorAll('#marks text').length") == 1
    browser.key("p")
    browser.drag((600, 400), (630, 420))
    assert browser.ask("[chiasm.state().view.x, chiasm.state().view.y]") == [30, 20]


def test_look_up_tables_are_applied_as_dcmtk_does(
    node: Running, browser: Browser, tmp_path: Path, pydicom_data: Path, needs_tool: Callable[[str], str]
) -> None:
    storescu, picture = needs_tool("storescu"), needs_tool("dcm2pnm")
    content = pydicom.dcmread(pydicom_data / "test_files" / "MR_small.dcm")
    content.StudyInstanceUID, content.SeriesInstanceUID, content.SOPInstanceUID = (
        "2.25.71",
        "2.25.72",
        "2.25.73",
    )
    content.file_meta.MediaStorageSOPInstanceUID, content.PatientID = "2.25.73", "LUT1"
    content.PixelRepresentation, content.BitsStored, content.HighBit = 0, 12, 11
    content.PixelData = (np.arange(64 * 64, dtype="<u2") % 4096).tobytes()
    for name in ("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept"):
        content.pop(name, None)
    stored = np.arange(4096)
    content.ModalityLUTSequence = [table([4096, 0, 16], stored * 3 // 2 + (stored % 7))]
    content.ModalityLUTSequence[0].ModalityLUTType = "US"
    content.VOILUTSequence = [table([5000, 500, 12], np.sqrt(np.arange(5000) / 5000) * 4095)]
    path = tmp_path / "lut.dcm"
    content.save_as(path)
    for command in (
        [storescu, "-aec", "CHIASM", "127.0.0.1", str(node.dimse), str(path)],
        [picture, "+Wl", "1", "+op", str(path), str(tmp_path / "lut.pgm")],
    ):
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    with Image.open(tmp_path / "lut.pgm") as shown:
        wanted = np.asarray(shown).astype(int)
    browser.open(f"{node.url}/studies/2.25.71/view")
    browser.until("window.chiasm?.state().shown")
    assert browser.ask("chiasm.state().view.window") == "table"
    assert browser.ask("document.getElementById('how').textContent").startswith("VOI LUT")
    assert browser.ask("chiasm.probe(5, 40)") == 2565 * 3 // 2 + 2565 % 7
    for column, row in ((0, 0), (5, 6), (33, 20), (5, 40), (63, 63)):
        assert abs(browser.ask(f"chiasm.grayAt({column}, {row})") - wanted[row, column]) <= 1
    browser.picture(ARTIFACTS / "voi-lut.png")
    browser.drag((600, 400), (650, 420))
    assert browser.ask("Array.isArray(chiasm.state().view.window)")
    browser.key("0")
    assert browser.ask("chiasm.state().view.window") == "table"


def table(descriptor: list[int], entries: np.ndarray) -> Dataset:
    """An item of a sequence of look-up tables."""
    found = Dataset()
    found.add_new("LUTDescriptor", "US", descriptor)
    found.add_new("LUTData", "OW", np.asarray(entries).astype("<u2").tobytes())
    return found


def test_overlays_lie_over_the_image(node: Running, browser: Browser, sent: Callable[..., None]) -> None:
    sent("examples_overlay.dcm")
    browser.open(node.url + "/?modality=MR")
    study = browser.until("document.querySelector('tr[data-study]')?.dataset.study")
    browser.open(f"{node.url}/studies/{study}/view")
    browser.until("window.chiasm?.state().shown")
    green = (
        "(() => { const c = document.getElementById('canvas'); const d = c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 0; i < d.length; i += 4)"
        " if (d[i + 1] > d[i] + 60) n++; return n; })()"
    )
    browser.until(f"{green} > 100")
    browser.picture(ARTIFACTS / "overlay.png")
    browser.key("o")
    assert browser.ask(green) == 0


def test_a_phone_shows_it_in_chinese_and_two_fingers_zoom(
    node: Running, browser: Browser, sent: Callable[..., None]
) -> None:
    sent("CT_small.dcm")
    browser.resize(390, 844, touch=True)
    browser.open(node.url + "/?lang=zh&q=1CT1")
    assert browser.ask("document.documentElement.lang") == "zh-Hans"
    assert browser.ask("document.documentElement.scrollWidth") == 390
    browser.picture(ARTIFACTS / "phone.png")
    study = browser.until("document.querySelector('tr[data-study]')?.dataset.study")
    browser.open(f"{node.url}/studies/{study}/view")
    browser.until("window.chiasm?.state().shown")
    assert "窗宽窗位" in browser.ask("document.body.textContent")
    before = browser.ask("chiasm.state().view.zoom")
    browser.touch("touchStart", (150, 400), (250, 400))
    browser.touch("touchMove", (100, 400), (300, 400))
    browser.touch("touchEnd")
    assert browser.ask("chiasm.state().view.zoom") > before * 1.5
    browser.picture(ARTIFACTS / "phone-viewer.png")
    browser.resize(1280, 860)
    browser.open(node.url + "/?lang=en")
    _nothing_leaves(browser, node)


def test_the_crossing_shows_where_each_element_went(
    node: Running, browser: Browser, sent: Callable[..., None]
) -> None:
    sent("CT_small.dcm")
    browser.open(node.url + "/?q=1CT1")
    study = browser.until("document.querySelector('tr[data-study]')?.dataset.study")
    browser.open(f"{node.url}/studies/{study}/crossing")
    row = (
        "[...document.querySelectorAll('#ledger tbody tr')].find(one => one.textContent.includes('00100010'))"
    )
    browser.ask(f"{row}.click()")
    assert browser.ask("document.querySelector('#message .chosen').textContent") == "CompressedSamples^CT1"
    browser.picture(ARTIFACTS / "crossing.png")
    browser.open(f"{node.url}/studies/{study}/header")
    browser.ask("document.getElementById('filter').focus()")
    browser.type("patientname")
    assert browser.ask("document.querySelectorAll('#tree tbody tr:not([hidden])').length") == 1
    browser.picture(ARTIFACTS / "header.png")


def _nothing_leaves(browser: Browser, node: Running) -> None:
    strangers = [
        url for url in browser.requests if not url.startswith((node.url + "/", "data:", "blob:", "about:"))
    ]
    assert strangers == []
    assert browser.errors == []
