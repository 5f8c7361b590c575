"""What became of the objects of a store request, as the standard tells it. PS3.18 §10.5.3, §I.2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import FAILURES
from ..model.holdings import Outcome, Verdict

_RETRIEVE_URL = "00081190"
_FAILED, _STORED = "00081198", "00081199"
# PS3.18 §I.2.2: the reasons that table I.2-1 gives, by the catalogue's names; else the DIMSE status.
_REASONS = {
    "not-understood": 0xC000,
    "unknown-sop-class": 0x0122,
    "unknown-syntax": 0xC122,
    "mismatch": 0xA900,
    "out-of-resources": 0xA700,
    "not-authorized": 0x0124,
    "conflict": 0xC100,
    "fault": 0x0110,
}


def refused(failure: str, message: str) -> Outcome:
    """The outcome of what could not even be read."""
    return Outcome(Verdict.REFUSED, "", "", failure=failure, message=message)


def report(outcomes: Sequence[Outcome], base: str, study: str) -> tuple[int, dict[str, Any]]:
    """The status of the answer and its data set as DICOM JSON.

    200 where all were stored, 202 where some were; else 409, 400 where none could be read, 503 or 507
    where the node could not keep them.
    """
    failed = [one for one in outcomes if one.verdict is Verdict.REFUSED]
    stored = [one for one in outcomes if one.verdict is not Verdict.REFUSED]
    studies = {one.study for one in stored} or ({study} if study else set())
    content: dict[str, Any] = {"00080005": {"vr": "CS", "Value": ["ISO_IR 192"]}}
    if len(studies) == 1:
        content[_RETRIEVE_URL] = {"vr": "UR", "Value": [f"{base}/studies/{next(iter(studies))}"]}
    if failed:
        content[_FAILED] = {"vr": "SQ", "Value": [_failure(one) for one in failed]}
    if stored:
        content[_STORED] = {"vr": "SQ", "Value": [_success(one, base) for one in stored]}
    if not failed:
        return 200, content
    if stored:
        return 202, content
    statuses = {FAILURES[one.failure].http for one in failed if one.failure in FAILURES}
    for status in (507, 503, 500):
        if status in statuses:
            return status, content
    return (400 if statuses == {400} else 409), content


def _failure(one: Outcome) -> dict[str, Any]:
    row = FAILURES.get(one.failure, FAILURES["fault"])
    item = _reference(one)
    item["00081197"] = {"vr": "US", "Value": [_REASONS.get(one.failure, row.dimse)]}
    if one.message:
        item["00000902"] = {"vr": "LO", "Value": [one.message[:64]]}
    return dict(sorted(item.items()))


def _reference(one: Outcome) -> dict[str, Any]:
    item: dict[str, Any] = {}
    if one.sop_class:
        item["00081150"] = {"vr": "UI", "Value": [one.sop_class]}
    if one.sop_instance:
        item["00081155"] = {"vr": "UI", "Value": [one.sop_instance]}
    return item


def _success(one: Outcome, base: str) -> dict[str, Any]:
    item = _reference(one)
    url = f"{base}/studies/{one.study}/instances/{one.sop_instance}"
    item[_RETRIEVE_URL] = {"vr": "UR", "Value": [url]}
    return dict(sorted(item.items()))
