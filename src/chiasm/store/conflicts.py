"""What does not agree in what is held: two patients under one identifier, one study under two patients.

Nothing is refused or changed for it: the first stays what is shown, all are found, and people are told.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .extract import Part

TWO_PATIENTS = "two-patients-one-identifier"
TWO_HOLDERS = "one-study-two-patients"

_NAME, _BIRTH, _SEX = "00100010", "00100030", "00100040"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One disagreement: `patients` are the index's numbers of the patients, `study` a UID or empty.

    `evidence` holds what differs, by attribute: what is held and what came. `resolved` is empty while open.
    """

    id: int
    kind: str
    study: str
    patients: tuple[int, ...]
    evidence: dict[str, Any]
    first_seen: str
    resolved: str


def differences(held: dict[str, Any], came: Part) -> dict[str, list[list[str]]]:
    """The attributes by which two patients under one identifier differ: [held, came] of each, as compared.

    A name differs where no group that both have is the same; a birth date or sex, where both have one.
    """
    found: dict[str, list[list[str]]] = {}
    for tag in (_NAME, _BIRTH, _SEX):
        before, now = list(held.get(tag) or []), list(came.keys.get(tag) or [])
        if before and now and not set(before) & set(now):
            found[tag] = [before, now]
    return found


def of_row(row: Sequence[Any]) -> Conflict:
    """The record of a row: id, kind, study, patients, evidence, first seen, resolved."""
    number, kind, study, patients, evidence, first_seen, resolved = row
    return Conflict(
        number, kind, study, tuple(json.loads(patients)), json.loads(evidence), first_seen, resolved
    )
