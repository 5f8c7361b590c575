"""Texts, codes, quantities and identifiers: how each kind of value is written and read in FHIR."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from ..errors import MappingError, ValueFormatError
from ..fhir import Number
from ..fhir.numbers import is_number
from ..model import Coded, Identifier, Issuer, Quantity
from . import fhir_terms as terms
from .codes import FURTHER
from .fhir_kind import Held, checked

if TYPE_CHECKING:
    from .fhir_kind import People
    from .fhir_nodes import Node
    from .fhir_places import FhirPlace

_WHOLE = frozenset({"integer", "unsignedInt", "positiveInt"})


class TextKind:
    """One text, or a whole number where the place wants one."""

    def to_fhir(self, value: str, place: FhirPlace, people: People) -> Held:
        """The text as it is."""
        if place.type in _WHOLE:
            return self._whole(value, place)
        return Held((checked(place.type, value),))

    def _whole(self, value: str, place: FhirPlace) -> Held:
        text = str(value).strip()
        try:
            number = int(text)
        except ValueError:
            raise ValueFormatError(f"'{text}' is not a whole number", rule="FHIR R4 §2.24.0.1") from None
        note = "" if str(number) == text else f"'{text}' is written as {number}"
        return Held((checked(place.type, number),), note=note)

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> str:
        """The text of the first node."""
        return nodes[0].leaf() if nodes else ""


class TextsKind:
    """Several texts, one node each."""

    def to_fhir(self, value: tuple[str, ...], place: FhirPlace, people: People) -> Held:
        """The texts as they are."""
        kept = value if place.many else value[:1]
        note = "" if len(kept) == len(value) else f"of {len(value)} values the first alone has a place"
        return Held(tuple(checked(place.type, one) for one in kept), note=note)

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> tuple[str, ...]:
        """The texts of all nodes."""
        return tuple(text for text in (node.leaf() for node in nodes) if text)


class UidKind:
    """A UID as a URN of its OID: `urn:oid:1.2.840`. FHIR R4 §6.11.5."""

    def to_fhir(self, value: str, place: FhirPlace, people: People) -> Held:
        """The URN; raises ValueFormatError for what is no UID."""
        return Held((terms.uid(value),))

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> str:
        """The UID of the first node, with or without the form of a URN."""
        return nodes[0].leaf().removeprefix(terms.UID_PREFIX) if nodes else ""


class UidCodingKind:
    """A UID as a Coding of `urn:ietf:rfc:3986`, as ImagingStudy has SOP classes."""

    def to_fhir(self, value: str, place: FhirPlace, people: People) -> Held:
        """The Coding."""
        return Held(({"system": terms.URI_SYSTEM, "code": terms.uid(value)},))

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> str:
        """The UID of the first Coding."""
        for node in nodes:
            node.text("system")
            return node.text("code").removeprefix(terms.UID_PREFIX)
        return ""


class CodeKind:
    """One concept; where there are several, and one has a place, the first."""

    def to_fhir(self, value: Coded | tuple[Coded, ...], place: FhirPlace, people: People) -> Held:
        """A Coding or CodeableConcept each."""
        values = (value,) if isinstance(value, Coded) else value
        kept = values if place.many else values[:1]
        for one in kept:
            _check(one)
        write = terms.coding if place.type == "Coding" else terms.concept
        return Held(
            tuple(write(one) for one in kept),
            frozenset() if len(kept) == len(values) else frozenset({FURTHER}),
        )

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> Coded | None:
        """The concept of the first node that has one."""
        return next(iter(_concepts(nodes, place)), None)


class CodesKind(CodeKind):
    """Several concepts."""

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> tuple[Coded, ...]:  # type: ignore[override]  # several here
        """The concepts of all nodes that have one."""
        return tuple(_concepts(nodes, place))


def _check(one: Coded) -> None:
    if one.code:
        checked("code", one.code)
    for text in (one.meaning, one.version):
        if text:
            checked("string", text)


def _concepts(nodes: list[Node], place: FhirPlace) -> list[Coded]:
    read = terms.from_coding if place.type == "Coding" else terms.from_concept
    return [one for one in map(read, nodes) if one]


class ModalityKind:
    """Modalities: codes of DCM, CID 29. Where other details stand beside them, these are passed by."""

    def __init__(self, *, several: bool = False) -> None:
        self._several = several

    def to_fhir(self, value: str | tuple[str, ...], place: FhirPlace, people: People) -> Held:
        """A Coding or CodeableConcept each."""
        found = []
        for one in (value,) if isinstance(value, str) else value:
            said = {"system": terms.DCM, "code": checked("code", one)}
            found.append(said if place.type == "Coding" else {"coding": [said]})
        return Held(tuple(found))

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> Any:
        """The codes."""
        codings = (
            nodes if place.type == "Coding" else [one for node in nodes for one in node.children("coding")]
        )
        found = []
        for one in codings:
            if isinstance(one.value, dict) and one.value.get("system") == terms.DCM:
                found.append(one.text("code"))
                one.text("system")
                one.text("display")
        return tuple(found) if self._several else next(iter(found), "")


class DetailsKind(CodesKind):
    """Protocols among the details of an order: all but modalities."""

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> tuple[Coded, ...]:  # type: ignore[override]  # several here
        """The concepts that are no modality."""
        return super().from_fhir([node for node in nodes if not _is_modality(node.value)], place)


def _is_modality(value: Any) -> bool:
    codings = value.get("coding") if isinstance(value, dict) else None
    first = codings[0] if isinstance(codings, list) and codings else None
    if not isinstance(first, dict) or first.get("system") != terms.DCM:
        return False
    code = str(first.get("code"))
    return code.isupper() and len(code) <= 8


class SaidKind:
    """A text that stands for a code: a CodeableConcept with text alone, a Coding with display alone."""

    def to_fhir(self, value: str, place: FhirPlace, people: People) -> Held:
        """The text."""
        return Held(({"display" if place.type == "Coding" else "text": checked("string", value)},))

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> str:
        """The text of the first node that has no code."""
        for node in nodes:
            if isinstance(node.value, dict) and not node.value.keys() & {"coding", "code"}:
                return node.text("display" if place.type == "Coding" else "text")
        return ""


class TableKind:
    """A value of a closed set that FHIR spells differently; `pairs` are (model, FHIR), the first wins.

    What FHIR has no word for is refused.
    """

    def __init__(
        self, name: str, pairs: tuple[tuple[str, str], ...], system: str = "", *, open_ended: bool = False
    ) -> None:
        self._name = name
        self._system = system
        self._to = dict(reversed(pairs))
        self._from = {there: here for here, there in reversed(pairs)}
        self._open = open_ended

    def to_fhir(self, value: str, place: FhirPlace, people: People) -> Held:
        """The code, as far as it goes one for one."""
        code = self._to.get(value)
        if code is None:
            if self._open:
                return Held(({"display": checked("string", value)},))
            raise MappingError(f"FHIR has no word for {self._name} '{value}'")
        note = "" if self._from[code] == value else f"FHIR has no other word for '{value}' than '{code}'"
        if place.type == "Coding":
            return Held(({"system": self._system, "code": code},), note=note)
        if place.type == "CodeableConcept":
            return Held(({"coding": [{"system": self._system, "code": code}]},), note=note)
        return Held((code,), note=note)

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> str:
        """The value of the first node; raises MappingError for a code of which the model has none."""
        for node in nodes:
            code = self._code(node, place)
            if code in self._from:
                return self._from[code]
            if self._open:
                return node.text("display")
            raise MappingError(f"'{code}' is no {self._name} that has a word here")
        return ""

    def _code(self, node: Node, place: FhirPlace) -> str:
        if place.type == "CodeableConcept":
            for one in node.children("coding"):
                one.text("system")
                return one.text("code")
            return ""
        if place.type == "Coding":
            node.text("system")
            return node.text("code")
        return node.leaf()


class QuantityKind:
    """A number with its unit. FHIR R4 §2.24.0.7."""

    def to_fhir(self, value: Quantity, place: FhirPlace, people: People) -> Held:
        """The Quantity; a number that JSON writes differently is rewritten, and noted."""
        number, note = to_number(value.value)
        return Held(({"value": number, **unit(value.unit)},), note=note)

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> Quantity | None:
        """The number with its unit."""
        for node in nodes:
            value = node.text("value")
            code, system, shown = node.text("code"), node.text("system"), node.text("unit")
            if value:
                return Quantity(value, Coded(code, terms.scheme_of(system) if system else "", shown))
        return None


def unit(said: Coded) -> dict[str, Any]:
    """The parts of a Quantity that say its unit."""
    found: dict[str, Any] = {}
    if said.meaning or said.code:
        found["unit"] = said.meaning or said.code
    if said.code and said.scheme:
        found["system"] = terms.system_of(said.scheme)
        found["code"] = checked("code", said.code)
    return found


def to_number(text: str) -> tuple[Number, str]:
    """A decimal string as a number of JSON, and what to note where it had to be rewritten.

    Raises ValueFormatError for what is no number. PS3.5 §6.2 (DS).
    """
    stripped = text.strip()
    if is_number(stripped):
        return Number(stripped), ""
    try:
        written = str(Decimal(stripped))
    except InvalidOperation:
        written = ""
    if not is_number(written):
        raise ValueFormatError(f"'{text}' is not a number", rule="FHIR R4 §2.24.0.1")
    return Number(written), f"'{stripped}' is written as {written}"


class IdentifiersKind:
    """All identifiers of a patient, the primary one first."""

    def to_fhir(self, value: tuple[Identifier, ...], place: FhirPlace, people: People) -> Held:
        """An Identifier each; of an assigning facility FHIR knows nothing."""
        for one in value:
            checked("string", one.value)
            if one.kind:
                checked("code", one.kind)
        lost = [f"{one.facility.namespace}&{one.facility.universal}" for one in value if one.facility]
        note = f"an Identifier has no place for the assigning facility {', '.join(lost)}" if lost else ""
        return Held(tuple(terms.identifier(one) for one in value), note=note)

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> tuple[Identifier, ...]:
        """The identifiers that have a value."""
        return tuple(one for one in map(terms.from_identifier, nodes) if one)


class IssuerKind:
    """An issuer beside its identifier: the system and assigner of an Identifier."""

    def to_fhir(self, value: Issuer, place: FhirPlace, people: People) -> Held:
        """The parts, to be added to the Identifier."""
        return Held((terms.issuer(value),), merge=True)

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> Issuer | None:
        """The issuer of the first Identifier."""
        return (terms.from_issuer(nodes[0]) or None) if nodes else None


_XAD = (("line", 0), ("line", 1), ("city", 2), ("state", 3), ("postalCode", 4), ("country", 5))


class AddressKind:
    """A postal address: one text, or the components of an XAD joined by carets, as the model has it."""

    def to_fhir(self, value: str, place: FhirPlace, people: People) -> Held:
        """The parts where the text has parts that come back as they were, else the text."""
        parts = [part.strip() for part in value.split("^")]
        found: dict[str, Any] = {}
        for name, number in _XAD:
            if number < len(parts) and parts[number]:
                if name == "line":
                    found.setdefault("line", []).append(parts[number])
                else:
                    found[name] = parts[number]
        if "^" not in value or len(found) < 2 or _joined(found) != value:
            found = {"text": value}
        for one in found.values():
            for text in one if isinstance(one, list) else (one,):
                checked("string", text)
        return Held((found,))

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> str:
        """The first address that says more than a country."""
        for node in nodes:
            if node.has_only("country"):
                continue
            text = node.text("text")
            if text:
                return text
            found = {name: node.text(name) for name in ("city", "state", "postalCode", "country")}
            return _joined({**found, "line": node.texts("line")})
        return ""


def _joined(found: dict[str, Any]) -> str:
    lines = [*found.get("line", ()), "", ""][:2]
    rest = [found.get(name, "") for name, number in _XAD if number > 1]
    return "^".join([*lines, *rest]).rstrip("^")


class ResidenceKind:
    """A country of residence: an Address that says nothing else."""

    def to_fhir(self, value: str, place: FhirPlace, people: People) -> Held:
        """The Address."""
        return Held(({"country": checked("string", value)},))

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> str:
        """The country of the first such Address."""
        return next((node.text("country") for node in nodes if node.has_only("country")), "")
