"""The records of what is held and how it came."""

import json

from chiasm.errors import FAILURES
from chiasm.model import Event, Location, Outcome, Source, Verdict


def test_a_verdict_is_its_word_on_every_wire():
    assert json.dumps(list(Verdict)) == '["stored", "identical", "version", "refused"]'


def test_a_refusal_names_a_row_of_the_catalogue():
    outcome = Outcome(Verdict.REFUSED, "1.2", "1.3", failure="mismatch", message="why")
    assert FAILURES[outcome.failure].dimse == 0xA900


def test_the_first_version_is_number_one():
    location = Location("k", 10, 2, bytes(32), "1.2.840.10008.1.2", "1.2", "1.3", "1.4", "1.5")
    assert location.version == 1


def test_an_event_says_who_did_it():
    event = Event(
        "stored", "2026-01-01T00:00:00.000000+00:00", Source("dimse", "CT1", "10.0.0.1:5", "CHIASM"), {}
    )
    assert (event.source.kind, event.source.called) == ("dimse", "CHIASM")
