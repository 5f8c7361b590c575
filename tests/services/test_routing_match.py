"""Conditions of routes on attributes and hours."""

from __future__ import annotations

from datetime import datetime

import pytest

from chiasm import dicom
from chiasm.services.routing_match import Wanted, Window, problem_of, title_matches
from chiasm.standards import dictionary


def data_set(**values: object) -> dicom.DataSet:
    return dicom.DataSet(values)


@pytest.mark.parametrize(
    ("keyword", "value", "text", "holds"),
    [
        ("Modality", "CT", "CT", True),
        ("Modality", "CT", "MR", False),
        ("Modality", "CT", "?T", True),
        ("PatientID", "A1234", "a1*", True),
        ("PatientID", "A1234", "A1.*", False),
        ("StudyDate", "20260131", "20260101-20260201", True),
        ("StudyDate", "20260131", "-20260130", False),
        ("StudyDate", "20260131", "202601", True),
        ("StudyDate", "2026.01.31", "20260131", True),
        ("StudyTime", "1115", "11-12", True),
        ("StudyTime", "125959.5", "-12", True),
        ("StudyTime", "1300", "-12", False),
        ("AcquisitionDateTime", "20260131114500.5+0100", "2026013111-", True),
        ("StudyInstanceUID", "1.2.3", "1.2.3", True),
        ("StudyInstanceUID", "1.2.34", "1.2.3", False),
        ("SeriesNumber", "03", "3", True),
        ("Rows", 512, "512", True),
        ("PatientName", "Wang^XiaoDong=王^小东", "王*", True),
        ("PatientName", "Ｗａｎｇ^XiaoDong", "wang^*", True),
        ("PatientName", "Wang^XiaoDong^^^", "wang^xiaodong", True),
        ("ImageType", ["ORIGINAL", "PRIMARY", "LOCALIZER"], "LOCALIZER", True),
        ("ImageType", ["ORIGINAL", "PRIMARY", "AXIAL"], "LOCALIZER", False),
        ("AccessionNumber", "", "", True),
        ("AccessionNumber", "X", "", False),
    ],
)
def test_one_attribute(keyword: str, value: object, text: str, holds: bool) -> None:
    tag = dictionary.tag(keyword)
    assert tag is not None
    wanted = Wanted((tag,), dictionary.vr(tag), (text,))
    assert problem_of(wanted.vr, text) == ""
    assert wanted.holds(data_set(**{keyword: value})) is holds


def test_an_absent_attribute_matches_the_empty_text_alone() -> None:
    assert Wanted((0x00080050,), "SH", ("", "X")).holds(dicom.DataSet())
    assert not Wanted((0x00080050,), "SH", ("*",)).holds(dicom.DataSet())


def test_any_item_of_a_sequence() -> None:
    items = [dicom.DataSet({"RequestedProcedureID": one}) for one in ("P1", "P2")]
    data = dicom.DataSet({"RequestAttributesSequence": items})
    assert Wanted((0x00400275, 0x00401001), "SH", ("P2",)).holds(data)
    assert not Wanted((0x00400275, 0x00401001), "SH", ("P3",)).holds(data)


@pytest.mark.parametrize(
    ("window", "moment", "holds", "opens"),
    [
        (Window(), "2026-11-23T12:00", True, "2026-11-23T12:00"),
        (Window(540, 1020), "2026-11-23T08:59", False, "2026-11-23T09:00"),
        (Window(540, 1020), "2026-11-23T17:00", False, "2026-11-24T09:00"),
        (Window(1140, 420), "2026-11-23T23:00", True, "2026-11-23T23:00"),
        (Window(1140, 420), "2026-11-23T06:59", True, "2026-11-23T06:59"),
        (Window(1140, 420), "2026-11-23T07:00", False, "2026-11-23T19:00"),
        # The 23rd of November 2026 is a Monday: its small hours belong to Sunday's evening.
        (Window(1140, 420, frozenset({0})), "2026-11-23T06:00", False, "2026-11-23T19:00"),
        (Window(1140, 420, frozenset({0})), "2026-11-24T06:00", True, "2026-11-24T06:00"),
        (Window(540, 1020, frozenset({5})), "2026-11-23T10:00", False, "2026-11-28T09:00"),
    ],
)
def test_windows(window: Window, moment: str, holds: bool, opens: str) -> None:
    at = datetime.fromisoformat(moment)
    assert window.holds(at) is holds
    assert window.opens(at) == datetime.fromisoformat(opens)


def test_titles() -> None:
    assert title_matches((), "ANY")
    assert title_matches(("CT*", "MR1"), "CT77 ")
    assert not title_matches(("CT*", "MR1"), "MR12")
