"""What an object is, from its first bytes: what the parser says, or nothing."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from chiasm import dicom
from chiasm.dicom.identity import HEAD, Identity, identity
from chiasm.errors import ChiasmError


def parsed(path: Path) -> Identity | None:
    try:
        package = dicom.read_file(path)
    except ChiasmError:
        return None
    names = [str(package.get(keyword) or "") for keyword in ("SOPClassUID", "SOPInstanceUID")]
    return Identity(*names, package.transfer_syntax.uid, package.header.stop)


def test_it_is_what_the_parser_says(pydicom_files: list[Path]) -> None:
    found = {path: identity(path.read_bytes()[:HEAD]) for path in pydicom_files}
    told = {path: one for path, one in found.items() if one is not None}
    assert len(told) > 0.7 * len(found)
    assert told == {path: parsed(path) for path in told}


def test_what_lies_within_fewer_bytes_is_told_or_not_but_never_wrongly(pydicom_data: Path) -> None:
    for name in ("CT_small.dcm", "MR_small_bigendian.dcm", "rtplan.dcm"):
        path = pydicom_data / "test_files" / name
        data, whole = path.read_bytes(), parsed(path)
        found = [identity(data[:length]) for length in range(900)]
        assert set(found) == {None, whole}
        assert found.index(whole) == len(found) - found[::-1].index(None)


@given(st.data())
def test_damage_is_never_told_as_something_else_than_the_parser_tells(
    pydicom_data: Path, data: st.DataObject
) -> None:
    content = bytearray((pydicom_data / "test_files" / "CT_small.dcm").read_bytes()[:1200])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(128, 700))] = data.draw(st.integers(0, 255))
    found = identity(bytes(content))
    if found is None:
        return
    package = dicom.parse(bytes(content))
    assert found.start == package.header.stop
    assert found.transfer_syntax == package.header.get("TransferSyntaxUID")


@given(st.binary(max_size=300))
def test_anything_else_is_nothing(data: bytes) -> None:
    assert identity(data) is None
    assert identity(b"\0" * 128 + b"DICM\2\0\0\0UL\4\0" + data) is None
