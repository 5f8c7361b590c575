"""Queries that differ in values alone have one shape."""

from __future__ import annotations

import pytest

from chiasm.errors import ServiceError
from chiasm.model.query import Condition, Equals, Level, Query, Range, Wildcard
from chiasm.store.query_terms import terms


def shape(*conditions: Condition) -> list[object]:
    return [one.shape for one in terms(Query(Level.STUDY, conditions))]


def test_shapes() -> None:
    name, date = (0x00100010,), (0x00080020,)
    assert shape(Wildcard(name, "A*")) == shape(Wildcard(name, "B*"))
    assert shape(Wildcard(name, "A*")) != shape(Wildcard(name, "*A"))
    assert shape(Range(date, "20260101")) == shape(Range(date, "20250101"))
    assert shape(Range(date, "20260101")) != shape(Range(date, "", "20260101"))
    assert shape(Wildcard(name, "***")) == []
    many = Equals((0x0020000D,), ("1", "2"))
    assert shape(many) == shape(Equals((0x0020000D,), ("1", "2", "3")))


def test_what_is_not_kept_cannot_be_asked() -> None:
    with pytest.raises(ServiceError):
        shape(Equals((0x7FE00010,), ("x",)))
