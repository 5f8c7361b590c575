"""What a kind of value is for FHIR: how it is written at a place, and read from one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import ValueFormatError
from ..fhir.primitives import problem

if TYPE_CHECKING:
    from ..model import Person
    from .fhir_nodes import Node
    from .fhir_places import FhirPlace


@dataclass(frozen=True, slots=True)
class Held:
    """The values to put at a place, the facets of the value that they do not hold, and what to note.

    `merge` says that the values are parts to add to the object that stands at the place.
    """

    values: tuple[Any, ...]
    unheld: frozenset[str] = frozenset()
    note: str = ""
    merge: bool = False


class People(Protocol):
    """Who gives references to practitioners."""

    def practitioner(self, person: Person) -> dict[str, Any]:
        """A reference to the resource of a person."""


class FhirKind(Protocol):
    """Writes and reads one type of value of the model.

    `to_fhir` raises ValueFormatError or MappingError for what the place cannot hold; `from_fhir` returns
    None, or an empty text or tuple, where nothing is said.
    """

    def to_fhir(self, value: Any, place: FhirPlace, people: People) -> Held:
        """What to write at the place."""

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> Any:
        """The value that the nodes at the place say."""


def checked(kind: str, value: Any) -> Any:
    """The value, if a primitive type admits it; raises ValueFormatError otherwise."""
    wrong = problem(kind, value)
    if wrong:
        raise ValueFormatError(f"'{str(value)[:60]}': {wrong}", rule="FHIR R4 §2.24.0.1")
    return value
