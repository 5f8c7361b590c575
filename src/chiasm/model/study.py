"""What was made: the study, its series and instances, and the equipment that made them."""

from __future__ import annotations

from dataclasses import dataclass

from .codes import Coded
from .names import Person
from .times import Instant


@dataclass(frozen=True, slots=True)
class Equipment:
    """The device that made a series: PS3.3 §C.7.5.1."""

    manufacturer: str = ""
    model: str = ""
    serial_number: str = ""
    software_versions: tuple[str, ...] = ()
    station: str = ""
    institution: str = ""
    institution_address: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class Instance:
    """One composite object: PS3.3 §C.12.1. `frames` is 0 where the object has no frames."""

    uid: str
    sop_class: str = ""
    number: str = ""
    title: str = ""
    frames: int = 0


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a study: PS3.3 §C.7.3.1."""

    uid: str
    modality: str = ""
    number: str = ""
    description: str = ""
    body_part: str = ""
    laterality: str = ""
    protocol: str = ""
    started: Instant | None = None
    operators: tuple[Person, ...] = ()
    performers: tuple[Person, ...] = ()
    equipment: Equipment = Equipment()
    instances: tuple[Instance, ...] = ()


@dataclass(frozen=True, slots=True)
class Study:
    """One study: PS3.3 §C.7.2.1.

    `modalities` is the set found in the series, in their order: (0008,0061) never occurs in objects.
    """

    uid: str = ""
    identifier: str = ""
    description: str = ""
    started: Instant | None = None
    readers: tuple[Person, ...] = ()
    procedures: tuple[Coded, ...] = ()
    modalities: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()
