"""Every kind has the four functions, and says what a target cannot hold."""

import pytest

from chiasm.mapping.kind import ALL_HELD
from chiasm.mapping.kinds import KINDS


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_reads_and_writes_both_standards(name):
    kind = KINDS[name]
    assert all(callable(getattr(kind, method)) for method in ("from_dicom", "to_dicom", "from_v2", "to_v2"))


def test_nothing_unheld_is_the_empty_set():
    assert frozenset() == ALL_HELD
