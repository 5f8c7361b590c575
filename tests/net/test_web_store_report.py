"""Statuses and reasons of a store request: PS3.18 §10.5.3, §I.2."""

from __future__ import annotations

import pytest

from chiasm.model.holdings import Outcome, Verdict
from chiasm.net.web_store_report import refused, report

GOOD = Outcome(Verdict.STORED, "1.2", "1.3", "1.4")


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([GOOD], 200), ([GOOD, refused("mismatch", "")], 202), ([refused("mismatch", "")], 409),
        ([refused("not-understood", "")], 400), ([refused("out-of-resources", ""), refused("mismatch", "")], 507),
        ([refused("unavailable", "")], 503), ([refused("conflict", "")], 409),
    ],
)  # fmt: skip
def test_statuses(outcomes: list[Outcome], status: int) -> None:
    found, content = report(outcomes, "http://h", "")
    assert found == status
    assert list(content) == sorted(content)
    assert ("00081198" in content) == any(one.verdict is Verdict.REFUSED for one in outcomes)
