"""A study series by series, as its page and the viewer show it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from chiasm.console.stacks import Study, for_viewer, study
from chiasm.errors import ServiceError
from chiasm.model import Source
from chiasm.services.archive import Archive, Settings


def held(folder: Path, files: list[Path], uid: str) -> Study:
    async def look() -> Study:
        archive = await Archive.open(Settings(folder))
        try:
            for path in files:
                await archive.receive_file(path.read_bytes(), Source("import"))
            return await study(archive, uid)
        finally:
            await archive.close()

    return asyncio.run(look())


def test_images_are_in_the_order_of_their_numbers(tmp_path: Path, pydicom_data: Path) -> None:
    import pydicom

    files = sorted((pydicom_data / "test_files/dicomdirtests/77654033").rglob("CT*/*"))
    contents = [pydicom.dcmread(path) for path in files]
    found = held(tmp_path, files[::-1], contents[0].StudyInstanceUID)
    wanted: dict[str, list[int]] = {}
    for content in sorted(contents, key=lambda one: (one.SeriesNumber, one.InstanceNumber)):
        wanted.setdefault(content.SeriesInstanceUID, []).append(int(content.InstanceNumber))
    assert {one.uid: [each.number for each in one.pictures] for one in found.stacks} == wanted
    told = for_viewer(found)
    assert told["patient"][0] == "Doe, Archibald"
    assert [len(one["pictures"]) for one in told["series"]] == [len(one.pictures) for one in found.stacks]


def test_what_has_no_pixels_is_no_stack(tmp_path: Path, pydicom_data: Path) -> None:
    import pydicom

    path = pydicom_data / "test_files/rtplan.dcm"
    found = held(tmp_path, [path], pydicom.dcmread(path).StudyInstanceUID)
    assert [one.frames for one in found.stacks] == [0]
    assert found.stacks[0].pictures[0].what == "RT Plan Storage"
    assert for_viewer(found)["series"] == []


def test_a_study_that_is_not_held(tmp_path: Path) -> None:
    with pytest.raises(ServiceError) as caught:
        held(tmp_path, [], "1.2.3")
    assert caught.value.failure.name == "no-such-object"
