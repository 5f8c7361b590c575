"""Events to bytes and back, and how records are chained."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.errors import ParseError
from chiasm.model import Event, Source
from chiasm.store import journal

EVENT = Event(
    "stored", "2026-01-01T00:00:00.000001+00:00", Source("dimse", "CT1", "10.0.0.1:1", "X"), {"key": "ab"}
)


def test_an_event_is_compact_json_in_a_fixed_order():
    assert journal.encode(EVENT) == (
        b'["stored","2026-01-01T00:00:00.000001+00:00",["dimse","CT1","10.0.0.1:1","X"],{"key":"ab"}]'
    )
    assert journal.decode(journal.encode(EVENT)) == EVENT


def test_the_chain_is_sha_256_over_the_hash_before_and_the_payload():
    assert journal.chained(journal.START, b"x") == hashlib.sha256(bytes(32) + b"x").digest()


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b"[]", b'["a","b",["c"]]', b'["a","b",1,{}]', b"\xff", b"[" * 10_000]
)
def test_what_is_no_event_is_a_parse_error(payload):
    with pytest.raises(ParseError):
        journal.decode(payload)


@given(st.text(), st.text(), st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_every_event_comes_back(kind, name, detail):
    event = Event(kind, "now", Source("web", name), detail)
    assert journal.decode(journal.encode(event)) == event
