"""The frozen records between the standards: what is said, apart from how a standard writes it.

Every translation goes from one standard into these records and from them into another, so that N
standards need N maps. A record knows no standard; empty fields mean that nothing was said.
"""

from __future__ import annotations

from .case import Case, Sender
from .codes import Coded, Quantity
from .holdings import Event, Found, Location, Outcome, Source, Verdict
from .identifiers import Identifier, Issuer
from .ledger import Disposition, Entry, Ledger
from .names import NameGroup, Person, PersonName
from .order import Order, ScheduledStep
from .patient import BodyMeasures, Patient, Visit
from .query import Condition, Equals, Exists, Level, Query, Range, Wildcard
from .report import Attribute, Content, Document, Position, Reference, Report, Signature
from .study import Equipment, Instance, Series, Study
from .times import Instant

__all__ = [
    "Attribute",
    "BodyMeasures",
    "Case",
    "Coded",
    "Condition",
    "Content",
    "Disposition",
    "Document",
    "Entry",
    "Equals",
    "Equipment",
    "Event",
    "Exists",
    "Found",
    "Identifier",
    "Instance",
    "Instant",
    "Issuer",
    "Ledger",
    "Level",
    "Location",
    "NameGroup",
    "Order",
    "Outcome",
    "Patient",
    "Person",
    "PersonName",
    "Position",
    "Quantity",
    "Query",
    "Range",
    "Reference",
    "Report",
    "ScheduledStep",
    "Sender",
    "Series",
    "Signature",
    "Source",
    "Study",
    "Verdict",
    "Visit",
    "Wildcard",
]
