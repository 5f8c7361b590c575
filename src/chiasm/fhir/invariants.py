"""Invariants that no table of elements can say: one small function each, by the key that FHIR gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Node = Mapping[str, Any]
Broken = tuple[str, str, str]
"""The key of the invariant, a sentence, and the place below the node."""


def broken(kind: str, node: Node) -> Iterator[Broken]:
    """The invariants that a node of a resource or data type breaks; `kind` is empty for backbones."""
    for check in _OF_TYPE.get(kind, ()):
        yield from check(node)


def _values(node: Node, name: str) -> list[str]:
    return [key for key in node if key.startswith(name) and key[len(name) : len(name) + 1].isupper()]


def _list(node: Node, name: str) -> list[Any]:
    found = node.get(name)
    return found if isinstance(found, list) else []


def _extension(node: Node) -> Iterator[Broken]:
    valued = bool(_values(node, "value")) or bool(_values(node, "_value"))
    if valued == bool(_list(node, "extension")):
        yield "ext-1", "an extension has either a value or extensions", ""


def _contained(node: Node) -> Iterator[Broken]:
    for n, one in enumerate(_list(node, "contained")):
        if isinstance(one, dict) and "contained" in one:
            yield "dom-2", "a contained resource contains no others", f".contained[{n}]"


def _patient(node: Node) -> Iterator[Broken]:
    for n, contact in enumerate(_list(node, "contact")):
        if isinstance(contact, dict) and not contact.keys() & {"name", "telecom", "address", "organization"}:
            yield "pat-1", "a contact has a name, address, telecom or organization", f".contact[{n}]"


def _observation(node: Node) -> Iterator[Broken]:
    if "dataAbsentReason" in node and _values(node, "value"):
        yield "obs-6", "a value that is there has no reason to be absent", ".dataAbsentReason"
    if _values(node, "value"):
        own = _codings(node.get("code"))
        for n, component in enumerate(_list(node, "component")):
            if isinstance(component, dict) and own & _codings(component.get("code")):
                yield (
                    "obs-7",
                    "a component repeats the code of an observation that has a value",
                    f".component[{n}]",
                )


def _codings(concept: Any) -> set[tuple[Any, Any]]:
    codings = _list(concept, "coding") if isinstance(concept, dict) else []
    return {(one.get("system"), one["code"]) for one in codings if isinstance(one, dict) and "code" in one}


def _service_request(node: Node) -> Iterator[Broken]:
    if "orderDetail" in node and "code" not in node:
        yield "prr-1", "a detail of an order needs the code of what is ordered", ".orderDetail"


def _quantity(node: Node) -> Iterator[Broken]:
    if "code" in node and "system" not in node:
        yield "qty-3", "a coded unit needs its system", ".code"


def _period(node: Node) -> Iterator[Broken]:
    start, end = node.get("start"), node.get("end")
    if isinstance(start, str) and isinstance(end, str) and start[:10] > end[: len(start[:10])]:
        yield "per-1", "the start is after the end", ""


def _attachment(node: Node) -> Iterator[Broken]:
    if "data" in node and "contentType" not in node:
        yield "att-1", "data needs the type of its content", ".data"


def _contact_point(node: Node) -> Iterator[Broken]:
    if "value" in node and "system" not in node:
        yield "cpt-2", "a value needs its system", ".value"


def _organization(node: Node) -> Iterator[Broken]:
    if not node.keys() & {"identifier", "name", "_name"}:
        yield "org-1", "an organization has a name or an identifier", ""


def _allergy(node: Node) -> Iterator[Broken]:
    wrong = any(code == "entered-in-error" for _, code in _codings(node.get("verificationStatus")))
    if not wrong and "clinicalStatus" not in node:
        yield "ait-1", "an allergy has a clinical status, unless it was entered in error", ".clinicalStatus"
    if wrong and "clinicalStatus" in node:
        yield "ait-2", "an allergy entered in error has no clinical status", ".clinicalStatus"


def _task(node: Node) -> Iterator[Broken]:
    changed, made = node.get("lastModified"), node.get("authoredOn")
    if isinstance(changed, str) and isinstance(made, str) and changed[:10] < made[:10]:
        yield "inv-1", "changed before it was made", ".lastModified"


def _reference(node: Node) -> Iterator[Broken]:
    if not node.keys() & {"reference", "identifier", "display", "extension"}:
        yield "ref-2", "a reference points at something, by reference, identifier or display", ""


_RESOURCE = (_contained,)
_OF_TYPE: dict[str, tuple[Callable[[Node], Iterator[Broken]], ...]] = {
    "AllergyIntolerance": (*_RESOURCE, _allergy),
    "Attachment": (_attachment,),
    "ContactPoint": (_contact_point,),
    "Extension": (_extension,),
    "Observation": (*_RESOURCE, _observation),
    "Organization": (*_RESOURCE, _organization),
    "Patient": (*_RESOURCE, _patient),
    "Period": (_period,),
    "Quantity": (_quantity,),
    "Reference": (_reference,),
    "ServiceRequest": (*_RESOURCE, _service_request),
    "Task": (*_RESOURCE, _task),
    **dict.fromkeys(
        ("DiagnosticReport", "DocumentReference", "Encounter", "ImagingStudy", "Practitioner", "Provenance"),
        _RESOURCE,
    ),
}
