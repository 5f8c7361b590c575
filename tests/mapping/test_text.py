"""Texts, numbers, quantities and ages, and the lengths that are never cut."""

import pytest

from chiasm.errors import MappingError, ValueFormatError
from chiasm.mapping import text
from chiasm.model import Coded, Quantity
from chiasm.standards import dictionary

AGE, SIZE = dictionary.tag("PatientAge"), dictionary.tag("PatientSize")
YEARS = Coded("a", "UCUM", "year")


@pytest.mark.parametrize(
    ("keyword", "limit"), [("AccessionNumber", 16), ("PatientID", 64), ("ScheduledStationAETitle", 16)]
)
def test_a_text_that_is_too_long_is_refused(keyword, limit):
    tag = dictionary.tag(keyword)
    assert text.check_length("x" * limit, tag) == "x" * limit
    with pytest.raises(MappingError, match="never cut"):
        text.check_length("x" * (limit + 1), tag)


@pytest.mark.parametrize(
    ("written", "value", "unit"),
    [("045Y", "45", "a"), ("006M", "6", "mo"), ("003W", "3", "wk"), ("010D", "10", "d"), ("000Y", "0", "a")],
)
def test_ages_both_ways(written, value, unit, reader, data_set):
    kind = text.AgeKind()
    age = kind.from_dicom(reader(PatientAge=written), (AGE,))
    assert (age.value, age.unit.code) == (value, unit)
    data = data_set()
    kind.to_dicom(age, (AGE,), data)
    assert data["PatientAge"] == written


@pytest.mark.parametrize(
    "age", [Quantity("1000", YEARS), Quantity("1.5", YEARS), Quantity("3", Coded("h", "UCUM"))]
)
def test_an_age_that_three_digits_cannot_say_is_refused(age, data_set):
    with pytest.raises(MappingError):
        text.AgeKind().to_dicom(age, (AGE,), data_set())


def test_an_age_that_is_none_is_refused(reader):
    with pytest.raises(ValueFormatError):
        text.AgeKind().from_dicom(reader(PatientAge="45"), (AGE,))


def test_a_quantity_in_another_unit_is_not_converted(data_set):
    with pytest.raises(MappingError, match="cm"):
        text.QuantityKind().to_dicom(Quantity("170", Coded("cm", "UCUM")), (SIZE,), data_set())


def test_a_quantity_keeps_its_text(reader):
    assert text.QuantityKind().from_dicom(reader(PatientSize="1.700"), (SIZE,)).value == "1.700"


def test_an_address_is_its_components_joined(field):
    kind = text.AddressKind()
    assert kind.from_v2(field("1 Main St^^Town^ST^12345^^")) == "1 Main St^^Town^ST^12345"
    assert kind.to_v2("1 Main St^^Town")[0] == ("1 Main St", "", "Town")


def test_a_person_of_whom_only_the_name_is_kept(field):
    kind = text.PersonTextKind()
    assert kind.to_v2("Doe^Jane^^Dr")[0] == ("", "Doe", "Jane", "", "", "Dr")
    assert kind.from_v2(field("^Doe^Jane^^^Dr")) == "Doe^Jane^^Dr"


def test_several_texts_are_repetitions(field, reader):
    kind = text.TextsKind()
    tags = (dictionary.tag("PatientTelephoneNumbers"),)
    assert kind.from_dicom(reader(PatientTelephoneNumbers=("1", "2")), tags) == ("1", "2")
    assert kind.from_v2(field("1~~2")) == ("1", "2")


def test_a_number_of_frames_that_is_none(reader):
    with pytest.raises(ValueFormatError):
        text.IntegerKind().from_v2(
            type("F", (), {"first": type("R", (), {"text": lambda self, n: "many"})()})()
        )
