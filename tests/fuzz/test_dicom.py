"""Mutated DICOM: whatever is accepted comes back byte for byte, and nothing but Chiasm's errors escapes."""

from __future__ import annotations

from pathlib import Path

import pydicom
from hypothesis import given
from hypothesis import strategies as st

from chiasm import dicom
from chiasm.errors import ChiasmError
from chiasm.limits import Limits

_DATA = Path(pydicom.__file__).parent / "data"
_SEEDS = [
    (_DATA / name).read_bytes()[:6000]
    for name in (
        "test_files/nested_priv_SQ.dcm", "test_files/UN_sequence.dcm", "test_files/CT_small.dcm",
        "test_files/MR_small_implicit.dcm", "test_files/MR_small_expb.dcm", "test_files/image_dfl.dcm",
        "test_files/SC_rgb_jpeg_dcmtk.dcm", "charset_files/chrH32.dcm", "charset_files/chrSQEncoding.dcm",
        "test_files/rtplan.dcm", "test_files/test-SR.dcm",
    )
]  # fmt: skip
_LIMITS = Limits(dicom_elements=50_000, dicom_items=10_000, dicom_depth=100, dicom_inflated=1 << 22)
_EDITS = st.lists(
    st.tuples(
        st.integers(0, 6000),
        st.one_of(
            st.binary(min_size=1, max_size=6),
            st.sampled_from(
                [
                    b"\xff" * 4,
                    b"\xfe\xff\x00\xe0",
                    b"\xfe\xff\x0d\xe0",
                    b"\xfe\xff\xdd\xe0",
                    b"SQ\0\0",
                    b"UN\0\0",
                ]
            ),
        ),
    ),
    max_size=8,
)


def _accepts(data: bytes) -> None:
    try:
        package = dicom.parse(data, limits=_LIMITS)
        for _, element in package.walk():
            _ = element.value, element.problems, element.keyword
    except ChiasmError:
        return
    assert package.encode() == data


@given(st.sampled_from(_SEEDS), _EDITS, st.integers(0, 6000))
def test_mutated_files(seed: bytes, edits: list[tuple[int, bytes]], size: int) -> None:
    data = bytearray(seed)
    for at, patch in edits:
        data[at : at + len(patch)] = patch
    _accepts(bytes(data))
    _accepts(bytes(data[:size]))


@given(st.binary(max_size=400))
def test_arbitrary_bytes(data: bytes) -> None:
    _accepts(data)
    _accepts(b"\0" * 128 + b"DICM" + data)


@given(st.sampled_from(_SEEDS), _EDITS, st.integers(0, 30))
def test_an_edit_of_a_mutated_file_keeps_what_it_does_not_touch(
    seed: bytes, edits: list[tuple[int, bytes]], which: int
) -> None:
    data = bytearray(seed)
    for at, patch in edits:
        data[at : at + len(patch)] = patch
    try:
        package = dicom.parse(bytes(data), limits=_LIMITS)
        leaves = [(path, element.raw) for path, element in package.walk()]
        path = leaves[which % len(leaves)][0] if leaves else ""
        if not path:
            return
        package.set(path, b"1.23", package.element(path).vr)  # type: ignore[union-attr]  # it is there
        again = dicom.parse(package.encode(), limits=_LIMITS)
    except ChiasmError:
        return
    if package.transfer_syntax != again.transfer_syntax:
        return  # the edit made another reading of a damaged file likelier
    touched = package.raw(path)
    assert touched == b"1.23"


@given(
    st.binary(max_size=60), st.sampled_from(["", "ISO_IR 100", "ISO_IR 192", "GB18030", "GBK", "ISO_IR 13"])
)
def test_any_bytes_under_any_set_are_shown_and_written_back(data: bytes, term: str) -> None:
    charset = dicom.CharacterSet((term,) if term else ())
    from chiasm.dicom import escaped

    shown = escaped.show(charset.decode(data, b""))
    try:
        back = charset.encode(shown, b"")
    except ChiasmError:
        return
    assert charset.decode(back, b"") == charset.decode(data, b"")


@given(
    st.binary(max_size=60),
    st.sampled_from(
        ["\\ISO 2022 IR 87\\ISO 2022 IR 159", "ISO 2022 IR 13\\ISO 2022 IR 87", "\\ISO 2022 IR 149"]
    ),
)
def test_any_bytes_with_escapes_decode(data: bytes, terms: str) -> None:
    charset = dicom.CharacterSet(tuple(terms.split("\\")))
    assert isinstance(charset.decode(data, b"\\^="), str)
    assert isinstance(charset.problems(data, b"\\^="), list)
