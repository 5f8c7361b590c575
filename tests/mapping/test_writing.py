"""Concepts go to their places; who was there first stays, and what found none is not said to be written."""

from chiasm.mapping.crosswalk import default
from chiasm.mapping.writing import Writer
from chiasm.model import BodyMeasures, Coded, Order, Quantity, Study


def test_the_first_concept_of_a_place_stays():
    writer = Writer(default(), "oru")
    segments = {"OBR": {}}
    writer.fill("order", Order(procedures=(Coded("1", "LN", "one"),), description="other"), segments)
    assert segments["OBR"][4] == ("1", "one", "LN")
    assert ("order.procedures", 0) in writer.written
    assert ("order.description", 0) not in writer.written


def test_a_text_fills_the_component_of_a_code_that_is_absent():
    segments = {"OBR": {}}
    Writer(default(), "omi").fill("order", Order(description="Chest"), segments)
    assert segments["OBR"][4] == ("", "Chest")


def test_a_concept_whose_segment_is_absent_is_not_written():
    writer = Writer(default(), "oru")
    writer.fill("order", Order(placer_number="1"), {})
    assert writer.written == {}


def test_a_quantity_is_an_observation_with_its_unit():
    writer = Writer(default(), "oru")
    writer.fill(
        "measures", BodyMeasures(weight=Quantity("70", Coded("kg", "UCUM", "kilogram"))), {}, status="F"
    )
    (one,) = writer.observations
    assert (one.code[0], one.value_type, one.value, one.unit, one.status) == (
        "29463-7",
        "NM",
        "70",
        ("kg", "kilogram", "UCUM"),
        "F",
    )


def test_the_target_names_every_place():
    writer = Writer(default(), "oru")
    writer.fill("study", Study(description="x"), {"OBR": {}})
    assert writer.written["study.description", 0].target == "OBR-4.2 OBX(121065^Procedure Description^DCM)-5"
