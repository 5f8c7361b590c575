"""The messages that a case becomes: which segments, in which order, for which event.

What stands in the fields is said by the crosswalk; here stand only the frame of each message and the
constants that it prescribes. RAD TF-2 §4.4, §4.13, §4.28; HL7 v2.5.1 §4.4, §7.3.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import hl7
from .writing import Fields, Observation, SegmentRow, Writer

if TYPE_CHECKING:
    from ..model import Case, Order, ScheduledStep, Sender
    from .crosswalk import Crosswalk

APPLICATION = "CHIASM"


@dataclass(frozen=True, slots=True)
class Frame:
    """What MSH says of a message: its event, structure and version."""

    kind: str
    code: str
    trigger: str
    structure: str
    version: str


FRAMES = {
    "oru": Frame("oru", "ORU", "R01", "ORU_R01", "2.5.1"),
    "omi": Frame("omi", "OMI", "O23", "OMI_O23", "2.5.1"),
    "orm": Frame("orm", "ORM", "O01", "", "2.3.1"),
    "omg": Frame("omg", "OMG", "O19", "OMG_O19", "2.5.1"),
    "adt": Frame("adt", "ADT", "A08", "ADT_A01", "2.5.1"),
    "mdm": Frame("mdm", "MDM", "T02", "MDM_T02", "2.5.1"),
}


def header(frame: Frame, sender: Sender, seed: str) -> SegmentRow:
    """The MSH of a message; without a control id of its own it gets one that its content determines.

    HL7 v2.5.1 §2.15.9; a control id has at most 20 characters.
    """
    sent = sender.sent
    stamp = sent.digits + sent.offset if sent else ""
    control = sender.control_id or hashlib.sha256(f"{seed}{frame.kind}".encode()).hexdigest()[:20].upper()
    event = (frame.code, frame.trigger, frame.structure) if frame.structure else (frame.code, frame.trigger)
    return "MSH", {
        3: sender.application or APPLICATION,
        4: sender.facility,
        7: stamp,
        9: event,
        10: control,
        11: "P",
        12: frame.version,
    }


class Composer:
    """Composes one message of a case; `segments` is what it has so far."""

    def __init__(self, frame: Frame, case: Case, crosswalk: Crosswalk) -> None:
        self.frame = frame
        self.case = case
        self.writer = Writer(crosswalk, frame.kind)
        seed = case.study.uid or repr(case.patient.identifiers)
        self.segments: list[SegmentRow] = [header(frame, case.sender, seed)]

    def patient(self) -> None:
        """PID with its comment, allergies and the visit, in the order of the message's structure."""
        pid: Fields = {}
        note: Fields = {}
        allergy: Fields = {}
        visit: Fields = {}
        targets = {"PID": pid, "NTE": note, "AL1": allergy, "PV1": visit}
        self.writer.fill("patient", self.case.patient, targets)
        self.writer.fill("visit", self.case.visit, targets)
        visit.setdefault(2, "U")
        pid.setdefault(5, ("", "", "", "", "", "", "U"))
        if self.frame.kind == "adt":
            sent = self.segments[0][1][7]
            self.segments.append(("EVN", {1: self.frame.trigger, 2: sent}))
        self.segments.append(("PID", pid))
        if note:
            self.segments.append(("NTE", {1: "1", **note}))
        self.segments.append(("PV1", visit))
        if allergy:
            self.segments.append(("AL1", {1: "1", **allergy}))

    def measures(self) -> list[Observation]:
        """What was measured of the patient, as observations."""
        return self._observed("measures", self.case.measures, "F")

    def _observed(self, record: str, value: object, status: str, sub_id: str = "") -> list[Observation]:
        self.writer.observations = []
        self.writer.fill(record, value, {}, sub_id=sub_id, status=status)
        return self.writer.observations

    def observe(self, observations: list[Observation], extra: Fields | None = None) -> None:
        """OBX segments, numbered from 1; `extra` fields go into the first."""
        for number, one in enumerate(observations, 1):
            fields: Fields = {1: str(number), 2: one.value_type, 3: one.code}
            if one.sub_id:
                fields[4] = one.sub_id
            fields[5] = one.value
            if one.unit:
                fields[6] = one.unit
            fields[11] = one.status
            if extra and number == 1:
                fields.update(extra)
            self.segments.append(("OBX", fields))

    def message(self) -> hl7.Message:
        """The message composed of the segments."""
        return hl7.compose(self.segments)


