"""VRs that the bytes do not tell: PS3.5 §A.1, PS3.6 §6."""

from __future__ import annotations

import pytest

from chiasm import dicom
from chiasm.dicom import meaning
from chiasm.errors import UsageError


@pytest.mark.parametrize(
    ("tag", "length", "vr"),
    [
        (0x7FE00010, 10, "OW"),
        (0x60003000, 10, "OW"),
        (0x00283006, 2, "US"),
        (0x00283006, 20, "OW"),
        (0x00280106, 2, "US"),
        (0x00080000, 4, "UL"),
        (0x00090010, 4, "LO"),
        (0x00090000, 4, "UL"),
        (0x00091001, 4, "UN"),
        (0x00086666, 4, "UN"),
        (0x60020010, 2, "US"),
        (0x00281201, 9, "OW"),
    ],
)
def test_without_context(tag: int, length: int, vr: str) -> None:
    assert meaning.vr_of(dicom.DataSet(), tag, length) == vr


def test_signed_pixels_reach_into_items() -> None:
    data = dicom.DataSet({"PixelRepresentation": 1})
    data["IconImageSequence"] = [{"Rows": 1}]
    element = data.element("IconImageSequence")
    assert element is not None
    assert meaning.vr_of(element.items[0], 0x00280106, 2) == "SS"


def test_private_creators() -> None:
    data = dicom.DataSet()
    data["00290011"] = "SIEMENS CSA HEADER"
    assert meaning.creator_of(data, 0x00291110) == "SIEMENS CSA HEADER"
    assert meaning.creator_of(data, 0x00291010) == ""
    assert meaning.vr_of(data, 0x00291108, 4) == "CS"  # CSA Image Header Type


def test_to_write() -> None:
    assert meaning.vr_to_write(dicom.DataSet(), 0x00291001, b"x") == "UN"
    with pytest.raises(UsageError):
        meaning.vr_to_write(dicom.DataSet(), 0x00291001, "x")
