"""Outcomes as --json prints them."""

import pytest

from chiasm.app.request import Outcome


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome("a", "oru", ("b",), (1, 2, 3)), "converted"),
        (Outcome("a", "oru", ("b",), (1, 2, 3), error="no"), "failed"),
        (Outcome("a", "oru", ("b",), (1, 2, 3), earlier=True), "done before"),
    ],
)
def test_an_outcome_tells_its_status_outputs_and_counts(outcome, status):
    assert outcome.as_json() == {
        "source": "a",
        "status": status,
        "to": "oru",
        "outputs": ["b"],
        "ledger": {"mapped": 1, "carried": 2, "dropped": 3},
        "error": outcome.error,
    }