def available(composer: Composer) -> None:
    """ORU^R01 that tells of a study's images: an order each, its study, series and equipment.

    RAD TF-2 §4.28; HL7 v2.5.1 §7.3.1.
    """
    composer.patient()
    case = composer.case
    for index, order in enumerate(case.orders):
        common: Fields = {1: "SC", 5: "CM"}
        request: Fields = {1: str(index + 1)}
        first: Fields = {}
        writer = composer.writer
        found: list[Observation] = []
        writer.observations = found
        targets = {"ORC": common, "OBR": request, "OBX": first}
        writer.fill("order", order, targets, index)
        for step in order.steps:
            writer.fill("step", step, targets, index)
        if index == 0:
            _study(composer, targets)
        if 4 not in request:
            request[4] = ("", "Imaging study")
        request.setdefault(25, "R")
        composer.segments.append(("ORC", common))
        composer.segments.append(("OBR", request))
        found += composer.measures() if index == 0 else []
        composer.observe(found, first)


def _study(composer: Composer, targets: dict[str, Fields]) -> None:
    writer, study = composer.writer, composer.case.study
    writer.fill("study", study, targets)
    for number, series in enumerate(study.series, 1):
        sub_id = str(number)
        writer.fill("series", series, targets, number - 1, sub_id)
        writer.fill("equipment", series.equipment, targets, number - 1, sub_id)
        if len(study.series) == 1 and len(series.instances) == 1:
            writer.fill("instance", series.instances[0], targets, 0, f"{number}.1")


def order(composer: Composer) -> None:
    """OMI^O23, OMG^O19 or ORM^O01 that orders each step: RAD TF-2 §4.4; HL7 v2.5.1 §4.4.12."""
    composer.patient()
    for index, one in enumerate(composer.case.orders):
        steps = one.steps or (None,)
        if composer.frame.kind == "omi":
            _ordered(composer, one, steps, index)
        else:
            for step in steps:
                _ordered(composer, one, (step,), index)


def _ordered(composer: Composer, one: Order, steps: tuple[ScheduledStep | None, ...], index: int) -> None:
    kind = composer.frame.kind
    writer = composer.writer
    found: list[Observation] = []
    writer.observations = found
    common: Fields = {1: "NW"}
    request: Fields = {}
    timing: Fields = {}
    note: Fields = {}
    study: Fields = {}
    targets = {"ORC": common, "OBR": request, "TQ1": timing, "NTE(order)": note, "ZDS": study}
    writer.fill("order", one, targets, index)
    for series in composer.case.study.series[:1]:
        writer.fill("equipment", series.equipment, targets)
    items = []
    for number, step in enumerate(steps):
        item: Fields = {}
        if step is not None:
            writer.fill("step", step, {**targets, "IPC": item}, index if len(steps) == 1 else number)
        items.append(item)
    if 4 not in request:
        request[4] = ("", one.description or "Imaging procedure")
    request[1] = "1"
    composer.segments.append(("ORC", common))
    if kind == "omi" and timing:
        composer.segments.append(("TQ1", {1: "1", **timing}))
    composer.segments.append(("OBR", request))
    if note:
        composer.segments.append(("NTE", {1: "1", **note}))
    composer.observe([*found, *(composer.measures() if index == 0 else [])])
    if kind == "omi":
        _procedure_control(composer, one, items, index)
    elif study:
        study[1] = (study[1], "100", "Application", "DICOM")
        composer.segments.append(("ZDS", study))


def _procedure_control(composer: Composer, one: Order, items: list[Fields], index: int) -> None:
    """The IPC segments of an order, each of which repeats what they share: HL7 v2.5.1 §4.5.6."""
    for item in items:
        shared: Fields = {}
        composer.writer.fill("order", one, {"IPC": shared}, index)
        composer.segments.append(("IPC", {**shared, **item}))


def patient_update(composer: Composer) -> None:
    """ADT^A08 with what the images say of the patient: HL7 v2.5.1 §3.3.8."""
    composer.patient()
    allergy = composer.segments.pop() if composer.segments[-1][0] == "AL1" else None
    composer.observe(composer.measures())
    if allergy:
        composer.segments.append(allergy)


COMPOSERS = {
    "oru": available,
    "omi": order,
    "orm": order,
    "omg": order,
    "adt": patient_update,
}
