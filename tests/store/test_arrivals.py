"""The records of the index's way in are light: what writes statements is not loaded with them."""

from __future__ import annotations

import subprocess
import sys

from chiasm.model import Event, Source
from chiasm.store.arrivals import Applied, Arrival


def test_an_arrival_may_bring_nothing() -> None:
    one = Arrival("chain", 3, Event("note", "20261123", Source("import"), {}))
    assert (one.location, one.extract) == (None, None)
    assert Applied.__slots__[:2] == ("chain", "sequence")


def test_the_records_come_without_a_database() -> None:
    code = "import sys, chiasm.store.arrivals; assert not {'sqlalchemy', 'sqlite3'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
