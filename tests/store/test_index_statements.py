"""Statements are compiled once for each shape."""

from __future__ import annotations

from pathlib import Path

from chiasm.store.index_driver import open_driver
from chiasm.store.index_statements import Statements


def test_locations_are_compiled_once(tmp_path: Path) -> None:
    driver = open_driver(str(tmp_path / "index.sqlite"))
    statements = Statements(driver)
    shape = (int, True, False, False)
    assert statements.locations(shape) is statements.locations(shape)
    assert {"patient", "studies", "limit"} <= set(statements.locations(shape).names)
    driver.close()
