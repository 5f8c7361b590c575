"""Budgets and findings of one reading."""

from __future__ import annotations

import pytest

from chiasm.dicom.reading import Reading
from chiasm.errors import LimitError
from chiasm.limits import Limits


def test_budgets_are_named() -> None:
    reading = Reading(Limits(dicom_elements=5, dicom_items=5), "a.dcm")
    reading.spend_elements(5, 0)
    reading.spend_items(5, 0)
    with pytest.raises(LimitError, match=r"a\.dcm at byte 77: more than the 5 of the budget dicom_elements"):
        reading.spend_elements(1, 77)
    with pytest.raises(LimitError, match="dicom_items"):
        reading.spend_items(1, 0)


def test_findings_are_bounded() -> None:
    reading = Reading()
    for at in range(20_000):
        reading.tolerate(at, "rule", "message")
    assert len(reading.findings) == 10_000
    assert (reading.findings[7].path, reading.findings[7].rule) == ("byte 7", "rule")
