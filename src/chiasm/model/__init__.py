"""The frozen records between the standards: what is said, apart from how a standard writes it.

Every translation goes from one standard into these records and from them into another, so that N
standards need N maps. A record knows no standard; empty fields mean that nothing was said.
"""

from __future__ import annotations

from .case import Case, Sender
from .codes import Coded, Quantity
from .identifiers import Identifier, Issuer
from .ledger import Disposition, Entry, Ledger
from .names import NameGroup, Person, PersonName
from .order import Order, ScheduledStep
from .patient import BodyMeasures, Patient, Visit
from .report import Attribute, Content, Document, Position, Reference, Report, Signature
from .study import Equipment, Instance, Series, Study
from .times import Instant

__all__ = [
    "Attribute",
    "BodyMeasures",
    "Case",
    "Coded",
    "Content",
    "Disposition",
    "Document",
    "Entry",
    "Equipment",
    "Identifier",
    "Instance",
    "Instant",
    "Issuer",
    "Ledger",
    "NameGroup",
    "Order",
    "Patient",
    "Person",
    "PersonName",
    "Position",
    "Quantity",
    "Reference",
    "Report",
    "ScheduledStep",
    "Sender",
    "Series",
    "Signature",
    "Study",
    "Visit",
]
