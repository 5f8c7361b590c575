"""Encoding: an edit changes its element and the lengths around it, and nothing else."""

from __future__ import annotations

import io
import resource
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from chiasm import dicom
from chiasm.dicom.encode import Encoding, turned
from chiasm.errors import EncodeError

Make = Callable[..., bytes]
UNDEFINED = 0xFFFFFFFF


def test_an_edit_of_one_leaf_leaves_all_other_bytes(pydicom_files: list[Path]) -> None:
    """A text of the same length put anywhere: the output differs inside that value field alone."""
    edited = 0
    for path in pydicom_files:
        if path.name in ("no_meta.dcm", "image_dfl.dcm"):
            continue
        data = path.read_bytes()
        package = dicom.parse(data)
        leaves = [
            (where, one) for where, one in package.walk() if one.vr in ("LO", "SH", "CS") and one.length > 1
        ]
        for where, element in leaves[:: max(1, len(leaves) // 3)]:
            if element.wire_vr == "UN" or element.tag == 0x00080005:
                continue
            start, stop = element.record[1:3]
            again = dicom.parse(data)
            again.set(where, b"Q" * (stop - start))
            out = again.encode()
            assert len(out) == len(data), (path.name, where)
            assert out[start:stop] == b"Q" * (stop - start)
            around = [at for at in range(len(out)) if out[at] != data[at] and not start <= at < stop]
            assert not around or not _is_sound(again, where), (path.name, where, around[:4])
            edited += 1
    assert edited > 150


def _is_sound(package: dicom.Package, where: str) -> bool:
    """Group lengths and lengths past the end are corrected by an edit; elsewhere nothing may change."""
    damaged = any(finding.rule == "truncated" for finding in package.findings)
    lengths = any(element.tag & 0xFFFF == 0 for element in package)
    return not damaged and not lengths


def test_lengths_around_an_edit_follow(explicit: Make, implicit: Make, part10: Make) -> None:
    def file(code: bytes) -> bytes:
        leaf = explicit(0x00080100, "SH", code) + explicit(0x00080104, "LO", b"meaning ")
        inner = implicit(0xFFFEE000, leaf) + implicit(0xFFFEE000, b"", UNDEFINED) + implicit(0xFFFEE00D, b"")
        middle = explicit(0x00081115, "SQ", inner) + explicit(0x00081140, "SQ", b"", UNDEFINED)
        middle += implicit(0xFFFEE0DD, b"")
        group = explicit(0x00080060, "CS", b"CT") + explicit(0x00081110, "SQ", implicit(0xFFFEE000, middle))
        length = explicit(0x00080000, "UL", struct.pack("<L", len(group)))
        return part10(length + group + explicit(0x00100010, "PN", b"Doe^John"))

    package = dicom.parse(file(b"AB"))
    package["00081110/0/00081115/0/00080100"] = "ABCDEF"
    assert package.encode() == file(b"ABCDEF")
    package["00081110/0/00081115/0/00080100"] = "AB"
    assert package.encode() == file(b"AB")


def test_deleting_updates_group_lengths(explicit: Make, part10: Make) -> None:
    kept, gone = explicit(0x00080060, "CS", b"CT"), explicit(0x00080070, "LO", b"ACME")
    data = part10(explicit(0x00080000, "UL", struct.pack("<L", len(kept + gone))) + kept + gone)
    package = dicom.parse(data)
    del package["Manufacturer"]
    assert package.encode() == part10(explicit(0x00080000, "UL", struct.pack("<L", len(kept))) + kept)


def test_a_wrong_group_length_of_another_group_stays(explicit: Make, part10: Make) -> None:
    first = explicit(0x00080000, "UL", b"\x77\0\0\0") + explicit(0x00080060, "CS", b"CT")
    package = dicom.parse(part10(first + explicit(0x00100020, "LO", b"1234")))
    package["PatientID"] = "99"
    assert package.encode() == part10(first + explicit(0x00100020, "LO", b"99"))


def test_header_edits_update_the_meta_length(explicit: Make, part10: Make) -> None:
    package = dicom.parse(part10(explicit(0x00100020, "LO", b"1234")))
    package.header["SourceApplicationEntityTitle"] = "CHIASM"
    read = pydicom.dcmread(io.BytesIO(package.encode()))
    assert read.file_meta.FileMetaInformationGroupLength == 28 + 14
    assert read.file_meta.SourceApplicationEntityTitle == "CHIASM"


def test_repeated_elements_and_stray_delimiters_survive_edits(
    explicit: Make, implicit: Make, part10: Make
) -> None:
    def file(value: bytes) -> bytes:
        twice = explicit(0x00100010, "PN", b"Doe^John") + explicit(0x00100010, "PN", b"Roe^Jane")
        return part10(twice + implicit(0xFFFEE00D, b"") + explicit(0x00100020, "LO", value))

    package = dicom.parse(file(b"1234"))
    assert package.get("PatientName") == "Doe^John"
    package["PatientID"] = "99"
    assert package.encode() == file(b"99")


FORMS = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"}


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm", "image_dfl.dcm", "rtplan.dcm",
    "test-SR.dcm", "nested_priv_SQ.dcm", "reportsi.dcm", "waveform_ecg.dcm", "UN_sequence.dcm"],
)  # fmt: skip
def test_conversion_to_every_plain_transfer_syntax(pydicom_data: Path, name: str) -> None:
    package = dicom.read_file(pydicom_data / "test_files" / name)
    before = [(path, element.vr, element.value) for path, element in package.walk()]
    for syntax in FORMS - {package.transfer_syntax.uid}:
        out = package.encode(syntax)
        again = dicom.parse(out)
        assert again.transfer_syntax.uid == syntax
        assert not again.findings
        for (path, vr, value), (other, element) in zip(before, again.walk(), strict=True):
            assert path == other
            if element.vr == "UN" and vr != "UN":
                continue  # a private VR that the implicit form cannot carry
            if vr in ("OW", "OB", "UN", "OF"):
                assert len(value or b"") == element.length  # type: ignore[arg-type]  # bytes by their VR
            else:
                assert element.value == value, (path, vr)
        read = pydicom.dcmread(io.BytesIO(out))
        assert [int(tag) for tag in list(read.keys())] == [element.tag for element in again]
        back = dicom.parse(again.encode(package.transfer_syntax.uid))
        kept = {path: element.value for path, element in back.walk()}
        for path, _, value in before:
            tag = int(path[-8:], 16)
            if tag & 0xFFFF and not tag >> 16 & 1:
                assert kept[path] == value, path
    assert package.encode() == (pydicom_data / "test_files" / name).read_bytes()


