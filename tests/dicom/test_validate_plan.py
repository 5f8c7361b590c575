"""Modules laid over each other: who says what of an attribute, and what only one of them has."""

from __future__ import annotations

from chiasm.dicom.validate_plan import EMPTY, plan_of
from chiasm.standards import dictionary

CT, SR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.33"


def tag(keyword: str) -> int:
    found = dictionary.tag(keyword)
    assert found is not None
    return found


def test_an_attribute_of_several_modules():
    plan = plan_of(CT)
    uses = {use.module.key: use.attribute.type for use in plan.top.uses[tag("ImageType")]}
    assert uses == {"general-image": "3", "ct-image": "1"}  # PS3.3 §C.7.6.1, §C.8.2.1


def test_what_only_one_module_has():
    own = plan_of(CT).own
    assert tag("PatientName") in own["patient"]
    assert tag("ImageType") not in own["ct-image"]


def test_an_unknown_class_has_no_plan_and_a_known_one_is_kept():
    assert plan_of("1.2.3") is None
    assert plan_of(CT) is plan_of(CT)


def test_levels_below():
    top = plan_of(CT).top
    codes = top.below(tag("ProcedureCodeSequence"))
    assert tag("CodeMeaning") in codes.wanted
    assert not codes.is_open
    assert top.below(tag("PatientName")).is_open
    assert EMPTY.below(tag("ProcedureCodeSequence")) is EMPTY


def test_a_sequence_within_itself_has_one_level():
    content = tag("ContentSequence")
    level = plan_of(SR).top.below(content).below(content)
    assert level.below(content) is level


def test_a_citation_for_each_use():
    for uses in plan_of(CT).top.uses.values():
        assert all(use.citation.startswith("PS3.3 §") for use in uses)
