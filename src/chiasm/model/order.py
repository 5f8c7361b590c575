"""What was asked for: the order, its requested procedure and its scheduled steps."""

from __future__ import annotations

from dataclasses import dataclass

from .codes import Coded
from .identifiers import Issuer
from .names import Person
from .times import Instant


@dataclass(frozen=True, slots=True)
class ScheduledStep:
    """One scheduled procedure step: PS3.3 §C.4.10; HL7 v2.5.1 §4.5.6 (IPC)."""

    identifier: str = ""
    description: str = ""
    protocols: tuple[Coded, ...] = ()
    start: Instant | None = None
    modality: str = ""
    stations: tuple[str, ...] = ()
    ae_titles: tuple[str, ...] = ()
    location: str = ""
    performer: tuple[Person, ...] = ()
    premedication: str = ""
    contrast: str = ""
    status: str = ""
    comments: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One imaging service request with one requested procedure.

    PS3.3 §C.4.11 and §C.4.12; HL7 v2.5.1 §4.5.1 (ORC) and §4.5.3 (OBR); RAD TF-2 §4.4.
    """

    placer_number: str = ""
    placer_issuer: Issuer = Issuer()
    filler_number: str = ""
    filler_issuer: Issuer = Issuer()
    accession_number: str = ""
    accession_issuer: Issuer = Issuer()
    procedure_id: str = ""
    procedures: tuple[Coded, ...] = ()
    description: str = ""
    study_uid: str = ""
    reason: str = ""
    reason_codes: tuple[Coded, ...] = ()
    priority: str = ""
    requester: tuple[Person, ...] = ()
    requesting_service: str = ""
    entered_by: str = ""
    callback_phone: str = ""
    issued: Instant | None = None
    clinical_information: str = ""
    medical_alerts: str = ""
    patient_state: str = ""
    transport: str = ""
    comments: str = ""
    control: str = ""
    status: str = ""
    steps: tuple[ScheduledStep, ...] = ()
