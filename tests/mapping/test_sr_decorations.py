"""Methods, ranges, flags and comparators are said in the OBX of the number too. PS3.16 §TID 300, §TID 312."""

from __future__ import annotations

from pydicom.sr.codedict import codes

from chiasm.mapping import sr_elements as sr
from chiasm.mapping.sr_decorations import FLAGS, LOWER, UPPER, decorations
from chiasm.model import Coded, Content

NAME = Coded("1", "99X", "Name")
NUMBER = Content((1, 1), "CONTAINS", "NUM", NAME, numbers=("5",))


def _below(*children: Content) -> dict[int, object]:
    return decorations((Content((1,), "", "CONTAINER", NAME), NUMBER, *children)).get((1, 1), {})


def test_the_concepts_are_those_of_the_standard() -> None:
    for ours, theirs in (
        (LOWER, codes.SCT.NormalRangeLowerLimit),
        (UPPER, codes.SCT.NormalRangeUpperLimit),
        (FLAGS["N"], codes.SCT.Normal),
        (FLAGS["A"], codes.SCT.Abnormal),
        (FLAGS["H"], codes.SCT.AbnormallyHigh),
        (FLAGS["L"], codes.SCT.AbnormallyLow),
        (sr.MEASUREMENT_METHOD, codes.SCT.MeasurementMethod),
        (sr.NORMALITY, codes.DCM.Normality),
        (sr.FINDING_SITE, codes.SCT.FindingSite),
        (sr.LATERALITY, codes.SCT.Laterality),
        (sr.TRACKING_IDENTIFIER, codes.DCM.TrackingIdentifier),
        (sr.TRACKING_UID, codes.DCM.TrackingUniqueIdentifier),
    ):
        assert (ours.code, ours.scheme) == (theirs.value, theirs.scheme_designator)


def test_a_method_is_obx_17() -> None:
    method = Content(
        (1, 1, 1), "HAS CONCEPT MOD", "CODE", sr.MEASUREMENT_METHOD, code=Coded("9", "DCM", "How")
    )
    assert _below(method) == {17: ("9", "How", "DCM")}


def test_a_normal_range_is_obx_7() -> None:
    low = Content((1, 1, 1), "HAS PROPERTIES", "NUM", LOWER, numbers=("2",))
    high = Content((1, 1, 2), "HAS PROPERTIES", "NUM", UPPER, numbers=("8",))
    assert _below(low, high) == {7: "2-8"}
    assert _below(low) == {7: ">2"}
    assert _below(high) == {7: "<8"}


def test_normality_is_obx_8() -> None:
    flag = Content((1, 1, 1), "HAS CONCEPT MOD", "CODE", sr.NORMALITY, code=FLAGS["H"])
    assert _below(flag) == {8: "H"}


def test_a_comparator_makes_it_a_structured_number() -> None:
    bound = Content((1, 1, 1), "HAS CONCEPT MOD", "TEXT", sr.COMPARATOR, text=">")
    assert _below(bound) == {2: "SN", 5: (">", "5")}


def test_an_item_without_such_children_has_none() -> None:
    assert _below() == {}


def test_an_observer_is_inherited_by_what_is_said_below() -> None:
    name = Coded("121008", "DCM", "Person Observer Name")
    items = (
        Content((1,), "", "CONTAINER", NAME),
        Content((1, 1), "HAS OBS CONTEXT", "PNAME", name, text="Doe^Jane"),
        Content((1, 2), "CONTAINS", "CONTAINER", NAME),
        Content((1, 2, 1), "CONTAINS", "TEXT", NAME, text="said"),
        Content((1, 2, 2), "CONTAINS", "CONTAINER", NAME),
        Content((1, 2, 2, 1), "HAS OBS CONTEXT", "PNAME", name, text="Roe^Joe"),
        Content((1, 2, 2, 2), "CONTAINS", "TEXT", NAME, text="said"),
    )
    found = decorations(items)
    assert {position: fields[16][0][1] for position, fields in found.items()} == {  # type: ignore[index]  # repetitions
        (1, 2, 1): "Doe",
        (1, 2, 2, 2): "Roe",
    }
