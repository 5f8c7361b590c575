"""What is sent: told from heads of files, and read only when its turn has come."""

from __future__ import annotations

import asyncio
import os
import shutil
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chiasm import dicom
from chiasm.app import offers
from chiasm.app.offers import offered
from chiasm.app.sources import Source, gather
from chiasm.errors import ChiasmError, ParseError

IMPLICIT = "1.2.840.10008.1.2"


def whole(data: bytes | AsyncIterator[bytes]) -> bytes:
    if isinstance(data, bytes):
        return data

    async def joined() -> bytes:
        return b"".join([piece async for piece in data])

    return asyncio.run(joined())


def test_every_real_file_is_told_of_and_its_data_set_is_what_follows_its_header(
    pydicom_files: list[Path],
) -> None:
    good = 0
    for path in pydicom_files:
        one = offered(Source(str(path), path))
        if one.offer is None:
            assert one.problem
            continue
        good += 1
        package, data = dicom.read_file(path), path.read_bytes()
        assert one.offer.sop_instance == str(package.get("SOPInstanceUID"))
        assert one.offer.sop_class == str(package.get("SOPClassUID"))
        assert one.offer.transfer_syntax == package.transfer_syntax.uid
        assert data.endswith(whole(one.offer.load(one.offer.transfer_syntax)))
        start = package.header.stop if len(package.header) else 0
        assert whole(one.offer.load(one.offer.transfer_syntax)) == data[start:]
    assert good > 100


def test_a_large_file_comes_in_pieces(
    tmp_path: Path, pydicom_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pydicom_data / "test_files" / "CT_small.dcm"
    expected = whole(_load(path))
    monkeypatch.setattr(offers, "_WHOLE", 1000)
    monkeypatch.setattr(offers, "_PIECE", 777)
    pieces = _load(path)
    assert not isinstance(pieces, bytes)
    assert whole(pieces) == expected


def _load(path: Path) -> bytes | AsyncIterator[bytes]:
    one = offered(Source(str(path), path))
    assert one.offer is not None
    return one.offer.load(one.offer.transfer_syntax)


def test_another_syntax_is_made_of_it(pydicom_data: Path) -> None:
    path = pydicom_data / "test_files" / "MR_small_RLE.dcm"
    one = offered(Source(str(path), path))
    assert one.offer is not None
    made = dicom.parse(whole(one.offer.load(IMPLICIT)))
    assert made.transfer_syntax.uid == IMPLICIT
    plain = dicom.read_file(pydicom_data / "test_files" / "MR_small.dcm")
    assert made.get("PixelData") == plain.get("PixelData")


def test_members_of_a_zip(tmp_path: Path, pydicom_data: Path) -> None:
    path = pydicom_data / "test_files" / "CT_small.dcm"
    with zipfile.ZipFile(tmp_path / "some.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(path, "../ct.dcm")
        packed.writestr("notes.txt", "nothing of the kind")
    good, bad = [offered(source) for source in gather([str(tmp_path / "some.zip")])]
    assert good.offer is not None
    assert whole(good.offer.load(good.offer.transfer_syntax)) == whole(_load(path))
    assert bad.offer is None
    assert bad.problem


def test_what_changed_since_it_was_looked_at_is_not_sent(tmp_path: Path, pydicom_data: Path) -> None:
    path = tmp_path / "ct.dcm"
    shutil.copy(pydicom_data / "test_files" / "CT_small.dcm", path)
    one = offered(Source("ct", path))
    assert one.offer is not None
    with path.open("ab") as file:
        file.write(b"\0\0")
    with pytest.raises(ParseError, match="changed"):
        one.offer.load(one.offer.transfer_syntax)
    assert offered(Source("ct", path)).stamp != one.stamp


def test_what_becomes_shorter_while_it_is_read_is_never_sent_short(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    file = os.open(path, os.O_RDONLY)
    try:
        assert offers._exactly(file, 10, 90) == b"x" * 90
        with pytest.raises(ParseError, match="shorter"):
            offers._exactly(file, 10, 91)
    finally:
        os.close(file)


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    assert (
        offered(Source("x", problem="the folder cannot be listed")).problem == "the folder cannot be listed"
    )
    assert "No such file" in offered(Source("x", tmp_path / "gone")).problem
    (tmp_path / "empty").write_bytes(b"")
    assert offered(Source("x", tmp_path / "empty")).problem
    (tmp_path / "message").write_bytes(b"MSH|^~\\&|A\r")
    assert offered(Source("x", tmp_path / "message")).problem == "it is no DICOM file"


def test_a_data_set_from_standard_input(pydicom_data: Path) -> None:
    data = (pydicom_data / "test_files" / "CT_small.dcm").read_bytes()
    one = offered(Source("standard input", data=data))
    assert one.offer is not None
    assert data.endswith(whole(one.offer.load(one.offer.transfer_syntax)))
    assert issubclass(ParseError, ChiasmError)
