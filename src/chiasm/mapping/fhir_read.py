"""From FHIR resources to a case: each place of the crosswalk looked up, with the account of what was read.

Takes a bundle or a single resource. A ServiceRequest is an order, a Task about it a scheduled step; one
without tasks says its step itself. Where a concept has several places the first that says something
stands; a later one that says the same is accounted for, one that says otherwise is reported.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ChiasmError
from ..model import (
    BodyMeasures,
    Case,
    Equipment,
    Instance,
    Instant,
    Order,
    Patient,
    ScheduledStep,
    Series,
    Study,
    Visit,
)
from .case_v2 import FieldRead
from .crosswalk import Crosswalk
from .fhir_kinds import kind_of
from .fhir_nodes import Index, Leaves, Node, at
from .fhir_places import FhirPlace, places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..fhir import Resource

ReadPlan = tuple[tuple[str, str, Any, tuple[FhirPlace, ...]], ...]
_SERIES = "ImagingStudy.series"
_INSTANCE = f"{_SERIES}.instance"
_NO_PINS: dict[str, Node] = {}


@dataclass(slots=True)
class FhirReading:
    """A case, what was read to make it, and the links between resources that were followed."""

    case: Case
    reads: list[FieldRead]
    links: list[str]


@functools.lru_cache(maxsize=8)
def _plans(crosswalk: Crosswalk) -> dict[str, ReadPlan]:
    plans: dict[str, list[Any]] = {}
    for row in crosswalk.rows:
        kind = kind_of(row.concept, row.kind)
        found = places(row.fhir)
        if found and kind:
            plans.setdefault(row.record, []).append((row.concept, row.attribute, kind, found))
    return {record: tuple(rows) for record, rows in plans.items()}


class _Reader:
    """Fills records from the resources of a scope."""

    def __init__(self, root: Resource, crosswalk: Crosswalk) -> None:
        self.index = Index(root)
        self.reads: list[FieldRead] = []
        self.links: Leaves = []
        self._plans = _plans(crosswalk)

    def fill(
        self, record: str, resources: list[Node], index: int = 0, pins: Mapping[str, Node] = _NO_PINS
    ) -> dict[str, Any]:
        """The fields of one record, as far as the resources say them."""
        values: dict[str, Any] = {}
        for concept, attribute, kind, found in self._plans.get(record, ()):
            for place in found:
                leaves: Leaves = []
                value, refusal = None, ""
                try:
                    value = kind.from_fhir(at(place, resources, pins, leaves), place)
                except ChiasmError as error:
                    refusal = error.message
                if not leaves or not (value or refusal):
                    continue
                known = values.get(attribute)
                if value and (known is None or _is_finer(value, known)):
                    values[attribute] = value
                elif known is not None and not refusal and not _agrees(known, value):
                    refusal = f"another place says otherwise of {concept}"
                self.reads.append(FieldRead(concept, index, leaves, refusal))
        return values

    def linked(self, node: Node, name: str) -> list[Node]:
        """The resources that an element of a node refers to."""
        found = (child.noting(self.links).resolve() for child in node.children(name))
        return [one for one in found if one is not None]


def _agrees(known: Any, value: Any) -> bool:
    """Whether a second place says the same, or a part of it."""
    if known == value:
        return True
    if isinstance(known, tuple) and isinstance(value, tuple):
        return all(one in known for one in value)
    return _is_finer(known, value)


def _is_finer(value: Any, known: Any) -> bool:
    """Whether a second place says the same moment more precisely."""
    return isinstance(value, Instant) and isinstance(known, Instant) and value.digits.startswith(known.digits)


def read(root: Resource, crosswalk: Crosswalk) -> FhirReading:
    """The case that a bundle, or a resource by itself, says."""
    reader = _Reader(root, crosswalk)
    index = reader.index
    patients = index.of("Patient")[:1]
    observed = index.of("Observation")
    studies = index.of("ImagingStudy")[:1]
    encounters = index.of("Encounter")[:1]
    requests = index.of("ServiceRequest")
    orders = tuple(_order(reader, request, studies, number) for number, request in enumerate(requests))
    if not orders and studies:
        values = reader.fill("order", studies)
        orders = (Order(**values),) if values else ()
    said = reader.fill("study", studies)
    uid = orders[0].study_uid if orders else ""
    made = tuple(
        one
        for number, node in enumerate(_series_of(studies))
        if (one := _series(reader, node, studies, number))
    )
    case = Case(
        patient=Patient(**reader.fill("patient", [*patients, *index.of("AllergyIntolerance"), *observed])),
        visit=Visit(**reader.fill("visit", [*encounters, *studies, *observed])),
        measures=BodyMeasures(**reader.fill("measures", observed)),
        orders=orders,
        study=Study(uid=uid, series=made, **said),
    )
    return FhirReading(case, reader.reads, reader.links)


def _order(reader: _Reader, request: Node, studies: list[Node], number: int) -> Order:
    scope = [request]
    scope += [one for one in reader.linked(request, "requester") if one.is_a("PractitionerRole")]
    scope += reader.linked(request, "supportingInfo")
    scope += [one for one in studies if _is_about(reader, one, request)]
    values = reader.fill("order", scope, number)
    return Order(**values, steps=_steps(reader, request, number))


def _is_about(reader: _Reader, study: Node, request: Node) -> bool:
    based = reader.linked(study, "basedOn")
    return not based or any(one.path == request.path for one in based)


def _steps(reader: _Reader, request: Node, number: int) -> tuple[ScheduledStep, ...]:
    tasks = [task for task in reader.index.of("Task") if _is_for(reader, task, request)]
    if len(tasks) < 2:
        values = reader.fill("step", [*tasks, request], number)
        return (ScheduledStep(**values),) if values else ()
    found = [reader.fill("step", [task], position) for position, task in enumerate(tasks)]
    return tuple(ScheduledStep(**values) for values in found if values)


def _is_for(reader: _Reader, task: Node, request: Node) -> bool:
    about = [*reader.linked(task, "focus"), *reader.linked(task, "basedOn")]
    return any(one.path == request.path for one in about)


def _series_of(studies: list[Node]) -> list[Node]:
    return [node for study in studies for node in study.children("series") if isinstance(node.value, dict)]


def _series(reader: _Reader, node: Node, studies: list[Node], number: int) -> Series | None:
    pins = {_SERIES: node}
    values = reader.fill("series", studies, number, pins)
    if "uid" not in values:
        return None
    instances = []
    for child in node.children("instance"):
        said = reader.fill("instance", studies, number, {**pins, _INSTANCE: child})
        if "uid" in said:
            instances.append(Instance(**said))
    scope = []
    for performer in node.children("performer"):
        for actor in reader.linked(performer, "actor"):
            scope += _equipment_of(reader, actor)
    equipment = Equipment(**reader.fill("equipment", scope, number))
    return Series(**values, equipment=equipment, instances=tuple(instances))


def _equipment_of(reader: _Reader, actor: Node) -> list[Node]:
    """A device with the organization that owns it, and the one that this is part of."""
    if not actor.is_a("Device") and not actor.is_a("Organization"):
        return []
    owners = reader.linked(actor, "owner") if actor.is_a("Device") else [actor]
    beyond = [one for owner in owners for one in reader.linked(owner, "partOf")]
    return [actor, *owners, *beyond]
