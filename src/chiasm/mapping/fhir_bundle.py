"""From a case to a bundle: which resources there are, what binds them together, and what each must have.

What stands in their elements is said by the crosswalk; here stand only the frame of each resource and
the references between them. FHIR R4 §2.36, §6.11 (ImagingStudy), §12.12 (ServiceRequest), §12.1 (Task).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .fhir_documents import Account, write_document
from .fhir_reports import ReportWriter
from .fhir_terms import uid_identifier
from .fhir_times import to_instant
from .fhir_writing import ABSENT, BundleDraft, Content, Draft, FhirWriter, Scope, condition

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Case, Equipment, Instant, Order, Series
    from .crosswalk import Crosswalk


UNKNOWN = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
ANIMAL = "http://hl7.org/fhir/StructureDefinition/patient-animal"
_V3 = "http://terminology.hl7.org/CodeSystem/v3-"
_MEASURED = {"8302-2", "29463-7"}
_CODE = (("code", False), ("coding", True), ("code", False))
_TYPE = (("type", True), ("coding", True), ("code", False))
_MODALITY, _SOP_CLASS, _UID = "modality", "sopClass", "uid"


class Composer:
    """Composes the bundle of one case; `writer` says what became of each concept."""

    def __init__(self, case: Case, crosswalk: Crosswalk, recorded: Instant | None = None) -> None:
        self.case = case
        self.bundle = BundleDraft()
        self.writer = FhirWriter(crosswalk, self.bundle)
        self._recorded = recorded
        self._patient = self.bundle.add("Patient")
        self._encounter: Draft | None = None
        self._study: Draft | None = None
        self._requests: dict[int, Draft] = {}
        self._devices: dict[Equipment, tuple[Draft | None, int]] = {}
        self._owners: list[tuple[Draft, Content]] = []
        self.reports: list[ReportWriter] = []
        self.documents: list[Account] = []

    def compose(self) -> None:
        """All resources of the case."""
        case = self.case
        self._people()
        said = case.study.uid or case.study.series
        if said:
            self._study = self.bundle.add(
                "ImagingStudy", status="available" if case.study.series else "registered"
            )
            self._study.content["subject"] = self._subject()
        self._visit()
        for index, order in enumerate(case.orders):
            self._order(order, index)
        if self._study:
            self._fill_study(self._study)
        for report in case.reports:
            writer = ReportWriter(self.bundle, self._bound(), self._study)
            writer.write(report)
            self.reports.append(writer)
        for document in case.documents:
            self.documents.append(write_document(self.bundle, document, self._bound(), self._study))
        self._provenance()

    def _subject(self) -> Content:
        return self.bundle.reference(self._patient)

    def _bound(self) -> Callable[[Content], None]:
        """What binds a report or document to patient, encounter and orders."""

        def bind(content: Content) -> None:
            content["subject"] = self._subject()
            kind = content["resourceType"]
            if kind == "DiagnosticReport":
                if self._encounter:
                    content["encounter"] = self.bundle.reference(self._encounter)
                if self._requests:
                    content["basedOn"] = [self.bundle.reference(one) for one in self._requests.values()]

        return bind

    def _observation(self, key: str, names: Any = _CODE) -> Callable[[], Draft]:
        def make() -> Draft:
            chosen = condition(names, key, "", "Observation")
            if names == _CODE:
                chosen = condition(names, key, "Observation", "Observation")
            draft = self.bundle.add("Observation", status="final", **chosen)
            if key in _MEASURED:
                system = "http://terminology.hl7.org/CodeSystem/observation-category"
                draft.content["category"] = [{"coding": [{"system": system, "code": "vital-signs"}]}]
            draft.content["subject"] = self._subject()
            return draft

        return make

    def _people(self) -> None:
        patient = self._patient
        makers = {
            "Patient": lambda: patient,
            "AllergyIntolerance": self._allergy,
            "Observation:48767-8": self._observation("48767-8"),
        }
        self.writer.fill("patient", self.case.patient, Scope(makers))
        for extension in patient.content.get("extension", ()):
            parts = extension.get("extension", ())
            if parts and extension["url"] == ANIMAL and all(one["url"] != "species" for one in parts):
                parts.append({"url": "species", "valueCodeableConcept": dict(UNKNOWN)})
        makers = {f"Observation:{code}": self._observation(code) for code in ("8302-2", "29463-7", "30525-0")}
        self.writer.fill("measures", self.case.measures, Scope(makers))

    def _allergy(self) -> Draft:
        system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
        status = {"coding": [{"system": system, "code": "active"}]}
        return self.bundle.add("AllergyIntolerance", clinicalStatus=status, patient=self._subject())

    def _visit(self) -> None:
        makers: dict[str, Callable[[], Draft]] = {
            "Encounter": self._admission,
            "Observation:82810-3": self._observation("82810-3"),
        }
        study = self._study
        if study:
            makers["ImagingStudy"] = lambda: study
        scope = Scope(makers)
        self.writer.fill("visit", self.case.visit, scope)
        self._encounter = scope.made("Encounter")

    def _admission(self) -> Draft:
        """An encounter of which neither state nor class is known: FHIR has words for both."""
        unknown = {"system": f"{_V3}NullFlavor", "code": "UNK", "display": "unknown"}
        return self.bundle.add("Encounter", status="unknown", **{"class": unknown}, subject=self._subject())

    def _order(self, order: Order, index: int) -> None:
        studied = self._study if self._study and order.study_uid == self.case.study.uid else None
        makers: dict[str, Callable[[], Draft]] = {}
        if studied:
            makers["ImagingStudy"] = lambda: studied
        if _says_more_than_its_study(order):
            makers |= {
                "ServiceRequest": self._request,
                "Flag": self._flag,
                "Observation:11329-0": self._observation("11329-0"),
                "Observation:Patient state": self._observation(
                    "Patient state", (("code", False), ("text", False))
                ),
            }
            if order.requesting_service or order.callback_phone:
                makers["PractitionerRole"] = lambda: self.bundle.add("PractitionerRole")
        scope = Scope(makers)
        self.writer.fill("order", order, scope, index)
        request = scope.draft("ServiceRequest") if "ServiceRequest" in makers else None
        if request:
            self._requests[index] = request
            role = scope.made("PractitionerRole")
            if role:
                request.content["requester"] = self.bundle.reference(role)
            info = [scope.made(key) for key in ("Observation:11329-0", "Observation:Patient state", "Flag")]
            if any(info):
                request.content["supportingInfo"] = [self.bundle.reference(one) for one in info if one]
            self._steps(order, request, index)
            if "code" not in request.content:
                request.content.pop("orderDetail", None)
        if studied and request:
            studied.content.setdefault("basedOn", []).append(self.bundle.reference(request))

    def _request(self) -> Draft:
        done = bool(self.case.study.series)
        draft = self.bundle.add("ServiceRequest", status="completed" if done else "active", intent="order")
        draft.content["subject"] = self._subject()
        if self._encounter:
            draft.content["encounter"] = self.bundle.reference(self._encounter)
        return draft

    def _flag(self) -> Draft:
        return self.bundle.add("Flag", status="active", subject=self._subject())

    def _steps(self, order: Order, request: Draft, index: int) -> None:
        for number, step in enumerate(order.steps):
            makers: dict[str, Callable[[], Draft]] = {"Task": lambda: self._task(request)}
            if len(order.steps) == 1:
                makers["ServiceRequest"] = lambda: request
            self.writer.fill("step", step, Scope(makers), index if len(order.steps) == 1 else number)

    def _task(self, request: Draft) -> Draft:
        done = bool(self.case.study.series)
        draft = self.bundle.add("Task", status="completed" if done else "requested", intent="order")
        draft.content["focus"] = self.bundle.reference(request)
        draft.content["for"] = self._subject()
        return draft

    def _fill_study(self, study: Draft) -> None:
        if self._encounter:
            study.content["encounter"] = self.bundle.reference(self._encounter)
        self.writer.fill("study", self.case.study, Scope({"ImagingStudy": lambda: study}))
        for number, series in enumerate(self.case.study.series):
            self._series(study, series, number)
        if not study.content.get("series", True):
            del study.content["series"]

    def _series(self, study: Draft, series: Series, number: int) -> None:
        scope = Scope({"ImagingStudy": lambda: study})
        made: list[Content] = study.content.setdefault("series", [])
        before = len(made)
        self.writer.fill("series", series, scope, number)
        if len(made) == before:
            return
        item = made[before]
        if _UID not in item:
            made.pop()
            return
        item.setdefault(_MODALITY, dict(UNKNOWN))
        way = ("series:",)
        for instance in series.instances:
            inner = Scope({"ImagingStudy": lambda: study}, {(study.number, way, 0): item})
            self.writer.fill("instance", instance, inner, number)
        instances = [one for one in item.get("instance", ()) if _UID in one]
        for one in instances:
            one.setdefault(_SOP_CLASS, dict(UNKNOWN))
        if instances:
            item["instance"] = instances
        else:
            item.pop("instance", None)
        self._equipment(series.equipment, item, number)

    def _equipment(self, equipment: Equipment, item: Content, number: int) -> None:
        """The device of a series, as one of its performers; series of one device share it."""
        known = self._devices.get(equipment)
        if known:
            actor, first = known
            for key, place in list(self.writer.written.items()):
                if key[0].startswith("equipment.") and key[1] == first:
                    self.writer.written[key[0], number] = place
        else:
            actor = self._new_equipment(equipment, number)
            self._devices[equipment] = (actor, number)
        if actor:
            item.setdefault("performer", []).append({"actor": self.bundle.reference(actor)})

    def _new_equipment(self, equipment: Equipment, number: int) -> Draft | None:
        makers: dict[str, Callable[[], Draft]] = {"Device": lambda: self.bundle.add("Device")}
        for kind in ("prov", "dept"):
            makers[f"Organization:{kind}"] = self._organization(kind)
        scope = Scope(makers)
        self.writer.fill("equipment", equipment, scope, number)
        device = scope.made("Device")
        institution, department = scope.made("Organization:prov"), scope.made("Organization:dept")
        if institution and "name" not in institution.content:
            institution.content["_name"] = dict(UNKNOWN)
        if institution and department:
            department.content["partOf"] = self.bundle.reference(institution)
        owner = department or institution
        if device and owner:
            device.content["owner"] = self.bundle.reference(owner)
        return device or owner

    def _organization(self, kind: str) -> Callable[[], Draft]:
        return lambda: self.bundle.add(
            "Organization", **condition(_TYPE, kind, "Organization", "Organization")
        )

    def _provenance(self) -> None:
        """Who made the bundle, of which objects; when, only as far as the case says it."""
        bundle = self.bundle
        targets = [bundle.reference(one) for one in bundle.drafts]
        chiasm = bundle.add("Device", deviceName=[{"name": "Chiasm", "type": "manufacturer-name"}])
        draft = bundle.add("Provenance", target=targets)
        recorded = to_instant(self._recorded)
        draft.content.update({"recorded": recorded} if recorded else {"_recorded": dict(UNKNOWN)})
        system = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
        assembler = {"coding": [{"system": system, "code": "assembler", "display": "Assembler"}]}
        draft.content["agent"] = [{"type": assembler, "who": bundle.reference(chiasm, "Chiasm")}]
        made = self._study.content.get("series", ()) if self._study else ()
        sources = [one[_UID] for series in made for one in series.get("instance", ())]
        if sources:
            draft.content["entity"] = [
                {"role": "source", "what": {"identifier": uid_identifier(one)}} for one in sources
            ]


def _says_more_than_its_study(order: Order) -> bool:
    """Whether an order says anything but which study it led to, as images without a request do."""
    return any(
        getattr(order, name)
        for name in order.__dataclass_fields__
        if name not in {"study_uid", "control", "status"}
    )
