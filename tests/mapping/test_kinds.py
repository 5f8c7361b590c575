"""The names of the kinds are those of the crosswalk."""

from chiasm.mapping.crosswalk import default
from chiasm.mapping.kinds import KINDS


def test_every_kind_is_used_and_every_used_one_exists():
    used = {row.kind for row in default().rows}
    assert used <= set(KINDS)
    assert set(KINDS) <= used


def test_an_absent_element_says_nothing(reader):
    for name, kind in KINDS.items():
        row = next(row for row in default().rows if row.kind == name and row.tags)
        assert not kind.from_dicom(reader(), row.tags), name


def test_an_absent_field_says_nothing(field):
    for name, kind in KINDS.items():
        assert not kind.from_v2(field("")), name
