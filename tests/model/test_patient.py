"""What is not said of a patient is empty, never guessed."""

import dataclasses

import pytest

from chiasm.model import BodyMeasures, Patient, Visit


@pytest.mark.parametrize(
    "record", [Patient(), Visit(), BodyMeasures()], ids=lambda record: type(record).__name__
)
def test_every_field_of_an_empty_record_is_falsy(record):
    assert not any(getattr(record, field.name) for field in dataclasses.fields(record))


def test_records_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Patient().sex = "F"
