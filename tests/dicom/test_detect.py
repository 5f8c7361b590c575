"""Which form bytes are in: every form among every declaration."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chiasm.dicom.detect import form_of
from chiasm.dicom.vr import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_BIG, IMPLICIT_LITTLE, Form

Make = Callable[..., bytes]


@pytest.mark.parametrize("declared", [None, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE])
def test_the_bytes_win(explicit: Make, implicit: Make, declared: Form | None) -> None:
    elements = [(0x00080008, "CS", b"AXIAL "), (0x00100010, "PN", b"Doe^John"), (0x00280010, "US", b"\1\1")]
    for form in (EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, IMPLICIT_BIG):
        order = "<" if form.little else ">"
        data = b"".join(
            implicit(tag, value, order=order) if form.implicit else explicit(tag, vr, value, order=order)
            for tag, vr, value in elements
        )
        assert form_of(data, 0, len(data), declared) == form


def test_nothing_fits() -> None:
    assert form_of(b"no data set at all, not at all", 0, 30) is None
    assert form_of(b"", 0, 0) is None
    assert form_of(b"", 0, 0, IMPLICIT_LITTLE) == IMPLICIT_LITTLE


def test_private_groups_that_nobody_may_use_count_in_a_file_only(implicit: Make) -> None:
    data = implicit(0x00010001, b"ab")
    assert form_of(data, 0, len(data)) is None
    assert form_of(data, 0, len(data), strict=False) == IMPLICIT_LITTLE
