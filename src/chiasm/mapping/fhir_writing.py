"""Writing records into resources by the crosswalk, with the account of where each concept went.

A bundle in the making is a list of drafts; a scope says which draft each resource of a place means, and
makes it when something is first put there. References between drafts are filled in at the end, when the
content, and with it every full URL, is known.
"""

from __future__ import annotations

import functools
import hashlib
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import ChiasmError
from ..fhir import Resource
from ..fhir.numbers import dump
from .crosswalk import Crosswalk
from .fhir_kinds import kind_of
from .fhir_people import human_names
from .fhir_places import FhirPlace, Step, places
from .fhir_terms import identifier
from .names import to_pn
from .writing import Written

if TYPE_CHECKING:
    from ..model import Person

Content = dict[str, Any]
Way = tuple[str, ...]

_NAMESPACE = uuid.UUID("6f1f2a4e-5a0c-5a51-9a0e-2b7c8f0d3e11")
"""The name space of the full URLs; a number of Chiasm's own."""

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

MEANING = "meaning"
"""The facet of a person's code that no place holds, so that it tells nothing of one place or another."""

CODED = {
    "Encounter.participant.type": ("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", {}),
    "ImagingStudy.series.performer.function": (
        "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
        {},
    ),
    "Identifier.type": (
        "http://terminology.hl7.org/CodeSystem/v2-0203",
        {
            "PLAC": "Placer Identifier",
            "FILL": "Filler Identifier",
            "ACSN": "Accession ID",
            "VN": "Visit number",
        },
    ),
    "Organization.type": (
        "http://terminology.hl7.org/CodeSystem/organization-type",
        {"prov": "Healthcare Provider", "dept": "Hospital Department"},
    ),
    "Task.input.type": (
        "http://dicom.nema.org/resources/ontology/DCM",
        {"121139": "Modality", "125203": "Acquisition Protocol"},
    ),
    "Observation.code": (
        "http://loinc.org",
        {
            "8302-2": "Body height",
            "29463-7": "Body weight",
            "30525-0": "Age",
            "82810-3": "Pregnancy status",
            "11329-0": "History general Narrative - Reported",
            "48767-8": "Annotation comment [Interpretation] Narrative",
        },
    ),
}
"""The systems of the codes by which places choose among several, with their displays."""

WritePlan = tuple[tuple[str, str, Any, tuple[FhirPlace, ...]], ...]


class Draft:
    """One resource in the making."""

    __slots__ = ("content", "number", "url")

    def __init__(self, content: Content, number: int) -> None:
        self.content = content
        self.number = number
        self.url = ""


