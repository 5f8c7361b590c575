"""Elements without a field are kept with all they hold, and put back equal. PS3.5 §6.2, §7.5."""

from __future__ import annotations

import pytest

from chiasm import dicom
from chiasm.errors import MappingError
from chiasm.mapping import sr_attributes
from chiasm.model import Attribute


def _kept(data: dicom.DataSet) -> list[Attribute]:
    attributes: list[Attribute] = []
    for element in data:
        sr_attributes.kept(element, "P/", "", attributes, [])
    return sorted(attributes, key=lambda one: one.path)


def _sample() -> dicom.DataSet:
    inner = dicom.DataSet()
    inner.set("00091010", "text", "LO")
    inner.set("00091011", b"\x00\x01", "OB")
    data = dicom.DataSet()
    data.set("0040A161", (1.5, 2.5), "FD")
    data.set("0040A162", -3, "SL")
    data.set("00281040", ("A", "B"), "CS")
    data.set("00280009", 0x00181063, "AT")
    data.set("0040A073", [inner, dicom.DataSet()], "SQ")
    data.set("0040A088", [], "SQ")
    return data


def test_every_leaf_becomes_an_attribute() -> None:
    assert _kept(_sample()) == [
        Attribute("00280009", "AT", "00181063"),
        Attribute("00281040", "CS", "A\\B"),
        Attribute("0040A073", "SQ", "2"),
        Attribute("0040A073/0/00091010", "LO", "text"),
        Attribute("0040A073/0/00091011", "OB", "AAE="),
        Attribute("0040A088", "SQ", "0"),
        Attribute("0040A161", "FD", "1.5\\2.5"),
        Attribute("0040A162", "SL", "-3"),
    ]


def test_attributes_make_the_same_elements_again() -> None:
    node: sr_attributes.Node = {}
    sr_attributes.place(node, _kept(_sample()))
    again = sr_attributes.data_set(node, dicom.DataSet)
    assert _kept(again) == _kept(_sample())
    assert len(again.element("0040A073").items) == 2  # type: ignore[union-attr]  # it is there


@pytest.mark.parametrize(
    "attribute",
    [
        Attribute("0040A073/99999/00091010", "LO", "x"),
        Attribute("../etc", "LO", "x"),
        Attribute("0040A16", "FD", "1"),
        Attribute("0040A161", "FD", "one"),
        Attribute("0040A162", "SL", "1.5"),
        Attribute("00091011", "OB", "no base64"),
    ],
)
def test_what_is_no_attribute_is_refused(attribute: Attribute) -> None:
    with pytest.raises(MappingError):
        sr_attributes.place({}, [attribute])


def test_a_path_through_a_plain_element_is_refused() -> None:
    several = [Attribute("0040A160", "UT", "x"), Attribute("0040A160/0/00080100", "SH", "x")]
    with pytest.raises(MappingError, match="no sequence"):
        sr_attributes.place({}, several)


def test_numbers_in_a_field_of_odd_length_travel_as_bytes() -> None:
    data = dicom.DataSet()
    data.place(0x0040A162, "SL", b"\x01\x02")
    assert _kept(data) == [Attribute("0040A162", "UN", "AQI=")]
