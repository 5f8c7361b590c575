"""Each kind of matching of PS3.4 §C.2.2.2, by the texts that the standard gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.errors import ServiceError
from chiasm.model.query import Equals, Exists, Level, Query, Range, Wildcard
from chiasm.services import matching
from chiasm.services.matching import Key

NAME, DATE, TIME, MOMENT, UID = (0x00100010,), (0x00080020,), (0x00080030,), (0x0008002A,), (0x0020000D,)


@pytest.mark.parametrize(
    ("path", "vr", "text", "expected"),
    [
        (NAME, "PN", "", None),
        (NAME, "PN", "*", None),
        (UID, "UI", "*", None),
        (NAME, "PN", "Wang^Xiao", Equals(NAME, ("Wang^Xiao",))),
        (NAME, "PN", "wang*", Wildcard(NAME, "wang*")),
        (NAME, "PN", "W?ng ", Wildcard(NAME, "W?ng")),
        (UID, "UI", "1.2\0", Equals(UID, ("1.2",))),
        (UID, "UI", "1.2\\1.3\\1.2", Equals(UID, ("1.2", "1.3"))),
        (DATE, "DA", "20260101", Equals(DATE, ("20260101",))),
        (DATE, "DA", "20260101-", Range(DATE, "20260101", "")),
        (DATE, "DA", "-20260101", Range(DATE, "", "20260101")),
        (DATE, "DA", "20250101-20260101", Range(DATE, "20250101", "20260101")),
        (TIME, "TM", "10-1130", Range(TIME, "10", "1130")),
        (TIME, "TM", "10:15:00-", Range(TIME, "10:15:00", "")),
        (MOMENT, "DT", "2026", Equals(MOMENT, ("2026",))),
        (MOMENT, "DT", "20260101-0500", Equals(MOMENT, ("20260101-0500",))),
        (MOMENT, "DT", "2025-2026", Range(MOMENT, "2025", "2026")),
        (MOMENT, "DT", "2025-0500-2026-0500", Range(MOMENT, "2025-0500", "2026-0500")),
        (MOMENT, "DT", "-20260101101500.5+0800", Range(MOMENT, "", "20260101101500.5+0800")),
        (MOMENT, "DT", "2025-0500-", Range(MOMENT, "2025-0500", "")),
        ((0x00080060,), "CS", "CT\\MR", Equals((0x00080060,), ("CT", "MR"))),
        ((0x00201208,), "IS", "3", Equals((0x00201208,), ("3",))),
        ((0x00104000,), "LT", "a\\b", Equals((0x00104000,), ("a\\b",))),
    ],
)
def test_each_kind_of_matching(path: tuple[int, ...], vr: str, text: str, expected: object) -> None:
    assert matching.condition(path, vr, text) == expected


@pytest.mark.parametrize(
    ("vr", "text"), [("DA", "2026*"), ("DA", "yesterday"), ("TM", "1015-x"), ("OB", "a"), ("CS", "C*\\MR")]
)
def test_what_a_vr_does_not_allow_is_refused(vr: str, text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        matching.condition((0x00080020,), vr, text)
    assert caught.value.failure.name == "bad-query"


def test_wildcards_mean_themselves_where_the_vr_has_none() -> None:
    assert matching.condition((0x00201208,), "IS", "1*") == Equals((0x00201208,), ("1*",))


def test_empty_values_are_asked_for_only_where_agreed() -> None:
    assert matching.condition(NAME, "PN", '""') == Equals(NAME, ('""',))
    assert matching.condition(NAME, "PN", '""', empty_values=True) == Exists(NAME, False)


def test_date_and_time_are_one_span_where_agreed() -> None:
    keys = [Key(DATE, "DA", "20250101-20250103"), Key(TIME, "TM", "1000-1800")]
    apart = matching.query(Level.STUDY, keys)
    assert apart.conditions == (Range(DATE, "20250101", "20250103"), Range(TIME, "1000", "1800"))
    joined = matching.query(Level.STUDY, keys, combined=True)
    assert joined.conditions == (Range(DATE, "202501011000", "202501031800", TIME),)
    zoned = matching.query(Level.STUDY, keys, combined=True, zone="+0800")
    assert zoned.conditions == (Range(DATE, "202501011000+0800", "202501031800+0800", TIME),)


def test_one_open_end_stays_open() -> None:
    keys = [Key(DATE, "DA", "20250101-"), Key(TIME, "TM", "1000-")]
    assert matching.query(Level.STUDY, keys, combined=True).conditions == (
        Range(DATE, "202501011000", "", TIME),
    )


@given(st.sampled_from(("DA", "TM", "DT", "PN", "UI", "CS", "LT", "IS", "SQ")), st.text(max_size=40))
def test_any_text_is_a_condition_or_refused(vr: str, text: str) -> None:
    failure = ""
    try:
        matching.condition((0x00080020,), vr, text)
    except ServiceError as error:
        failure = error.failure.name
    assert failure in {"", "bad-query"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(Level.STUDY, (Equals((0x00100020,), ("P",)),), limit=33), True),
        (Query(Level.STUDY, (Wildcard(NAME, "A*"), Equals(UID, ("1.2",))), limit=33), True),
        (Query(Level.PATIENT, (Equals((0x00100020,), ("P",)),), limit=33), True),
        (Query(Level.SERIES, (Equals(UID, ("1.2",)),), limit=33), True),
        (Query(Level.STUDY, (Equals((0x00100020,), ("P",)),)), True),
        (Query(Level.STUDY, (Equals((0x00100020,), ("P",)),), offset=1), False),
        (Query(Level.STUDY, (Equals((0x00100020,), ("P", "Q")),), limit=33), False),
        (Query(Level.STUDY, (Equals((0x00100020,), ("P",)),), fuzzy=True, limit=33), False),
        (Query(Level.STUDY, (Wildcard((0x00100020,), "P*"),), limit=33), False),
        (Query(Level.STUDY, (Equals(NAME, ("A^B",)),), limit=33), False),
        (Query(Level.INSTANCE, (Equals(UID, ("1.2",)),), limit=33), False),
        (Query(Level.STUDY, limit=33), False),
    ],
)
def test_what_is_asked_by_an_identifier_is_answered_without_a_thread(query, expected):
    assert matching.is_prompt(query) is expected
