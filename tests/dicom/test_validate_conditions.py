"""Conditions: each operator, what they demand, and where an attribute is looked for."""

from __future__ import annotations

import pytest

from chiasm.dicom import DataSet
from chiasm.dicom.validate_conditions import Scope, demand, holds
from chiasm.dicom.validate_plan import EMPTY, Level, plan_of

MODALITY, ROWS, NOTHING = 0x00080060, 0x00280010, 0x00080070


@pytest.fixture
def scope() -> Scope:
    data = DataSet(
        {"ImageType": ("ORIGINAL", "PRIMARY", "AXIAL"), "Modality": "CT", "Rows": 5, "Laterality": None}
    )
    return Scope(data, EMPTY, None, "")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"op": "+", "tag": MODALITY}, True),
        ({"op": "+", "tag": 0x00200060}, True),  # there, though empty
        ({"op": "+", "tag": NOTHING}, False),
        ({"op": "++", "tag": 0x00200060}, False),
        ({"op": "0", "tag": 0x00200060}, True),
        ({"op": "++", "tag": MODALITY}, True),
        ({"op": "-", "tag": NOTHING}, True),
        ({"op": "-", "tag": MODALITY}, False),
        ({"op": "=", "tag": MODALITY, "values": ["MR", "CT"]}, True),
        ({"op": "=", "tag": NOTHING, "values": [""]}, False),
        ({"op": "!=", "tag": MODALITY, "values": ["MR"]}, True),
        ({"op": "!=", "tag": NOTHING, "values": ["MR"]}, False),  # nothing is said of what is not there
        ({"op": "=", "tag": 0x00080008, "values": ["AXIAL"]}, True),
        ({"op": "=", "tag": 0x00080008, "index": 0, "values": ["AXIAL"]}, False),
        ({"op": "=", "tag": 0x00080008, "index": 2, "values": ["AXIAL"]}, True),
        ({"op": "!=", "tag": 0x00080008, "index": 3, "values": ["AXIAL"]}, False),
        ({"op": ">", "tag": ROWS, "values": ["4"]}, True),
        ({"op": ">", "tag": ROWS, "values": ["5"]}, False),
        ({"op": "<", "tag": ROWS, "values": ["6"]}, True),
        ({"op": ">", "tag": MODALITY, "values": ["1"]}, False),
        ({"and": [{"op": "+", "tag": MODALITY}, {"op": "-", "tag": ROWS}]}, False),
        ({"or": [{"op": "+", "tag": NOTHING}, {"op": "+", "tag": ROWS}]}, True),
        (
            {
                "and": [
                    {"or": [{"op": "+", "tag": NOTHING}, {"op": "+", "tag": ROWS}]},
                    {"op": "+", "tag": ROWS},
                ]
            },
            True,
        ),
        ({}, False),
    ],
)
def test_comparisons(scope, condition, expected):
    assert holds(condition, scope) is expected


@pytest.mark.parametrize(
    ("kind", "is_there", "expected"),
    [
        ("MN", True, True),
        ("MN", False, False),
        ("MU", True, True),
        ("MU", False, None),
        ("NU", True, False),
        ("NU", False, None),
    ],
)
def test_what_a_condition_demands(scope, kind, is_there, expected):
    condition = {"type": kind, "op": "+", "tag": MODALITY if is_there else NOTHING}
    assert demand(condition, scope) is expected


def test_a_second_condition_that_allows(scope):
    condition = {"type": "MC", "op": "+", "tag": NOTHING, "other": {"op": "+", "tag": MODALITY}}
    assert demand(condition, scope) is None
    condition["other"] = {"op": "+", "tag": NOTHING}
    assert demand(condition, scope) is False


def test_it_points_to_a_tag():
    data = DataSet({"FrameIncrementPointer": 0x00181063})
    condition = {"op": "=>", "tag": 0x00280009, "values": [str(0x00181063)]}
    assert holds(condition, Scope(data, EMPTY, None, ""))


def test_looked_for_in_the_item_and_then_around_it(scope):
    inner = Scope(DataSet({"CodeValue": "1"}), EMPTY, scope, "00081032/0/")
    assert holds({"op": "=", "tag": MODALITY, "values": ["CT"]}, inner)


def test_not_looked_for_beyond_the_data_set_it_belongs_to():
    """A code within a code does not borrow the value of the code around it."""
    plan = plan_of("1.2.840.10008.5.1.4.1.1.2")
    assert plan is not None
    codes: Level = plan.top.below(0x00081032)
    outer = Scope(DataSet({"CodeValue": "1"}), codes, None, "")
    inner = Scope(DataSet({"CodeMeaning": "x"}), codes, outer, "00080121/0/")
    assert holds({"op": "-", "tag": 0x00080100}, inner)
