"""Members of zip archives as files: what zipfile wrote is what is read."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from chiasm.app.members import Member
from chiasm.errors import ParseError


def test_a_member_is_read_as_a_file_is(tmp_path: Path, ct: Path) -> None:
    data = ct.read_bytes()
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("note", b"text")
        archive.writestr("ct", data)
    member = Member("x.zip!ct", path, 1)
    assert member.size == len(data)
    assert member.package().get("PatientID") == "1CT1"
    assert b"".join(member.pieces(0)) == data
    assert b"".join(member.pieces(1000)) == data[1000:]
    assert list(member.pieces(len(data))) == []


def test_a_large_member_comes_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(5 << 20))
    sizes = [len(piece) for piece in Member("zeros", path, 0).pieces(1 << 19)]
    assert max(sizes) <= 1 << 20
    assert sum(sizes) == (5 << 20) - (1 << 19)


def test_a_damaged_member_is_told_of(tmp_path: Path, ct: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ct", ct.read_bytes())
    data = bytearray(path.read_bytes())
    data[20_000] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ParseError, match="broken"):
        list(Member("ct", path, 0).pieces(0))
    with pytest.raises(ParseError, match="broken"):
        Member("ct", path, 0).package()
