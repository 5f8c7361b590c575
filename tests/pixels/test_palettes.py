"""Palettes in segments; expected entries worked out by hand of PS3.3 §C.7.9.2, and by pydicom."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.pixels.processing import _expand_segmented_lut

from chiasm.errors import ServiceError
from chiasm.pixels.palettes import expanded


@pytest.mark.parametrize("size", [1, 2])
def test_discrete_and_linear_segments(size):
    words = [0, 3, 10, 20, 30, 1, 4, 50, 0, 2, 7, 9]
    assert expanded(words, 9, size) == [10, 20, 30, 35, 40, 45, 50, 7, 9]
    assert expanded(words, 5, size) == [10, 20, 30, 35, 40]


@pytest.mark.parametrize(("size", "offset"), [(1, [5, 0, 0, 0]), (2, [10, 0])])
def test_an_indirect_segment_is_of_segments_told_before(size, offset):
    # Twice: three values, then a rise to 50 (at octet 5 × size).
    words = [0, 3, 10, 20, 30, 1, 4, 50, 0, 1, 10, 2, 2, *offset]
    assert expanded(words, 13, size) == [10, 20, 30, 35, 40, 45, 50, 10, 20, 30, 40, 50, 10]


@pytest.mark.parametrize(
    "words",
    [[1, 4, 9], [0, 5, 1, 2], [7, 1, 1], [0, 1, 5, 2, 1, 200, 0], [0, 0, 0, 0], [0, 1, 5, 2, 1, 6, 0]],
)
def test_segments_that_cannot_be(words):
    with pytest.raises(ServiceError) as caught:
        expanded(words, 300, 2)
    assert caught.value.failure.name == "not-understood"


segments = st.one_of(
    st.lists(st.integers(0, 65535), min_size=1, max_size=8).map(lambda v: [0, len(v), *v]),
    st.tuples(st.integers(1, 50), st.integers(0, 65535)).map(lambda v: [1, *v]),
)


@given(st.lists(segments, min_size=1, max_size=6), st.integers(0, 65535))
def test_the_entries_are_those_of_pydicom(parts, first):
    words = [0, 1, first, *(word for part in parts for word in part)]
    wanted = _expand_segmented_lut(tuple(words), "<H")
    found = expanded(words, 100_000, 2)
    # Halves may be rounded either way.
    assert len(found) == len(wanted)
    assert all(abs(one - other) <= 1 for one, other in zip(found, wanted, strict=True))


@given(st.lists(st.integers(0, 3) | st.integers(0, 65535), max_size=60), st.sampled_from([1, 2]))
def test_any_words_are_entries_or_a_failure(words, size):
    with contextlib.suppress(ServiceError):
        assert len(expanded(words, 65536, size)) <= 65536
