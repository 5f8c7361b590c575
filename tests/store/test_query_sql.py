"""Patterns in the tongue of each database, and statements kept by shape."""

from __future__ import annotations

from pathlib import Path

from chiasm.model.query import Equals, Level, Query
from chiasm.store.index_driver import open_driver
from chiasm.store.query_sql import Planner, glob_pattern, like_pattern


def test_patterns() -> None:
    assert glob_pattern("a[b]*?") == "a[[]b]*?"
    assert like_pattern("a%_\\*?") == "a\\%\\_\\\\%_"


def test_a_shape_is_compiled_once(tmp_path: Path) -> None:
    driver = open_driver(str(tmp_path / "index.sqlite"))
    planner = Planner(driver)
    one, two = (planner.plan(Query(Level.STUDY, (Equals((0x00100020,), (text,)),)))[0] for text in "ab")
    assert one is two
    driver.close()
