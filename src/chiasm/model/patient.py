"""The patient and the visit."""

from __future__ import annotations

from dataclasses import dataclass

from .codes import Coded, Quantity
from .identifiers import Identifier, Issuer
from .names import Person, PersonName
from .times import Instant


@dataclass(frozen=True, slots=True)
class Patient:
    """The subject of care: PS3.3 §C.2.2 and §C.2.3; HL7 v2.5.1 §3.4.2; FHIR R4 §8.1.

    `identifiers` begins with the primary one; `names` with the legal one.
    """

    identifiers: tuple[Identifier, ...] = ()
    names: tuple[PersonName, ...] = ()
    mother_birth_name: PersonName | None = None
    birth_date: Instant | None = None
    sex: str = ""
    ethnic_group: str = ""
    address: str = ""
    phones: tuple[str, ...] = ()
    language: Coded | None = None
    religion: str = ""
    country: str = ""
    military_rank: str = ""
    species: Coded | None = None
    breed: Coded | None = None
    responsible_person: str = ""
    allergies: str = ""
    comments: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """The encounter in which the imaging takes place: PS3.3 §C.3; HL7 v2.5.1 §3.4.3."""

    admission_id: str = ""
    admission_issuer: Issuer = Issuer()
    location: str = ""
    referring: tuple[Person, ...] = ()
    consulting: tuple[Person, ...] = ()
    attending: tuple[Person, ...] = ()
    pregnancy: str = ""
    special_needs: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class BodyMeasures:
    """What is measured of the patient at the visit: PS3.3 §C.7.2.2."""

    size: Quantity | None = None
    weight: Quantity | None = None
    age: Quantity | None = None
