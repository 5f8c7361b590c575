"""A moment is as precise as it was written."""

import pytest

from chiasm.model import Instant


@pytest.mark.parametrize(
    ("instant", "date", "time"),
    [
        (Instant("2026"), "2026", ""),
        (Instant("20260102"), "20260102", ""),
        (Instant("202601020304"), "20260102", "0304"),
        (Instant("20260102030405", "123456"), "20260102", "030405.123456"),
    ],
)
def test_date_and_time_of_a_moment(instant, date, time):
    assert (instant.date, instant.time) == (date, time)


def test_another_zone_is_another_moment():
    assert Instant("20260102030405", "", "+0100") != Instant("20260102030405")
