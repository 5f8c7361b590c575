"""The index answers as a plain reading of PS3.4 §C.2.2.2 does: made-up values, made-up patterns."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from chiasm.dicom import DataSet
from chiasm.model.holdings import Event, Location, Source
from chiasm.model.query import Level, Query, Wildcard
from chiasm.store.extract import extract
from chiasm.store.index import Arrival, open_index

TEXT = st.text("ab%_[]^'é王", min_size=1, max_size=5).filter(lambda text: text.strip("^ "))
PATTERN = st.text("ab%_[]^'é王*?", min_size=1, max_size=5)


def matches(pattern: str, text: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, text) is not None


@given(st.lists(TEXT, min_size=1, max_size=5), st.lists(PATTERN, min_size=1, max_size=8))
def test_wildcards_match_as_the_standard_says(
    tmp_path_factory, texts: list[str], patterns: list[str]
) -> None:  # type: ignore[no-untyped-def]  # a fixture of pytest
    folder: Path = tmp_path_factory.mktemp("index")
    index = open_index(str(folder / "index.sqlite"))
    event = Event("stored", "2026", Source("web"), {})
    arrivals = []
    for number, text in enumerate(texts, 1):
        uid = f"1.{number}"
        data = DataSet(
            {
                "SpecificCharacterSet": "ISO_IR 192",
                "SOPInstanceUID": uid,
                "StudyInstanceUID": uid,
                "SeriesInstanceUID": uid,
                "StudyDescription": text,
                "PatientID": uid,
            }
        )
        location = Location(uid, 1, 0, bytes(32), "1.2", "1.3", uid, uid, uid)
        arrivals.append(Arrival("a", number, event, location, extract(data)))
    index.apply(arrivals)
    for pattern in patterns:
        found = index.find(Query(Level.STUDY, (Wildcard((0x00081030,), pattern),)))
        assert {one.study for one in found} == {
            f"1.{n}" for n, text in enumerate(texts, 1) if matches(pattern, text)
        }, pattern
    index.close()