class BundleDraft:
    """The resources of a bundle in the making, in the order of their making."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self._references: list[tuple[Content, Draft]] = []
        self._people: dict[Person, Draft] = {}

    def add(self, resource_type: str, **content: Any) -> Draft:
        """A new resource."""
        draft = Draft({"resourceType": resource_type, **content}, len(self.drafts))
        self.drafts.append(draft)
        return draft

    def reference(self, draft: Draft, display: str = "") -> Content:
        """A reference to a draft, filled in when the bundle is finished."""
        found: Content = {"reference": f"#{draft.number}"}
        if display:
            found["display"] = display
        self._references.append((found, draft))
        return found

    def practitioner(self, person: Person) -> Content:
        """A reference to the resource of a person, of which each has one."""
        draft = self._people.get(person)
        if draft is None:
            content: Content = {}
            if person.identifier:
                content["identifier"] = [identifier(person.identifier)]
            if person.name:
                content["name"] = human_names(person.name)
            draft = self._people[person] = self.add("Practitioner", **content)
        shown = to_pn(person.name).partition("=")[0].replace("^", " ").strip()
        return self.reference(draft, " ".join(shown.split()))

    def finish(self) -> Resource:
        """The bundle, a collection; its full URLs follow from its content. FHIR R4 §2.36.2.

        A patient or practitioner of whom nothing is known gets a name that says so: an empty resource
        is none (bdl-5).
        """
        for draft in self.drafts:
            if len(draft.content) == 1:
                draft.content["name"] = [{"extension": [{"url": ABSENT, "valueCode": "unknown"}]}]
        drafted = dump([draft.content for draft in self.drafts])
        seed = hashlib.sha256(drafted.encode("utf-8", "surrogatepass")).hexdigest()
        for draft in self.drafts:
            draft.url = f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'{seed}/{draft.number}')}"
        for reference, draft in self._references:
            reference["reference"] = draft.url
        entries = [{"fullUrl": draft.url, "resource": draft.content} for draft in self.drafts]
        bundle: Content = {"resourceType": "Bundle", "type": "collection"}
        if entries:
            bundle["entry"] = entries
        return Resource(bundle)


class Scope:
    """Which draft each resource of a place means, and which items of lists belong to the record written.

    `makers` make a draft by the key of a place, when something is first put there; what they do not
    know has no place in the scope.
    """

    def __init__(
        self, makers: dict[str, Callable[[], Draft]], items: dict[tuple[int, Way, int], Content] | None = None
    ) -> None:
        self._makers = makers
        self._drafts: dict[str, Draft] = {}
        self.items = items if items is not None else {}

    def draft(self, key: str) -> Draft | None:
        """The draft of a key, made now if it has to be."""
        found = self._drafts.get(key)
        if found is None:
            maker = self._makers.get(key)
            if maker is None:
                return None
            found = self._drafts[key] = maker()
        return found

    def knows(self, key: str) -> bool:
        """Whether the key means a resource here."""
        return key in self._drafts or key in self._makers

    def made(self, key: str) -> Draft | None:
        """The draft of a key, if something was put there."""
        return self._drafts.get(key)


@functools.lru_cache(maxsize=8)
def _plans(crosswalk: Crosswalk) -> dict[str, WritePlan]:
    plans: dict[str, list[Any]] = {}
    for row in crosswalk.rows:
        found = places(row.fhir)
        kind = kind_of(row.concept, row.kind)
        if found and kind:
            plans.setdefault(row.record, []).append((row.concept, row.attribute, kind, found))
    return {record: tuple(rows) for record, rows in plans.items()}


class FhirWriter:
    """Fills resources of one bundle; `written` and `refused` say what became of each concept."""

    def __init__(self, crosswalk: Crosswalk, bundle: BundleDraft) -> None:
        self._plans = _plans(crosswalk)
        self.bundle = bundle
        self.written: dict[tuple[str, int], Written] = {}
        self.refused: dict[tuple[str, int], str] = {}

    def fill(self, record: str, value: object, scope: Scope, index: int = 0) -> None:
        """Write what one record says into the resources of a scope."""
        for concept, attribute, kind, found in self._plans.get(record, ()):
            said = getattr(value, attribute)
            if said:
                self._write((concept, index), kind, said, found, scope)

    def _write(
        self, key: tuple[str, int], kind: Any, said: object, found: tuple[FhirPlace, ...], scope: Scope
    ) -> None:
        targets = []
        unheld: frozenset[str] | None = None
        notes: set[str] = set()
        whole = False
        for place in found:
            if not scope.knows(place.key):
                continue
            try:
                held = kind.to_fhir(said, place, self.bundle)
            except ChiasmError as error:
                self.refused[key] = error.message
                continue
            if not held.values:
                notes.add(held.note)
                continue
            draft = scope.draft(place.key)
            assert draft is not None
            put = [
                _put(draft, place, one, number, scope, merge=held.merge)
                for number, one in enumerate(held.values)
            ]
            if all(put):
                targets.append(f"Bundle.entry[{draft.number}].resource.{put[0]}")
                unheld = held.unheld if unheld is None else unheld & held.unheld
                notes.add(held.note)
                whole = whole or not (held.note or held.unheld - {MEANING})
        if targets:
            noted = frozenset() if whole else frozenset(filter(None, notes))
            self.written[key] = Written(" ".join(targets), unheld or frozenset(), noted)


def _put(draft: Draft, place: FhirPlace, value: Any, number: int, scope: Scope, *, merge: bool) -> str:
    """Put one value at its place; gives back the way there, empty where the place is taken.

    The number of a value counts at the last element that repeats: each value gets an item of its own.
    """
    steps = place.steps
    fan = max((index for index, step in enumerate(steps) if step.many), default=-1)
    node = draft.content
    way: Way = ()
    path = ""
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        at = number if index == fan else 0
        path += f".{step.name.removeprefix('_')}"
        way = (*way, f"{step.name}:{step.url}{step.literal}")
        if step.many:
            items = node.setdefault(step.name, [])
            if last and not merge:
                items.append(value)
                return f"{path[1:]}[{len(items) - 1}]"
            item = scope.items.get((draft.number, way, at))
            if item is None:
                item = _chosen(step, f"{place.resource}.{'.'.join(one.name for one in steps[: index + 1])}")
                items.append(item)
                scope.items[draft.number, way, at] = item
            path += f"[{next(n for n, one in enumerate(items) if one is item)}]"
            node = item
        elif last and not merge:
            if step.name in node:
                return path[1:] if node[step.name] == value else ""
            node[step.name] = value
        else:
            node = node.setdefault(step.name, {})
    if merge:
        node.update(value)
    return path[1:]


def _chosen(step: Step, path: str) -> Content:
    """A new item of a list, with what tells it apart from others."""
    if step.url:
        return {"url": step.url}
    return condition(step.chosen, step.literal, step.type, path) if step.chosen else {}


def condition(names: tuple[tuple[str, bool], ...], literal: str, kind: str, path: str) -> Content:
    """An object for which a condition holds: `type.coding.code='PLAC'`, with the system of the code."""
    *way, (last, _) = names
    found: Content = {last: literal}
    if last == "code":
        chain = ".".join(name for name, _ in way[:-1])
        system, displays = CODED.get(f"{kind}.{chain}") or CODED.get(f"{path}.{chain}") or ("", {})
        found = {"system": system, "code": literal} if system else found
        if literal in displays:
            found["display"] = displays[literal]
    for name, many in reversed(way):
        found = {name: [found] if many else found}
    return found
