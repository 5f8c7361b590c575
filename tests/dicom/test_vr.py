"""Headers of elements in each form: the layouts of PS3.5 §7.1.2."""

from __future__ import annotations

import pytest
from pydicom import valuerep

from chiasm.dicom import vr


def test_the_vrs_are_those_of_the_standard() -> None:
    assert {str(one) for one in valuerep.VR if len(one) == 2} == vr.ALL_VRS
    assert {str(one) for one in valuerep.EXPLICIT_VR_LENGTH_32} == vr.LONG_VRS


@pytest.mark.parametrize(
    ("form", "name", "length", "data"),
    [
        (vr.EXPLICIT_LITTLE, "PN", 8, b"\x10\0\x20\0PN\x08\0"),
        (vr.EXPLICIT_BIG, "PN", 8, b"\0\x10\0\x20PN\0\x08"),
        (vr.IMPLICIT_LITTLE, "PN", 8, b"\x10\0\x20\0\x08\0\0\0"),
        (vr.EXPLICIT_LITTLE, "OB", 8, b"\x10\0\x20\0OB\0\0\x08\0\0\0"),
        (vr.EXPLICIT_LITTLE, "LO", 65534, b"\x10\0\x20\0LO\xfe\xff"),
        (vr.EXPLICIT_LITTLE, "LO", 65535, b"\x10\0\x20\0UN\0\0\xff\xff\0\0"),
    ],
)
def test_headers(form: vr.Form, name: str, length: int, data: bytes) -> None:
    assert vr.header(form, 0x00100020, name, length) == data


def test_items_have_no_vr() -> None:
    assert vr.header(vr.EXPLICIT_BIG, vr.ITEM, "", 4) == b"\xff\xfe\xe0\0\0\0\0\x04"
