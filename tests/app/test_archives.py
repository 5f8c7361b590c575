"""Archives that come from elsewhere: bombs, lies and damage end in one error."""

import dataclasses
import os
import struct
import zipfile

import pytest

from chiasm import dicom
from chiasm.app.archives import member_bytes, members, unpacked
from chiasm.errors import LimitError, ParseError
from chiasm.limits import DEFAULT


def packed(path, contents, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


def test_members_are_listed_and_read_in_part_or_whole(tmp_path):
    path = packed(tmp_path / "x.zip", {"a": b"one", "d/": b"", "b": b"two"})
    assert list(members(path)) == [(0, "a"), (2, "b")]
    assert member_bytes(path, 2) == b"two"
    assert member_bytes(path, 0, 2) == b"on"
    assert unpacked(path, 0) == b"one"


@pytest.mark.parametrize("budget", [{"archive_members": 1}, {"archive_bytes": 5}])
def test_an_archive_beyond_its_budget_is_refused_before_it_is_unpacked(tmp_path, budget):
    path = packed(tmp_path / "x.zip", {"a": b"one", "b": b"two"})
    with pytest.raises(LimitError, match=next(iter(budget))):
        list(members(path, dataclasses.replace(DEFAULT, **budget)))


def test_a_large_member_is_mapped_not_held(tmp_path, ct):
    data = ct.read_bytes() + b"\0" * (6 << 20)
    path = packed(tmp_path / "x.zip", {"a": data})
    mapped = unpacked(path, 0)
    assert not isinstance(mapped, bytes)
    assert mapped[:] == data
    assert dicom.parse(mapped).get("PatientID") == "1CT1"


def test_a_member_never_gives_more_than_it_says(tmp_path):
    path = packed(tmp_path / "x.zip", {"a": b"\0" * 100_000})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<L", 10)  # the size that the directory gives
    path.write_bytes(data)
    with pytest.raises(ParseError, match="broken"):
        member_bytes(path, 0)


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_a_damaged_archive_ends_in_one_error(tmp_path, method):
    good = packed(tmp_path / "x.zip", {"a": b"some words, some words" * 20}, method).read_bytes()
    for at in range(0, len(good), 3):
        path = tmp_path / f"{at}.zip"
        path.write_bytes(good[:at] + bytes((good[at] ^ 0xFF,)) + good[at + 1 :])
        try:
            for number, _ in members(path):
                member_bytes(path, number)
        except ParseError:
            pass
        path.unlink()


def test_an_encrypted_member_is_told_of(tmp_path):
    path = packed(tmp_path / "x.zip", {"a": b"secret"}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ParseError, match="encrypted"):
        member_bytes(path, 0)


def test_a_forked_process_reads_for_itself(tmp_path):
    path = packed(tmp_path / "x.zip", {str(n): bytes((n,)) * 5000 for n in range(8)})
    list(members(path))
    child = os.fork()
    if not child:
        os._exit(0 if all(member_bytes(path, n) == bytes((n,)) * 5000 for n in range(8)) else 1)
    assert all(member_bytes(path, n) == bytes((n,)) * 5000 for n in range(8))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
