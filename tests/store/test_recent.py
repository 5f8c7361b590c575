"""What was answered holds as long as the database does not change."""

from __future__ import annotations

from chiasm.model import Location
from chiasm.store.recent import Recent

ONE = Location("key", 1, 0, b"", "1.2", "1.2.3", "1.2.3.4", "1.2.3.5", "1.2.3.6", 1)


def test_another_version_forgets() -> None:
    recent = Recent()
    assert recent.get(7, "asked") is None
    recent.put(7, "asked", [ONE])
    assert recent.get(7, "asked") == [ONE]
    assert recent.get(7, "other") is None
    assert recent.get(8, "asked") is None
    recent.put(8, "other", [])
    assert recent.get(8, "other") == []
    assert recent.get(7, "asked") is None


def test_only_so_much_is_held() -> None:
    recent = Recent()
    for number in range(100):
        recent.put(1, number, [ONE] * 1000)
        assert recent.get(1, number) is not None
        assert sum(recent.get(1, one) is not None for one in range(100)) <= 4
    recent.put(1, "too many", [ONE] * 5000)
    assert recent.get(1, "too many") is None
