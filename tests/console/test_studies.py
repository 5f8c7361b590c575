"""What a person types finds studies: names as people write them, identifiers, days."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from chiasm.console.studies import Wanted, date_of, day, found, person, spoken, time_of
from chiasm.model import Source
from chiasm.services.archive import Archive, Settings

FILES = ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "JPEG2000.dcm")


@pytest.mark.parametrize(
    ("wanted", "identifiers"),
    [
        (Wanted(), ["1CT1", "4MR1", "id00001", "8NM1"]),
        (Wanted("compressedsamples"), ["1CT1", "4MR1", "8NM1"]),
        (Wanted("compressed, mr"), ["4MR1"]),
        (Wanted("COMPRESSED CT"), ["1CT1"]),
        (Wanted("1ct"), ["1CT1"]),
        (Wanted("whole body"), ["8NM1"]),
        (Wanted(modality="RTPLAN"), ["id00001"]),
        (Wanted(since="2004-08-26", until="2004-08-26"), ["4MR1", "8NM1"]),
        (Wanted("nobody"), []),
        (Wanted(offset=4), []),
    ],
)
def test_what_is_typed_finds_studies(
    tmp_path: Path, pydicom_data: Path, wanted: Wanted, identifiers: list[str]
) -> None:
    async def look() -> tuple[list[str], bool]:
        archive = await Archive.open(Settings(tmp_path))
        try:
            for name in FILES:
                await archive.receive_file(
                    (pydicom_data / "test_files" / name).read_bytes(), Source("import")
                )
            rows, more = await found(archive, wanted)
            return [row.identifier for row in rows], more
        finally:
            await archive.close()

    rows, more = asyncio.run(look())
    assert sorted(rows) == sorted(identifiers)
    assert not more


def test_names_are_shown_as_people_read_them() -> None:
    assert spoken("Doe^John^^Dr") == "Doe, John Dr"
    assert spoken("王^小东") == "王 小东"
    element = {"Value": [{"Alphabetic": "Wang^XiaoDong", "Ideographic": "王^小东"}]}
    assert person(element) == ("Wang, XiaoDong", "王 小东")
    assert person({"Value": [{"Ideographic": "山田^太郎"}]}) == ("山田 太郎", "")
    assert person(None) == ("", "")


def test_days_and_times() -> None:
    assert [day(text) for text in ("2024-01-31", "20240131", "soon", "")] == ["20240131"] * 2 + [""] * 2
    assert (date_of("20240131"), date_of("2024"), time_of("134501.5"), time_of("")) == (
        "2024-01-31", "2024", "13:45", "",
    )  # fmt: skip
