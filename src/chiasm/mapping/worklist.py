"""From an order to Modality Worklist items: RAD TF-2 §4.5; PS3.4 §K.6.1.2.

Each scheduled step becomes one item, a data set with the attributes that a worklist answers with; those
of which nothing is known are there and empty where the standard asks for them (type 2).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from .. import dicom
from ..dicom.workflow import WORKLIST, complete_worklist_item
from ..errors import MappingError
from . import account, case_v2
from .data_sets import DataSetWriter
from .result import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..hl7 import Message
    from ..model import Case, Entry, Order, ScheduledStep
    from .crosswalk import Crosswalk

STEPS = "ScheduledProcedureStepSequence"


def from_message(message: Message, crosswalk: Crosswalk) -> Result:
    """The worklist items that an order or a schedule asks for: one output for each step.

    Raises MappingError for a message without an order, or that cancels one.
    """
    reading = case_v2.read(message, crosswalk)
    outputs, writer = items(reading.case, crosswalk, message.version or "")

    def entries() -> Iterator[Entry]:
        return account.of_message(message, reading, writer.written, writer.refused, "a worklist item")

    return Result(outputs[0], "worklist", entries, more=tuple(outputs[1:]))


def items(case: Case, crosswalk: Crosswalk, source: str = "") -> tuple[list[bytes], DataSetWriter]:
    """Part 10 files with a worklist item each, and the writer that filled them."""
    if not case.orders:
        raise MappingError("there is no order in it", source=source, hint="a worklist item needs ORC or OBR")
    writer = DataSetWriter(crosswalk)
    outputs = []
    for index, order in enumerate(case.orders):
        if order.control in {"CA", "DC", "OC", "CR"}:
            raise MappingError(
                f"it cancels the order ({order.control}), it schedules nothing",
                place=f"ORC[{index + 1}]-1",
                rule="HL7 v2.5.1 §4.5.1.1",
            )
        for number, step in enumerate(order.steps or (None,)):
            outputs.append(_item(case, order, step, writer, index, index + number))
    return outputs, writer


def _item(
    case: Case, order: Order, step: ScheduledStep | None, writer: DataSetWriter, index: int, step_index: int
) -> bytes:
    data = dicom.DataSet()
    order = order if order.study_uid else replace(order, study_uid=_study_uid(case, order))
    writer.fill("patient", case.patient, data)
    writer.fill("visit", case.visit, data)
    writer.fill("measures", case.measures, data)
    writer.fill("order", order, data, index)
    for series in case.study.series[:1]:
        writer.fill("equipment", series.equipment, data)
    planned = dicom.DataSet()
    if step is not None:
        writer.fill("step", step, planned, step_index, "00400100/0/")
    data[STEPS] = [planned]
    uid = _digest_uid(
        str(data.get("StudyInstanceUID")), str(planned.get("ScheduledProcedureStepID")), str(step_index)
    )
    return dicom.create(complete_worklist_item(data), sop_class=WORKLIST, sop_instance=uid).encode()


def _study_uid(case: Case, order: Order) -> str:
    """A study UID of the UUID form that the order determines: the same order, the same study.

    PS3.5 §B.2. IHE has the order filler assign it before the worklist answers: RAD TF-2 §4.4.
    """
    return _digest_uid(
        order.placer_number,
        order.filler_number,
        order.accession_number,
        order.procedure_id,
        repr(case.patient.identifiers),
    )


def _digest_uid(*parts: str) -> str:
    """A UID of the UUID form that the parts determine: PS3.5 §B.2."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()[:16]
    number = int.from_bytes(digest, "big") & ~(0xF000 << 64) | (0x8000 << 64)
    return f"2.25.{number}"
