"""The records of a question."""

import dataclasses

import pytest

from chiasm.model import Equals, Level, Query, Range, Wildcard


def test_levels_are_ordered_from_the_patient_down():
    assert Level.PATIENT < Level.STUDY < Level.SERIES < Level.INSTANCE


def test_a_query_is_a_value_and_can_be_a_key():
    one, two = (
        Query(Level.STUDY, (Equals((0x00100020,), ("1",)), Wildcard((0x00100010,), "W*"))) for _ in range(2)
    )
    assert one == two
    assert hash(one) == hash(two)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.limit = 3


def test_by_default_everything_is_asked_for_the_newest_first():
    query = Query(Level.STUDY)
    assert (query.conditions, query.limit, query.offset, query.newest_first, query.fuzzy) == (
        (),
        None,
        0,
        True,
        False,
    )
    assert Range((0x00080020,)).low == ""
