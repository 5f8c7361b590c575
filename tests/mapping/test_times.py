"""Partial dates stay partial, zones are kept, nothing is invented."""

import pytest

from chiasm.errors import ValueFormatError
from chiasm.mapping import times
from chiasm.model import Instant
from chiasm.standards import dictionary

STUDY = (dictionary.tag("StudyDate"), dictionary.tag("StudyTime"))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026", Instant("2026")),
        ("20260102", Instant("20260102")),
        ("202601020304", Instant("202601020304")),
        ("20260102030405.1234+0100", Instant("20260102030405", "1234", "+0100")),
        ("2026010203-0330", Instant("2026010203", "", "-0330")),
        ("", None),
    ],
)
def test_moments_of_v2(text, moment):
    assert times.from_v2(text) == moment
    if moment:
        assert times.to_v2(moment)[0] == text


@pytest.mark.parametrize(
    "text", ["2026-01-02", "today", "202601", "20261", "2026010203.5", "20260102030405+1"]
)
def test_what_is_no_moment(text):
    if text == "202601":
        assert times.from_v2(text) == Instant("202601")
        return
    with pytest.raises(ValueFormatError):
        times.from_v2(text)


def test_the_fifth_digit_of_a_fraction_is_told():
    assert times.to_v2(Instant("20260102030405", "123400"))[1] == frozenset()
    assert times.to_v2(Instant("20260102030405", "123456"))[1]


@pytest.mark.parametrize(
    ("date", "time", "digits"),
    [
        ("20260102", None, "20260102"),
        ("2026.01.02", "03:04:05", "20260102030405"),
        ("20260102", "03", "2026010203"),
    ],
)
def test_dates_and_times_of_dicom(date, time, digits, reader):
    moment = times.DateTimeKind().from_dicom(reader(StudyDate=date, StudyTime=time), STUDY)
    assert moment.digits == digits


def test_a_time_without_its_date_is_no_moment(reader):
    assert times.DateTimeKind().from_dicom(reader(StudyTime="0304"), STUDY) is None


def test_a_date_that_is_none_is_refused(reader):
    with pytest.raises(ValueFormatError):
        times.DateTimeKind().from_dicom(reader(StudyDate="YESTERDAY"), STUDY)


def test_a_partial_date_does_not_fit_da(data_set):
    with pytest.raises(ValueFormatError):
        times.DateTimeKind().to_dicom(Instant("2026"), STUDY, data_set())


def test_the_same_moment_on_the_clock_of_another_zone():
    there = times.in_zone(Instant("20260101233000", "", "-0500"), "+0100")
    assert there == Instant("20260102053000", "", "+0100")
    assert times.in_zone(Instant("20260101233000"), "+0100") == Instant("20260101233000")


def test_the_first_zone_becomes_that_of_the_data_set(data_set):
    data = data_set()
    kind = times.DateTimeKind()
    kind.to_dicom(Instant("20260101233000", "", "-0500"), STUDY, data)
    kind.to_dicom(
        Instant("20260102053000", "", "+0100"),
        (dictionary.tag("SeriesDate"), dictionary.tag("SeriesTime")),
        data,
    )
    assert data["TimezoneOffsetFromUTC"] == "-0500"
    assert (data["SeriesDate"], data["SeriesTime"]) == ("20260101", "233000")


def test_values_of_vr_dt():
    assert times.from_dicom_dt("20260102030405.5+0000") == Instant("20260102030405", "5", "+0000")
    assert times.from_dicom_dt("") is None
    with pytest.raises(ValueFormatError):
        times.from_dicom_dt("noon")