def test_pixels_are_not_transcoded(pydicom_data: Path) -> None:
    package = dicom.read_file(pydicom_data / "test_files/JPEG2000.dcm")
    for syntax in FORMS:
        with pytest.raises(EncodeError, match="transcoded"):
            package.encode(syntax)


def test_a_short_vr_over_65534_bytes_becomes_un() -> None:
    data = dicom.DataSet({"PixelSpacing": "1" * 70_000})
    out = b"".join(Encoding(data).parts())
    assert out[4:12] == b"UN\0\0" + struct.pack("<L", 70_000)
    again = dicom.parse(out)
    assert again.get("PixelSpacing") == "1" * 70_000


def test_new_items_take_the_form_of_their_data_set(pydicom_data: Path) -> None:
    for name in ("MR_small_bigendian.dcm", "MR_small_implicit.dcm"):
        package = dicom.read_file(pydicom_data / "test_files" / name)
        package["ReferencedSeriesSequence"] = [{"SeriesInstanceUID": "1.2", "Rows": 258}]
        read = pydicom.dcmread(io.BytesIO(package.encode()))
        assert read.ReferencedSeriesSequence[0].Rows == 258


def test_words_are_turned() -> None:
    assert turned(b"\1\2\3\4\5", 2) == b"\2\1\4\3\5"
    assert turned(b"\1\2\3\4\5\6\7\x08", 8) == b"\x08\7\6\5\4\3\2\1"


def test_writing_a_large_file_takes_little_memory(tmp_path: Path, explicit: Make, part10: Make) -> None:
    """200 MB of pixels, sparse on the disk: an edit and a copy of the file keep under 8 MB."""
    path, size = tmp_path / "large.dcm", 200 << 20
    head = part10(explicit(0x00100020, "LO", b"1234") + explicit(0x7FE00010, "OW", b"", size))
    with path.open("wb") as stream:
        stream.write(head)
        stream.truncate(len(head) + size)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    package = dicom.read_file(path)
    package["PatientID"] = "9876"
    package.write(tmp_path / "copy.dcm")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident < 32 << 10  # kilobytes
    assert (tmp_path / "copy.dcm").stat().st_size == len(head) + size
    assert dicom.read_file(tmp_path / "copy.dcm").get("PatientID") == "9876"
