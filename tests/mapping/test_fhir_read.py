"""Reading resources that others wrote: single requests, tasks, places that disagree."""

from __future__ import annotations

from typing import Any

from chiasm.fhir import Resource
from chiasm.mapping import crosswalk
from chiasm.mapping.fhir_read import FhirReading, read
from chiasm.model import Instant

REQUEST: dict[str, Any] = {
    "resourceType": "ServiceRequest",
    "id": "s",
    "status": "active",
    "intent": "order",
    "occurrenceDateTime": "2020-02-29",
    "locationCode": [{"text": "Room 1"}],
}


def said(*resources: dict[str, Any]) -> FhirReading:
    entries = [{"resource": one} for one in resources]
    return read(
        Resource({"resourceType": "Bundle", "type": "collection", "entry": entries}), crosswalk.default()
    )


def task(number: str, **more: Any) -> dict[str, Any]:
    about = {"reference": "ServiceRequest/s"}
    return {"resourceType": "Task", "identifier": [{"value": number}], "focus": about, **more}


def test_request_without_tasks_says_its_step() -> None:
    (order,) = said(REQUEST).case.orders
    (step,) = order.steps
    assert step.start == Instant("20200229")
    assert step.location == "Room 1"


def test_tasks_are_steps() -> None:
    reading = said(
        REQUEST, task("S1"), task("S2"), {"resourceType": "Task", "identifier": [{"value": "other"}]}
    )
    (order,) = reading.case.orders
    assert [step.identifier for step in order.steps] == ["S1", "S2"]


def test_a_finer_moment_stands_and_another_one_is_told() -> None:
    finer = {"period": {"start": "2020-02-29T10:11:12+01:00"}}
    (order,) = said(REQUEST, task("S1", restriction=finer)).case.orders
    assert order.steps[0].start == Instant("20200229101112", "", "+0100")
    reading = said(REQUEST, task("S1", restriction={"period": {"start": "2021"}}))
    assert [one.concept for one in reading.reads if "otherwise" in one.refusal] == ["step.start"]


def test_values_that_cannot_be_understood_are_refused() -> None:
    reading = said({"resourceType": "Patient", "birthDate": "yesterday", "gender": "other"})
    assert reading.case.patient.sex == "O"
    assert reading.case.patient.birth_date is None
    assert any("is not a date" in one.refusal for one in reading.reads)


def test_hostile_shapes() -> None:
    odd: list[Any] = [1, "x", None, [], {}, [[]], [1], {"reference": 1}, [{"reference": {}}]]
    names = (
        "identifier",
        "name",
        "requester",
        "basedOn",
        "focus",
        "series",
        "code",
        "extension",
        "performer",
    )
    for value in odd:
        for kind in ("Patient", "ServiceRequest", "ImagingStudy", "Task", "Encounter", "Device"):
            content = {"resourceType": kind, "id": "s", **dict.fromkeys(names, value)}
            said(content, REQUEST)
