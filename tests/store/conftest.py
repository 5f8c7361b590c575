"""A private PostgreSQL beside SQLite, so that one suite says what both do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chiasm.store.index import Index, open_index


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new, empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'index.sqlite'}"
    url: str = request.getfixturevalue("postgres_database")
    return url


@pytest.fixture
def open_at(database: str) -> Iterator[Callable[[], Index]]:
    """Opens indexes on the same new database, and closes them at the end."""
    opened: list[Index] = []

    def again() -> Index:
        opened.append(open_index(database))
        return opened[-1]

    yield again
    for index in opened:
        index.close()


@pytest.fixture
def index(open_at: Callable[[], Index]) -> Index:
    """An empty index in either database."""
    return open_at()
