"""DA, TM and DT in every precision of PS3.5 §6.2, and the time zone of the data set."""

from __future__ import annotations

import pytest

from chiasm import dicom
from chiasm.dicom import temporal
from chiasm.errors import ValueFormatError


def test_dates() -> None:
    assert temporal.parse_date("20240229") == temporal.Date("20240229", 2024, 2, 29)
    assert temporal.parse_date("1993.08.22") == temporal.Date("1993.08.22", 1993, 8, 22)


@pytest.mark.parametrize(
    ("text", "precision", "parts"),
    [
        ("07", "hour", (7, None, None, "")),
        ("0709", "minute", (7, 9, None, "")),
        ("070907", "second", (7, 9, 7, "")),
        ("070907.0705 ", "fraction", (7, 9, 7, "0705")),
        ("07:09:07", "second", (7, 9, 7, "")),
        ("235960", "second", (23, 59, 60, "")),
    ],
)
def test_times(text: str, precision: str, parts: tuple[object, ...]) -> None:
    time = temporal.parse_time(text)
    assert (time.text, time.precision) == (text, precision)
    assert (time.hour, time.minute, time.second, time.fraction) == parts


@pytest.mark.parametrize(
    ("text", "precision", "offset"),
    [
        ("2026", "year", None),
        ("202611", "month", None),
        ("20261123", "day", None),
        ("2026112311", "hour", None),
        ("202611231105", "minute", None),
        ("20261123110559", "second", None),
        ("2026-0500", "year", -300),
        ("20261123110559.123456+0530", "fraction", 330),
    ],
)
def test_moments(text: str, precision: str, offset: int | None) -> None:
    moment = temporal.parse_datetime(text)
    assert (moment.text, moment.precision, moment.offset, moment.year) == (text, precision, offset, 2026)


@pytest.mark.parametrize(
    "text", ["", "2026", "20261301", "20230229", "2026-11-23", "20261123-20261124", "２０２６１１２３"]
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueFormatError, match="is no DA"):
        temporal.parse_date(text)


@pytest.mark.parametrize("text", ["", "7", "24", "0760", "070907.", "070907.1234567", "07.5", "070961"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueFormatError, match="is no TM"):
        temporal.parse_time(text)


@pytest.mark.parametrize(
    "text", ["", "26", "20261", "20261123110559+2500", "20261123110559+0060", "20261331"]
)
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(ValueFormatError):
        temporal.parse_datetime(text)


def test_the_offset_of_a_value_in_its_data_set() -> None:
    data = dicom.DataSet({"TimezoneOffsetFromUTC": "-0430"})
    data["ReferencedSeriesSequence"] = [{"SeriesDescription": "x"}]
    element = data.element("ReferencedSeriesSequence")
    assert element is not None
    assert temporal.effective_offset(element.items[0]) == -270
    assert temporal.effective_offset(data, temporal.parse_datetime("2026+0100")) == 60
    assert temporal.effective_offset(dicom.DataSet()) is None
