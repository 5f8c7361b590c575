"""The kinds of value that rows of the crosswalk name: each reads and writes one type of the model.

A kind is four functions, two for each standard. Reading notes what it read; writing gives back the
facets of the value that the target cannot hold, so that the ledger tells of them.
"""

from __future__ import annotations

from typing import Final

from . import codes, identifiers, names, text, times, value_sets
from .kind import Kind

KINDS: Final[dict[str, Kind]] = {
    "text": text.TextKind(),
    "texts": text.TextsKind(),
    "integer": text.IntegerKind(),
    "address": text.AddressKind(),
    "address-text": text.TextKind(),
    "person-text": text.PersonTextKind(),
    "sex": value_sets.SEX,
    "section": value_sets.SectionKind(),
    "pregnancy": value_sets.PREGNANCY,
    "priority": value_sets.PRIORITY,
    "date-time": times.DateTimeKind(),
    "quantity": text.QuantityKind(),
    "age": text.AgeKind(),
    "name": names.NameKind(),
    "patient-names": names.PatientNamesKind(),
    "persons": names.PersonsKind(),
    "named-persons": names.NamedPersonsKind(),
    "patient-identifiers": identifiers.PatientIdentifiersKind(),
    "issuer": identifiers.IssuerKind(),
    "hd": identifiers.HdKind(),
    "code": codes.CodeKind(),
    "codes": codes.CodesKind(),
}
