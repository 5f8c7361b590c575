"""The frozen records between the standards: what is said, apart from how a standard writes it.

Every translation goes from one standard into these records and from them into another, so that N
standards need N maps. A record knows no standard; empty fields mean that nothing was said.

What is exported here is loaded on first use.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Attribute": "report",
    "BodyMeasures": "patient",
    "Case": "case",
    "Coded": "codes",
    "Condition": "query",
    "Content": "report",
    "Disposition": "ledger",
    "Document": "report",
    "Entry": "ledger",
    "Equals": "query",
    "Equipment": "study",
    "Event": "holdings",
    "Exists": "query",
    "Found": "holdings",
    "Identifier": "identifiers",
    "Instance": "study",
    "Instant": "times",
    "Issuer": "identifiers",
    "Ledger": "ledger",
    "Level": "query",
    "Location": "holdings",
    "NameGroup": "names",
    "Order": "order",
    "Outcome": "holdings",
    "Patient": "patient",
    "Person": "names",
    "PersonName": "names",
    "Position": "report",
    "Quantity": "codes",
    "Query": "query",
    "Range": "query",
    "Reference": "report",
    "Report": "report",
    "ScheduledStep": "order",
    "Sender": "case",
    "Series": "study",
    "Signature": "report",
    "Source": "holdings",
    "Study": "study",
    "Verdict": "holdings",
    "Visit": "patient",
    "Wildcard": "query",
}
"""What the room exports, and the module that each name is in; `__init__.pyi` gives the types."""

__all__ = [*_HOMES]  # noqa: PLE0604  (names, each a text)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'chiasm.model' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value
