"""From a data set to a case: each row of the crosswalk read once, with the account of what it read."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..model import (
    BodyMeasures,
    Case,
    Equipment,
    Instance,
    Order,
    Patient,
    ScheduledStep,
    Series,
    Study,
    Visit,
)
from .crosswalk import Crosswalk
from .kinds import KINDS
from .reading import DicomReader, Leaf

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..dicom import DataSet

REQUEST_SEQUENCES = (0x00400275, 0x0040A370, 0x00400270)
"""Where a stored object names the requests it answers: Request Attributes (images), Referenced Request
(reports), Scheduled Step Attributes (performed procedure steps). PS3.3 §C.7.3.1, §C.17.2, §C.4.13."""

SCHEDULED_STEPS = 0x00400100
TIMEZONE_OFFSET = 0x00080201
STUDY_UID = 0x0020000D

RowPlan = tuple[tuple[str, str, tuple[int, ...], "Callable[[DicomReader, tuple[int, ...]], object]"], ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What one row read: the leaves, which record of its sort it filled, and why it refused, if so."""

    concept: str
    index: int
    leaves: list[Leaf]
    refusal: str = ""


@dataclass(slots=True)
class Reading:
    """A case, and what was read to make it."""

    case: Case
    reads: list[Read]


@functools.lru_cache(maxsize=8)
def _plans(crosswalk: Crosswalk) -> dict[str, RowPlan]:
    plans: dict[str, list[tuple[str, str, tuple[int, ...], Any]]] = {}
    for row in crosswalk.rows:
        if row.tags:
            plans.setdefault(row.record, []).append(
                (row.concept, row.attribute, row.tags, KINDS[row.kind].from_dicom)
            )
    return {record: tuple(rows) for record, rows in plans.items()}


def read(data: DataSet, crosswalk: Crosswalk) -> Reading:
    """The case that one data set says: an object, a worklist item, a procedure step."""
    reads: list[Read] = []
    plans = _plans(crosswalk)
    zone = "zone" if TIMEZONE_OFFSET in data else ""
    base = DicomReader(("", data), zone=zone)

    def fill(record: str, reader: DicomReader, index: int = 0) -> dict[str, Any]:
        return _fill(plans.get(record, ()), reader, index, reads)

    orders = _orders(data, zone, fill)
    equipment = Equipment(**fill("equipment", base))
    instance = fill("instance", base)
    series = fill("series", base)
    study = fill("study", base)
    uid = orders[0].study_uid
    made: tuple[Series, ...] = ()
    if "uid" in series:
        instances = (Instance(**instance),) if "uid" in instance else ()
        made = (Series(**series, equipment=equipment, instances=instances),)
    modalities = study.pop("modalities", ()) or tuple(s.modality for s in made if s.modality)
    case = Case(
        patient=Patient(**fill("patient", base)),
        visit=Visit(**fill("visit", base)),
        measures=BodyMeasures(**fill("measures", base)),
        orders=orders,
        study=Study(uid=uid, modalities=modalities, series=made, **study),
    )
    return Reading(case, reads)


def _fill(plan: RowPlan, reader: DicomReader, index: int, reads: list[Read]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for concept, attribute, tags, from_dicom in plan:
        reader.leaves = []
        value, refusal = reader.attempt(from_dicom, tags)
        if reader.leaves:
            reads.append(Read(concept, index, reader.leaves, refusal))
            if value:
                values[attribute] = value
    return values


def _orders(
    data: DataSet, zone: str, fill: Callable[[str, DicomReader, int], dict[str, Any]]
) -> tuple[Order, ...]:
    """One order for each request that the data set names; one from the data set alone where it names none."""
    contexts: list[tuple[tuple[str, DataSet], ...]] = []
    for tag in REQUEST_SEQUENCES:
        element = data.element(tag)
        if element is not None and element.items:
            contexts = [((f"{tag:08X}/{n}/", item), ("", data)) for n, item in enumerate(element.items)]
            break
    found = []
    for index, layers in enumerate(contexts or [(("", data),)]):
        order = Order(**fill("order", DicomReader(*layers, zone=zone), index))
        found.append(replace(order, steps=_steps(data, layers, zone, fill, index)))
    return tuple(found)


def _steps(
    data: DataSet,
    layers: tuple[tuple[str, DataSet], ...],
    zone: str,
    fill: Callable[[str, DicomReader, int], dict[str, Any]],
    index: int,
) -> tuple[ScheduledStep, ...]:
    scheduled = data.element(SCHEDULED_STEPS)
    if scheduled is not None and scheduled.items:
        readers = [
            DicomReader((f"{SCHEDULED_STEPS:08X}/{n}/", item), zone=zone)
            for n, item in enumerate(scheduled.items)
        ]
        return tuple(ScheduledStep(**fill("step", reader, n)) for n, reader in enumerate(readers))
    values = fill("step", DicomReader(*layers, zone=zone), index)
    return (ScheduledStep(**values),) if values else ()
