"""The UIDs at the outset of a data set, held against pydicom's reading and the whole reading of the project."""

from __future__ import annotations

import io
import struct

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from chiasm import dicom
from chiasm.dicom import outset
from chiasm.dicom.package import form_for
from chiasm.dicom.vr import EXPLICIT_LITTLE, IMPLICIT_LITTLE
from chiasm.errors import ChiasmError
from chiasm.standards import uids

SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
UIDS = {
    outset.SOP_CLASS: "1.2.840.10008.5.1.4.1.1.2", outset.SOP_INSTANCE: "1.2.3",
    outset.STUDY: "1.2.4", outset.SERIES: "1.2.5",
}  # fmt: skip


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def plain(values: dict[int, str] = UIDS) -> bytes:
    """(0008,0016) (0008,0018) (0020,000D) (0020,000E), then (0020,0010) SH, PS3.5 §7.1.2."""
    parts = [element(tag, b"UI", uid.encode() + b"\0" * (len(uid) % 2)) for tag, uid in values.items()]
    return b"".join(parts) + element(0x00200010, b"SH", b"S1")


def test_a_plain_data_set_tells_its_uids():
    data = b"prefix" + plain()
    assert outset.uids_of(data, 6, EXPLICIT_LITTLE) == UIDS
    assert outset.uids_of(data, 6, IMPLICIT_LITTLE) is None


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("undefined", [False, True])
def test_sequences_before_them_are_stepped_over(syntax, undefined):
    data = pydicom.Dataset()
    data.SOPClassUID, data.SOPInstanceUID = UIDS[outset.SOP_CLASS], UIDS[outset.SOP_INSTANCE]
    inner = pydicom.Dataset()
    inner.ReferencedSOPInstanceUID, inner.StudyInstanceUID = "9.9", "9.8"
    outer = pydicom.Dataset()
    outer.ReferencedSeriesSequence = [inner, inner]
    data.ReferencedStudySequence = [outer]
    if undefined:
        data["ReferencedStudySequence"].is_undefined_length = True
        outer["ReferencedSeriesSequence"].is_undefined_length = True
    data.StudyInstanceUID, data.SeriesInstanceUID = UIDS[outset.STUDY], UIDS[outset.SERIES]
    written = io.BytesIO()
    pydicom.filewriter.write_dataset(_target(written, syntax), data)
    known = uids.transfer_syntax(syntax)
    assert known is not None
    is_plain = known.little_endian  # big endian takes a whole reading
    assert outset.uids_of(written.getvalue(), 0, form_for(known)) == (UIDS if is_plain else None)


def _target(written: io.BytesIO, syntax: pydicom.uid.UID) -> pydicom.filebase.DicomFileLike:
    target = pydicom.filebase.DicomFileLike(written)
    target.is_little_endian, target.is_implicit_VR = syntax.is_little_endian, syntax.is_implicit_VR
    return target


def test_each_real_file_says_what_its_whole_reading_says(pydicom_files):
    told = 0
    for path in pydicom_files:
        data = path.read_bytes()
        try:
            package = dicom.parse(data)
        except ChiasmError:
            continue
        syntax = package.transfer_syntax
        if syntax is None or syntax.deflated:
            continue
        start = min((record[3] for record in package.data.records.values()), default=len(data))
        found = outset.uids_of(data, start, form_for(syntax))
        if found is not None:
            told += 1
            names = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
            assert list(found.values()) == [package.get(name) for name in names], path.name
    assert told > 100


@pytest.mark.parametrize(
    "data",
    [
        plain({**UIDS, outset.STUDY: "no uid"}),
        plain({**UIDS, outset.SOP_INSTANCE: ""}),
        plain({tag: uid for tag, uid in UIDS.items() if tag != outset.STUDY}),
        plain({tag: uid for tag, uid in UIDS.items() if tag != outset.SERIES}),
        plain()[60:] + plain()[:60],
        element(0x00080005, b"??", b"") + plain(),
        b"\xfe\xff\x00\xe0" + plain(),
        struct.pack("<HH2sHI", 8, 5, b"SQ", 0, 0xFFFFFFFF) + plain(),
        b"".join(element(number, b"LO", b"") for number in range(1, 3000)) + plain(),
    ],
)
def test_what_is_not_so_plain_is_left_to_a_whole_reading(data):
    assert outset.uids_of(data, 0, EXPLICIT_LITTLE) is None


def test_cut_off_anywhere_it_tells_nothing_before_the_last_uid():
    data = plain()
    end = data.index(element(0x00200010, b"SH", b"S1"))
    for cut in range(len(data)):
        assert outset.uids_of(data[:cut], 0, EXPLICIT_LITTLE) == (UIDS if cut >= end else None)


@given(st.binary(max_size=300), st.sampled_from([EXPLICIT_LITTLE, IMPLICIT_LITTLE]))
def test_any_bytes_are_read_without_a_fault(data, form):
    found = outset.uids_of(data, 0, form)
    assert found is None or set(found) == set(UIDS)
