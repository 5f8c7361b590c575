"""Names and persons: HumanName and Practitioner in FHIR.

A name is one HumanName for each of its writings; ideographic and phonetic ones say so by the extension
`iso21090-EN-representation`, and so does an alphabetic one that has others beside it. The middle names
of DICOM and v2 are the given names after the first. FHIR R4 §2.24.0.14.1; PS3.5 §6.2.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model import NameGroup, Person, PersonName
from .fhir_kind import Held, checked
from .fhir_terms import from_identifier
from .names import from_pn, to_pn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .fhir_kind import People
    from .fhir_nodes import Node
    from .fhir_places import FhirPlace

_EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
REPRESENTATION, QUALIFIER = f"{_EXTENSION}iso21090-EN-representation", f"{_EXTENSION}iso21090-EN-qualifier"
_WRITINGS = ("ABC", "IDE", "SYL")

USES = {"L": "official", "M": "maiden", "D": "usual", "N": "nickname", "S": "anonymous", "A": "nickname"}
"""Name types of HL7 table 0200 and name uses; where the v2-to-FHIR map is silent (A, S), the nearest."""

_TYPES = {use: code for code, use in reversed(USES.items())} | {"temp": "", "old": ""}


def human_names(name: PersonName) -> list[dict[str, Any]]:
    """A HumanName for each writing of a name."""
    groups = (name.alphabetic, name.ideographic, name.phonetic)
    alone = not (name.ideographic or name.phonetic)
    found = []
    for group, writing in zip(groups, _WRITINGS, strict=True):
        if group:
            one = _human_name(group, USES.get(name.use, ""))
            if not alone:
                one = {"extension": [{"url": REPRESENTATION, "valueCode": writing}], **one}
            found.append(one)
    return found


def _human_name(group: NameGroup, use: str) -> dict[str, Any]:
    found: dict[str, Any] = {"use": use} if use else {}
    if group.family:
        found["family"] = checked("string", group.family)
    if group.given or group.middle:
        found["given"] = [checked("string", part) for part in (group.given, group.middle) if part]
        if not group.given:
            found["_given"] = [_qualified("MID")]
    if group.prefix:
        found["prefix"] = [checked("string", group.prefix)]
    if group.suffix or group.degree:
        found["suffix"] = [checked("string", part) for part in (group.suffix, group.degree) if part]
        if group.degree:
            found["_suffix"] = [None, _qualified("AC")] if group.suffix else [_qualified("AC")]
    return found


def _qualified(code: str) -> dict[str, Any]:
    return {"extension": [{"url": QUALIFIER, "valueCode": code}]}


def from_human_names(nodes: Iterable[Node]) -> tuple[PersonName, ...]:
    """The names of a list of HumanName; writings of one name stand one after the other."""
    found: list[tuple[str, dict[str, NameGroup]]] = []
    for node in nodes:
        use = _TYPES.get(node.text("use"), "")
        writing = _extended(node, REPRESENTATION)
        group = _group(node)
        if not group:
            continue
        last = found[-1] if found else None
        if (
            last
            and writing in {"IDE", "SYL"}
            and "" not in last[1]
            and writing > max(last[1])
            and last[0] == use
        ):
            last[1][writing] = group
        else:
            found.append((use, {writing: group}))
    return tuple(
        PersonName(
            groups.get("ABC") or groups.get("") or NameGroup(),
            groups.get("IDE", NameGroup()),
            groups.get("SYL", NameGroup()),
            use,
        )
        for use, groups in found
    )


def _group(node: Node) -> NameGroup:
    given = [text for text in node.texts("given") if text]
    suffixes = node.texts("suffix")
    academic = [_extended(one, QUALIFIER) == "AC" for one in node.children("_suffix")]
    academic += [False] * (len(suffixes) - len(academic))
    suffix = " ".join(text for text, degree in zip(suffixes, academic, strict=False) if text and not degree)
    degree = " ".join(text for text, is_degree in zip(suffixes, academic, strict=False) if is_degree)
    prefix = " ".join(node.texts("prefix"))
    family = node.text("family")
    only_middle = [_extended(one, QUALIFIER) == "MID" for one in node.children("_given")][:1] == [True]
    first, middle = ("", " ".join(given)) if only_middle else (given[0] if given else "", " ".join(given[1:]))
    if not (family or given or prefix or suffix or degree):
        return NameGroup(node.text("text"))
    return NameGroup(family, first, middle, prefix, suffix, degree)


def _extended(node: Node, url: str) -> str:
    for one in node.children("extension"):
        if isinstance(one.value, dict) and one.value.get("url") == url:
            one.text("url")
            return one.text("valueCode")
    return ""


class NamesKind:
    """All names of a patient: `Patient.name`."""

    def to_fhir(self, value: tuple[PersonName, ...], place: FhirPlace, people: People) -> Held:
        """A HumanName for each writing of each name."""
        unsaid = sorted({name.use for name in value if name.use and name.use not in USES})
        note = f"no use of a HumanName says {', '.join(unsaid)}" if unsaid else ""
        return Held(tuple(one for name in value for one in human_names(name)), note=note)

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> tuple[PersonName, ...]:
        """The names."""
        return from_human_names(nodes)


class NameTextKind:
    """A name where FHIR has a text: written as PN, which says its parts. PS3.5 §6.2.1."""

    def to_fhir(self, value: PersonName, place: FhirPlace, people: People) -> Held:
        """The name as PN."""
        return Held((checked(place.type, to_pn(value)),))

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> PersonName | None:
        """The name of the first node."""
        text = nodes[0].leaf() if nodes else ""
        return from_pn(text) if text else None


class PersonsKind:
    """Persons who act: references to practitioners; where one alone can stand, the first."""

    def to_fhir(self, value: tuple[Person, ...], place: FhirPlace, people: People) -> Held:
        """A reference each."""
        kept = value if place.many else value[:1]
        note = "" if len(kept) == len(value) else f"of {len(value)} persons the first alone has a place"
        return Held(tuple(people.practitioner(person) for person in kept), frozenset({"meaning"}), note)

    def from_fhir(self, nodes: list[Node], place: FhirPlace) -> tuple[Person, ...]:
        """The persons that the references point at; those of practitioners alone."""
        found = (_person(node) for node in nodes)
        return tuple(one for one in found if one is not None)


def _person(node: Node) -> Person | None:
    resolved = node.resolve()
    if resolved is None:
        if node.value.get("type") not in {None, "Practitioner"} if isinstance(node.value, dict) else True:
            return None
        display = node.text("display")
        return Person(PersonName(NameGroup(display))) if display else None
    if resolved.is_a("PractitionerRole"):
        for one in resolved.children("practitioner"):
            return _person(one)
    if not resolved.is_a("Practitioner"):
        return None
    names = from_human_names(resolved.children("name"))
    issued = [one for one in map(from_identifier, resolved.children("identifier")) if one]
    node.text("display")
    if not names and not issued:
        return None
    return Person(names[0] if names else PersonName(), issued[0] if issued else None)
