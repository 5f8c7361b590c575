"""Dates and times in FHIR: no zone is invented, and what a place does not hold is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.errors import ValueFormatError
from chiasm.fhir.primitives import problem
from chiasm.mapping.fhir_times import from_text, to_date, to_date_time, to_instant
from chiasm.mapping.times import TIME_OF_DAY, ZONE
from chiasm.model import Instant


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (Instant("2020"), "2020"),
        (Instant("202002"), "2020-02"),
        (Instant("20200229"), "2020-02-29"),
        (Instant("20200229101112", "123456", "+0900"), "2020-02-29T10:11:12.123456+09:00"),
        (Instant("20200229101112", "", "+0000"), "2020-02-29T10:11:12+00:00"),
    ],
)
def test_both_ways(moment: Instant, text: str) -> None:
    held = to_date_time(moment)
    assert (held.values, held.unheld, held.note) == ((text,), frozenset(), "")
    assert from_text(text) == moment


def test_time_without_a_zone_stays_behind() -> None:
    held = to_date_time(Instant("20200229101112"))
    assert held.values == ("2020-02-29",)
    assert held.unheld == {TIME_OF_DAY, ZONE}
    assert "101112 without a zone" in held.note


def test_seconds_that_are_not_known() -> None:
    held = to_date_time(Instant("202002291011", "", "-0500"))
    assert held.values == ("2020-02-29T10:11:00-05:00",)
    assert "not known" in held.note
    assert to_date_time(Instant("2020022910", "", "-0500")).values == ("2020-02-29",)


@pytest.mark.parametrize("digits", ["20190229", "00000101", "20201301"])
def test_no_day_of_the_calendar(digits: str) -> None:
    with pytest.raises(ValueFormatError):
        to_date(Instant(digits))


def test_instant_needs_everything() -> None:
    assert to_instant(None) == ""
    assert to_instant(Instant("20200229101112")) == ""
    assert to_instant(Instant("202002291011", "", "+0000")) == ""
    assert to_instant(Instant("20200229101112", "5", "+0000")) == "2020-02-29T10:11:12.5+00:00"


def test_reading() -> None:
    assert from_text("") is None
    assert from_text("2020-02-29T10:11:12Z") == Instant("20200229101112", "", "+0000")
    with pytest.raises(ValueFormatError):
        from_text("29.2.2020")


@given(
    st.datetimes(),
    st.sampled_from(["", "+0000", "+1400", "-0330"]),
    st.sampled_from([4, 6, 8, 10, 12, 14]),
)
def test_what_is_written_is_valid(when: object, offset: str, precision: int) -> None:
    digits = f"{when:%Y%m%d%H%M%S}".rjust(14, "0")[:precision]
    if digits.startswith("0000"):
        return
    assert problem("dateTime", to_date_time(Instant(digits, "", offset)).values[0]) == ""
