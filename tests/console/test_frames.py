"""Samples and overlays over HTTP; the numbers are pydicom's."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels import pixel_array

from tests.console.conftest import Running


@pytest.fixture(scope="module")
def place(node: Running, pydicom_data: Path, needs_tool: Callable[[str], str]) -> str:
    path = pydicom_data / "test_files/CT_small.dcm"
    program = needs_tool("storescu")
    subprocess.run(
        [program, "-aec", "CHIASM", "127.0.0.1", str(node.dimse), str(path)], check=True, timeout=60
    )
    content = pydicom.dcmread(path)
    return f"{node.url}/studies/{content.StudyInstanceUID}/instances/{content.SOPInstanceUID}/frames"


def test_samples_are_those_of_the_file(place: str, pydicom_data: Path) -> None:
    with urllib.request.urlopen(f"{place}/1/samples") as answer:
        told, data, tag = json.loads(answer.headers["x-samples"]), answer.read(), answer.headers["etag"]
    wanted = pixel_array(pydicom.dcmread(pydicom_data / "test_files/CT_small.dcm"), raw=True)
    assert (told["kind"], told["rows"], told["columns"], told["slope"]) == ("int16", 128, 128, 1.0)
    assert np.array_equal(np.frombuffer(data, "<i2").reshape(128, 128), wanted)
    again = urllib.request.Request(f"{place}/1/samples", headers={"If-None-Match": tag})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(again)
    assert caught.value.code == 304
    caught.value.close()
    with urllib.request.urlopen(f"{place}/1/overlays") as answer:
        assert json.loads(answer.read()) == []
    with urllib.request.urlopen(f"{place}/1/levels") as answer:
        assert json.loads(answer.read()) is None


@pytest.mark.parametrize("path", ["/0/samples", "/2/samples", "/x/samples", "/9999999999/overlays"])
def test_frames_that_are_not_there(place: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(place + path)
    assert caught.value.code in {404, 410} or "overlays" in path
    caught.value.close()


def test_an_instance_is_asked_for_in_its_own_study(place: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(place.replace("/studies/1", "/studies/2") + "/1/samples")
    assert caught.value.code == 404
    caught.value.close()
