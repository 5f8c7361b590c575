"""What an ADT message changes in a stored object: the patient's attributes, and nothing else.

RAD TF-2 §4.12; HL7 v2.5.1 §3.3.8, §3.3.40. The object's bytes stay as they are but for the elements
that change. A field with the explicit null empties its elements; an absent field changes nothing.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from ..errors import MappingError
from ..model import Identifier, Patient
from . import account, case_dicom, case_v2
from .data_sets import DataSetWriter
from .kinds import KINDS
from .reading import FieldReader
from .result import Result
from .writing import Written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..dicom import DataSet, Package
    from ..hl7 import Message
    from ..model import Entry
    from .crosswalk import Crosswalk

MERGES = frozenset({"A18", "A34", "A35", "A36", "A39", "A40", "A46", "A47", "A49"})
"""Events that replace one patient identifier by another; MRG-1 has the one replaced."""


def apply(message: Message, package: Package, crosswalk: Crosswalk) -> Result:
    """The object with the patient's attributes as the message has them.

    Raises MappingError where the object is not of the message's patient: by identifier and issuer, that
    of PID-3, or that of MRG-1 where the message merges.
    """
    reading = case_v2.read(message, crosswalk)
    stored = case_dicom.read(package.data, crosswalk).case.patient
    patient = reading.case.patient
    trigger = str(message["MSH-9.2"] or "")
    _same_patient(stored, _known_by(message, patient, trigger))
    writer = DataSetWriter(crosswalk)
    changed = _changed(patient, stored)
    writer.fill("patient", changed, package.data)
    for field in fields(Patient):
        concept = f"patient.{field.name}"
        if getattr(patient, field.name) and not getattr(changed, field.name):
            row = crosswalk.row(concept)
            if row is not None and row.tags:
                writer.written[concept, 0] = _unchanged(row.tags[0])
    _empty(reading.nulls, crosswalk, package.data)

    def entries() -> Iterator[Entry]:
        return account.of_message(message, reading, writer.written, writer.refused, "a patient module")

    return Result(package.encode(), "patient", entries, tuple(package.findings))


def _unchanged(tag: int) -> Written:
    return Written(f"{tag:08X}", notes=frozenset({"the object says so already"}))


def _known_by(message: Message, patient: Patient, trigger: str) -> tuple[Identifier, ...]:
    """The identifiers by which the message knows the stored patient."""
    if trigger not in MERGES:
        return patient.identifiers
    found: list[Identifier] = []
    for number, segment in enumerate(message.segments_named("MRG"), 1):
        prior = KINDS["patient-identifiers"].from_v2(FieldReader(f"MRG[{number}]-1", segment.value(1)))
        found += prior if isinstance(prior, tuple) else ()
    return tuple(found)


def _same_patient(stored: Patient, known: tuple[Identifier, ...]) -> None:
    for one in stored.identifiers:
        for other in known:
            if one.value == other.value and _same_issuer(one, other):
                return
    raise MappingError(
        "the object is of another patient than the message",
        place="00100020",
        rule="RAD TF-2 §4.12",
        hint="identifier and issuer must both be the same; nothing was changed",
    )


def _same_issuer(one: Identifier, other: Identifier) -> bool:
    """Whether two issuers may be the same: one that is not named contradicts nothing."""
    if not one.issuer or not other.issuer:
        return True
    if one.issuer.universal and other.issuer.universal:
        return one.issuer.universal == other.issuer.universal
    return one.issuer.namespace == other.issuer.namespace


def _changed(patient: Patient, stored: Patient) -> Patient:
    """The patient with only what differs from the stored one."""
    same = {
        field.name: field.default
        for field in fields(Patient)
        if getattr(patient, field.name) == getattr(stored, field.name)
    }
    return replace(patient, **same)  # type: ignore[arg-type]  # each default is of its own field


def _empty(nulls: dict[str, str], crosswalk: Crosswalk, data: DataSet) -> None:
    for concept in nulls:
        row = crosswalk.row(concept)
        if row is not None and row.record == "patient":
            for tag in row.tags:
                if tag in data:
                    data[tag] = None
