"""The tables of kept attributes hold what the standard requires of queries."""

from __future__ import annotations

from chiasm.standards import dictionary
from chiasm.store import extract_tables


def test_every_keyword_is_in_the_dictionary_and_on_one_level() -> None:
    words = (extract_tables.PATIENT, extract_tables.STUDY, extract_tables.SERIES, extract_tables.INSTANCE)
    for keywords, kept in zip(words, extract_tables.LEVELS, strict=True):
        assert {dictionary.tag(word) for word in keywords} == set(kept)
        assert list(kept) == sorted(kept)
    assert len(extract_tables.LEVEL_OF) == sum(len(kept) for kept in extract_tables.LEVELS)


def test_required_keys_of_the_query_models_are_kept() -> None:
    # PS3.4 §C.6.1.1 and §C.6.2.1, PS3.18 §10.6.3.3: unique, required, and matched by QIDO-RS
    required = (0x00100010, 0x00100020, 0x0020000D, 0x00080020, 0x00080030, 0x00080050, 0x00200010, 0x00080060, 0x0020000E, 0x00200011, 0x00080018, 0x00200013, 0x00080016, 0x00080090, 0x00400244, 0x00400245, 0x00400275)  # fmt: skip
    assert set(required) <= set(extract_tables.LEVEL_OF)
