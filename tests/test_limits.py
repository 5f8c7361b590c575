"""The budgets: all finite, none changed by accident, each adjustable for one call."""

import dataclasses

import pytest

from chiasm.limits import DEFAULT, Limits


def test_every_budget_is_a_positive_whole_number():
    for field in dataclasses.fields(Limits):
        value = getattr(DEFAULT, field.name)
        assert isinstance(value, int)
        assert value > 0, field.name


def test_budgets_are_changed_by_copy_alone():
    assert dataclasses.replace(DEFAULT, dicom_depth=3).dicom_depth == 3
    with pytest.raises(AttributeError):
        DEFAULT.dicom_depth = 3
