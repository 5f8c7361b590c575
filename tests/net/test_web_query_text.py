"""Parameters of a search as a Query: PS3.18 §8.3.4."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.errors import ChiasmError, UsageError
from chiasm.model.query import Equals, Level, Wildcard
from chiasm.net.web_query_text import asked, path_of, uid_of


def of(*parameters: tuple[str, str], level: Level = Level.STUDY, **scope: str) -> object:
    return asked(level, list(parameters), scope, most=100, page=100)


def test_paths_by_keyword_tag_and_sequence() -> None:
    assert path_of("PatientName") == ((0x00100010,), "PN")
    assert path_of("00400275.00400009") == ((0x00400275, 0x00400009), "SH")
    assert path_of("RequestAttributesSequence.ScheduledProcedureStepID") == path_of("00400275.00400009")
    for key in ("Nothing", "0010001", "PatientName.PatientID", ".".join(["00400275"] * 9), ""):
        with pytest.raises(UsageError):
            path_of(key)


def test_a_whole_question() -> None:
    found = asked(
        Level.SERIES,
        [("PatientName", "wang*"), ("limit", "7"), ("offset", "3"), ("fuzzymatching", "true"),
         ("includefield", "all,00180050"), ("includefield", "KVP"), ("orderby", "x")],
        {"StudyInstanceUID": "1.2"},
        most=100,
        page=100,
    )  # fmt: skip
    assert found.query.conditions == (Equals((0x0020000D,), ("1.2",)), Wildcard((0x00100010,), "wang*"))
    assert (found.query.limit, found.query.offset, found.query.fuzzy) == (8, 3, True)
    assert found.fields == ((0x00180050,), (0x00180060,))
    assert found.all_fields
    assert "orderby" in found.warnings[0]


@pytest.mark.parametrize("text", ["", "1.2.x", "1" * 65, "../1", "١.٢"])
def test_what_is_no_uid(text: str) -> None:
    with pytest.raises(UsageError):
        uid_of(text)


@given(
    st.lists(
        st.tuples(st.sampled_from(["PatientID", "StudyDate", "limit", "includefield", "x.y"]), st.text())
    )
)
def test_any_text_is_a_query_or_refused(parameters: list[tuple[str, str]]) -> None:
    with contextlib.suppress(ChiasmError):
        of(*parameters)
