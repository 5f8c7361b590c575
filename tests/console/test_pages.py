"""Every page answers, in both languages, and a failure is a page too."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.console.conftest import Running

STUDY = "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322"


@pytest.fixture(scope="module")
def filled(node: Running, pydicom_data: Path, needs_tool: Callable[[str], str]) -> str:
    files = [str(pydicom_data / "test_files" / name) for name in ("CT_small.dcm", "rtplan.dcm")]
    command = [needs_tool("storescu"), "-aec", "CHIASM", "127.0.0.1", str(node.dimse), *files]
    subprocess.run(command, check=True, timeout=60)
    return node.url


def text(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        return str(answer.read().decode())


@pytest.mark.parametrize(
    ("path", "english", "chinese"),
    [
        ("/", "Patient ID", "患者编号"),
        ("/studies?q=1ct1", "CompressedSamples", "CompressedSamples"),
        (f"/studies/{STUDY}", "CompressedSamples, CT1", "打开阅片器"),
        (f"/studies/{STUDY}", f'href="/api/studies/{STUDY}/media"', "下载（含 DICOMDIR）"),
        (f"/studies/{STUDY}/header", "CompressedSamples^CT1", "标签、名称或值"),
        (f"/studies/{STUDY}/crossing", "OBX", "账目"),
        (f"/studies/{STUDY}/crossing?to=fhir", "Bundle.entry[0]", "转换为"),
        (f"/studies/{STUDY}/crossing?to=mdm", "has no such form", "不能转换成此形式"),
        (f"/studies/{STUDY}/view", "Rotate", "旋转"),
        ("/conflicts", "No conflict is open.", "没有未解决的冲突。"),
        ("/node", "Latest events", "最近事件"),
        ("/?q=nobody", "No study meets this search.", "没有符合条件的检查。"),
    ],
)
def test_pages_in_both_languages(filled: str, path: str, english: str, chinese: str) -> None:
    assert english in text(filled + path)
    assert chinese in text(filled + path + ("&" if "?" in path else "?") + "lang=zh")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/studies/1.2.3", 404), ("/studies/1.2.3/view", 404), (f"/studies/{STUDY}/header?instance=1.2", 404),
        (f"/studies/{STUDY}/crossing?to=%3Cx%3E", 404), ("/?offset=-1", 400), ("/nowhere", 404),
    ],
)  # fmt: skip
def test_failures_say_what_failed(filled: str, path: str, status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        text(filled + path)
    assert caught.value.code == status
    assert b"<x>" not in caught.value.read()
    caught.value.close()
