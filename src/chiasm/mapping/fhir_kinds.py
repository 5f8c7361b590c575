"""Which kind of value a concept is in FHIR: by its own rule where it has one, else by the kind of its row."""

from __future__ import annotations

from typing import Any, Final

from . import fhir_people, fhir_times, fhir_values
from . import fhir_terms as terms

OF_CONCEPT: Final[dict[str, Any]] = {
    "order.study_uid": fhir_values.UidKind(),
    "instance.sop_class": fhir_values.UidCodingKind(),
    "series.modality": fhir_values.ModalityKind(),
    "step.modality": fhir_values.ModalityKind(),
    "study.modalities": fhir_values.ModalityKind(several=True),
    "series.body_part": fhir_values.SaidKind(),
    "series.laterality": fhir_values.TableKind(
        "laterality",
        (("R", "24028007"), ("L", "7771000"), ("B", "51440002")),
        terms.SNOMED,
        open_ended=True,
    ),
    "order.reason": fhir_values.SaidKind(),
    "step.protocols": fhir_values.DetailsKind(),
    "patient.country": fhir_values.ResidenceKind(),
    "patient.mother_birth_name": fhir_people.NameTextKind(),
}
"""Concepts whose form in FHIR their kind alone does not say."""

OF_KIND: Final[dict[str, Any]] = {
    "text": fhir_values.TextKind(),
    "texts": fhir_values.TextsKind(),
    "integer": fhir_values.TextKind(),
    "address": fhir_values.AddressKind(),
    "address-text": fhir_values.TextKind(),
    "person-text": fhir_values.TextKind(),
    "sex": fhir_values.TableKind(
        "sex",
        (("M", "male"), ("F", "female"), ("O", "other"), ("U", "unknown"), ("A", "other"), ("N", "other")),
    ),
    "pregnancy": fhir_values.TableKind("pregnancy status", (("B6", "B6"),), f"{terms.V2}0009"),
    "priority": fhir_values.TableKind("priority", (("S", "stat"), ("A", "asap"), ("R", "routine"))),
    "date-time": fhir_times.MomentKind(),
    "quantity": fhir_values.QuantityKind(),
    "age": fhir_values.QuantityKind(),
    "name": fhir_people.NameTextKind(),
    "patient-names": fhir_people.NamesKind(),
    "persons": fhir_people.PersonsKind(),
    "named-persons": fhir_people.PersonsKind(),
    "patient-identifiers": fhir_values.IdentifiersKind(),
    "issuer": fhir_values.IssuerKind(),
    "hd": fhir_values.IssuerKind(),
    "code": fhir_values.CodeKind(),
    "codes": fhir_values.CodesKind(),
}
"""By the kind of a row. Codes follow the v2-to-FHIR maps of tables 0001, 0485 and 0009."""


def kind_of(concept: str, kind: str) -> Any:
    """The FHIR kind of one row; None for a kind of which FHIR has none."""
    return OF_CONCEPT.get(concept) or OF_KIND.get(kind)
