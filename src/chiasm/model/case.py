"""The whole of what one conversion carries from one standard to another."""

from __future__ import annotations

from dataclasses import dataclass

from .order import Order
from .patient import BodyMeasures, Patient, Visit
from .report import Document, Report
from .study import Study
from .times import Instant


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent it, when, and in which character set it was written (an HL7 table 0211 term)."""

    application: str = ""
    facility: str = ""
    sent: Instant | None = None
    control_id: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One patient's imaging as a conversion sees it; each part may be empty."""

    patient: Patient = Patient()
    visit: Visit = Visit()
    measures: BodyMeasures = BodyMeasures()
    orders: tuple[Order, ...] = ()
    study: Study = Study()
    reports: tuple[Report, ...] = ()
    documents: tuple[Document, ...] = ()
    sender: Sender = Sender()
