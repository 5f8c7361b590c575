"""Structured reports as DiagnosticReport with a tree of Observations.

A container is an Observation whose members are those of the items it contains; a measurement, a code or a
text is one with a value; what qualifies it (properties, modifiers, context) is a component where it has
nothing below it. Finding site, method, tracking identifiers and references to images have elements of
their own. FHIR R4 §10.3, §10.1; the DICOM SR to FHIR maps of HL7 for TID 1500, in their R4 form.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import ChiasmError
from ..model import Coded
from . import sr_elements as sr
from . import status
from .fhir_report_values import value_of
from .fhir_selections import Selection, reference_of
from .fhir_terms import concept, uid_identifier
from .fhir_times import to_date_time, to_instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Content as Item
    from ..model import Position, Report
    from .fhir_writing import BundleDraft, Content, Draft

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_SITES = {("363698007", "SCT"), ("G-C0E3", "SRT"), ("T-D0005", "SRT")}
_METHODS = {("370129005", "SCT"), ("G-C036", "SRT")}
_FINDING = ("121071", "DCM")
_TRACKING_ID, _TRACKING_UID = ("112039", "DCM"), ("112040", "DCM")
_CONCLUSIONS = {("121077", "DCM"), ("121073", "DCM"), ("19005-8", "LN")}
_SIMPLE = frozenset({"NUM", "CODE", "TEXT", "DATE", "TIME", "DATETIME", "PNAME", "UIDREF"})
_COORDINATES = frozenset({"SCOORD", "SCOORD3D", "TCOORD"})


@dataclass(slots=True)
class Placed:
    """Where an item went: the place, what was noted, and the elements of the item that have no place."""

    target: str = ""
    note: str = ""
    unheld: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Holder:
    """What the items below an item are added to."""

    draft: Draft
    container: bool
    selection: Selection | None = None


class ReportWriter:
    """Writes one report; `placed` says where each of its items went, `header` where its own fields did."""

    def __init__(self, bundle: BundleDraft, bind: Callable[[Content], None], study: Draft | None) -> None:
        self._bundle = bundle
        self._bind = bind
        self._study = study
        self._status = ""
        self._holders: dict[Position, _Holder] = {}
        self._pending: list[tuple[_Holder, Position, Placed]] = []
        self._selections: list[tuple[_Holder, Selection]] = []
        self.placed: list[Placed] = []
        self.header: dict[str, Placed] = {}
        self._root: Draft | None = None

    def write(self, report: Report) -> None:
        """The DiagnosticReport and the Observations of its items."""
        stated = status.of(report.status)
        self._status = stated.observation
        root = self._root = self._bundle.add("DiagnosticReport", status=stated.report)
        self._header(report, root)
        parents = {item.position[:-1] for item in report.items}
        texts = []
        for item in report.items:
            if len(item.position) < 2:
                self._holders[item.position] = _Holder(root, True)
                placed = Placed(f"{self._path(root)}.code")
                _note_unheld(item, placed)
            else:
                placed = self._item(item, item.position not in parents)
            self.placed.append(placed)
            if item.value_type == "TEXT" and _key(item.name) in _CONCLUSIONS and item.text:
                texts.append(item.text)
        self._finish()
        if texts:
            root.content["conclusion"] = "\n".join(texts)

    def _path(self, draft: Draft) -> str:
        return f"Bundle.entry[{draft.number}].resource"

    def _header(self, report: Report, root: Draft) -> None:
        content = root.content
        here = self._path(root)
        self.header["status"] = Placed(f"{here}.status")
        if report.uid:
            content["identifier"] = [uid_identifier(report.uid)]
            self.header["uid"] = Placed(f"{here}.identifier[0].value")
        content["code"] = concept(report.title) if report.title else _unknown()
        self.header["title"] = Placed(f"{here}.code")
        self._bind(content)
        if report.issued:
            self._issued(report, content, here)
        for name, signed in (("performer", report.authors), ("resultsInterpreter", report.verifiers)):
            references = [self._bundle.practitioner(one.person) for one in signed if not one.device]
            if references:
                content[name] = references
            self.header["authors" if name == "performer" else "verifiers"] = Placed(f"{here}.{name}")
        if self._study:
            content["imagingStudy"] = [self._bundle.reference(self._study)]

    def _issued(self, report: Report, content: Content, here: str) -> None:
        assert report.issued is not None
        instant = to_instant(report.issued)
        try:
            held = to_date_time(report.issued)
        except ChiasmError as error:
            self.header["issued"] = Placed("", error.message)
            return
        name = "issued" if instant else "effectiveDateTime"
        content[name] = instant or held.values[0]
        self.header["issued"] = Placed(f"{here}.{name}", held.note, set(held.unheld))

    def _item(self, item: Item, leaf: bool) -> Placed:
        holder = self._holders.get(item.position[:-1])
        if holder is None:
            return Placed("", "the item that it belongs to has no place")
        placed = Placed()
        _note_unheld(item, placed)
        if item.by_reference:
            self._pending.append((holder, item.by_reference, placed))
            return placed
        try:
            placed.target = self._place(item, leaf, holder, placed)
        except ChiasmError as error:
            placed.target, placed.note = "", error.message
        return placed

    def _place(self, item: Item, leaf: bool, holder: _Holder, placed: Placed) -> str:
        """Put an item into an element of its parent, a component or an Observation of its own."""
        if holder.draft is not self._root:
            found = self._element(item, leaf, holder)
            if not found and leaf and item.value_type in _SIMPLE and _qualifies(item, holder):
                found = self._component(item, holder, placed)
            if found:
                return found
        return self._observation(item, holder, placed)

    def _element(self, item: Item, leaf: bool, holder: _Holder) -> str:
        """The elements that FHIR has for some items; the items below such a one belong to the parent."""
        content = holder.draft.content
        here = self._path(holder.draft)
        key = _key(item.name)
        if item.value_type in {"IMAGE", "COMPOSITE", "WAVEFORM"} and item.reference:
            return self._referred(item, holder)
        if item.value_type in _COORDINATES:
            selection = Selection(item)
            self._selections.append((holder, selection))
            self._holders[item.position] = _Holder(holder.draft, holder.container, selection)
            return f"{here}.derivedFrom"
        name, value = "", None
        if item.value_type == "CODE" and item.code:
            if key in _SITES:
                name, value = "bodySite", concept(item.code)
            elif key in _METHODS and leaf:
                name, value = "method", concept(item.code)
            elif key == _FINDING and holder.container:
                name, value = "valueCodeableConcept", concept(item.code)
        elif leaf and item.text and key == _TRACKING_ID:
            content.setdefault("identifier", []).append(
                {"type": concept(item.name or Coded()), "value": item.text}
            )
            return f"{here}.identifier[{len(content['identifier']) - 1}]"
        elif leaf and item.text and key == _TRACKING_UID:
            content.setdefault("identifier", []).append(uid_identifier(item.text))
            return f"{here}.identifier[{len(content['identifier']) - 1}]"
        if not name or name in content or item.observed or item.identifier:
            return ""
        content[name] = value
        self._holders[item.position] = _Holder(holder.draft, holder.container)
        return f"{here}.{name}"

    def _referred(self, item: Item, holder: _Holder) -> str:
        assert item.reference is not None
        here = self._path(holder.draft)
        self._holders[item.position] = _Holder(holder.draft, holder.container)
        if holder.selection:
            holder.selection.image = item.reference
            return f"{here}.derivedFrom"
        listed = holder.draft.content.setdefault("derivedFrom", [])
        listed.append(reference_of(item.reference, self._bundle, self._study))
        return f"{here}.derivedFrom[{len(listed) - 1}]"

    def _component(self, item: Item, holder: _Holder, placed: Placed) -> str:
        """A component, unless the parent has that code itself, and a value (obs-7)."""
        content = holder.draft.content
        code = concept(item.name) if item.name else _unknown()
        if _same(content["code"], code) or item.observed or item.identifier or len(item.numbers) > 1:
            return ""
        value, note = value_of(item)
        placed.note = note
        listed = content.setdefault("component", [])
        listed.append({"code": code, **value})
        return f"{self._path(holder.draft)}.component[{len(listed) - 1}]"

    def _observation(self, item: Item, holder: _Holder, placed: Placed) -> str:
        draft = self._bundle.add("Observation")
        content = draft.content
        if item.identifier:
            content["identifier"] = [uid_identifier(item.identifier)]
        content["status"] = self._status
        content["code"] = concept(item.name) if item.name else _unknown()
        self._bind(content)
        if self._study:
            content["partOf"] = [self._bundle.reference(self._study)]
        if item.observed:
            held = to_date_time(item.observed)
            content["effectiveDateTime"] = held.values[0]
            placed.note = held.note
            if held.unheld:
                placed.unheld.add("0040A032")
        here = self._path(draft)
        own = _Holder(draft, item.value_type == "CONTAINER")
        self._holders[item.position] = own
        name = "result" if holder.draft is self._root else "hasMember"
        holder.draft.content.setdefault(name, []).append(self._bundle.reference(draft))
        if item.reference or item.value_type in _COORDINATES:
            self._element(item, False, own)
            self._holders.setdefault(item.position, own)
            return here
        if len(item.numbers) > 1:
            content["component"] = [
                {"code": content["code"], **value_of(item, number)[0]} for number in item.numbers
            ]
            return f"{here}.component"
        value, note = value_of(item)
        content.update(value)
        placed.note = "; ".join(filter(None, (placed.note, note)))
        return f"{here}.{next(iter(value))}" if value else here

    def _finish(self) -> None:
        """What could not be written before all items were known: coordinates and pointers."""
        for holder, selection in self._selections:
            listed = holder.draft.content.setdefault("derivedFrom", [])
            listed.append(selection.reference(self._bundle, self._study))
        for holder, position, placed in self._pending:
            target = self._holders.get(position)
            if holder.draft is self._root or target is None or target.draft is self._root:
                placed.note = "FHIR has no place for this pointer"
                continue
            listed = holder.draft.content.setdefault("derivedFrom", [])
            listed.append(self._bundle.reference(target.draft))
            placed.target = f"{self._path(holder.draft)}.derivedFrom[{len(listed) - 1}]"


def _key(name: Coded | None) -> tuple[str, str]:
    return (name.code, name.scheme) if name else ("", "")


def _same(one: Content, other: Content) -> bool:
    """Whether two concepts are the same code of the same system."""
    first, second = (
        [(said.get("system"), said.get("code")) for said in found.get("coding", ())] for found in (one, other)
    )
    return first == second


def _qualifies(item: Item, holder: _Holder) -> bool:
    """Whether an item says something of its parent, rather than being a result of its own."""
    return not holder.container or item.relationship not in {"CONTAINS", ""}


def _unknown() -> Content:
    return {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}


def _note_unheld(item: Item, placed: Placed) -> None:
    """Elements of an item that the resources do not hold."""
    placed.unheld.update(attribute.path for attribute in item.attributes)
    placed.unheld.add(f"{sr.RELATIONSHIP:08X}")
    if item.value_type == "CONTAINER":
        placed.unheld.add(f"{sr.CONTINUITY:08X}")
    if item.template:
        placed.unheld.update(
            (f"{sr.TEMPLATE:08X}/0/{sr.TEMPLATE_ID:08X}", f"{sr.TEMPLATE:08X}/0/{sr.MAPPING_RESOURCE:08X}")
        )
    if item.unit and item.unit.version:
        placed.unheld.add(sr.UNIT_VERSION)
