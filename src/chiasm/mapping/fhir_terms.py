"""Coding schemes, issuers and identifiers: designators in DICOM and v2, URIs in FHIR.

PS3.16 §8; FHIR R4 §4.3 (code systems and their URIs), §2.24.0.12 (Identifier). A designator that has no
URI travels as one of its own form (`urn:x-dicom-scheme:99LOCAL`), so that it comes back as it was.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from ..errors import ValueFormatError
from ..model import Coded, Identifier, Issuer
from .fhir_kind import checked

if TYPE_CHECKING:
    from .fhir_nodes import Node

UID_SYSTEM, URI_SYSTEM, UID_PREFIX = "urn:dicom:uid", "urn:ietf:rfc:3986", "urn:oid:"
DCM, UCUM, LOINC, SNOMED = (
    "http://dicom.nema.org/resources/ontology/DCM",
    "http://unitsofmeasure.org",
    "http://loinc.org",
    "http://snomed.info/sct",
)
V2 = "http://terminology.hl7.org/CodeSystem/v2-"
V3 = "http://terminology.hl7.org/CodeSystem/v3-"

SYSTEMS = {
    "DCM": DCM,
    "LN": LOINC,
    "SCT": SNOMED,
    "UCUM": UCUM,
    "RADLEX": "http://www.radlex.org",
    "SRT": "http://snomed.info/srt",
    "NCIt": "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
    "UMLS": "http://terminology.hl7.org/CodeSystem/umls",
    "FMA": "http://sig.biostr.washington.edu/projects/fm/AboutFM.html",
    "C4": "http://www.ama-assn.org/go/cpt",
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
    "RFC5646": "urn:ietf:bcp:47",
    "NPI": "http://hl7.org/fhir/sid/us-npi",
}
"""Coding scheme designators of PS3.16 Table 8-1 and the URIs by which FHIR knows them."""

_SCHEMES = {system: scheme for scheme, system in SYSTEMS.items()}
_OWN = "urn:x-dicom-scheme:"
OID = re.compile(r"[0-2](?:\.(?:0|[1-9]\d*))+")
_UID = re.compile(r"[0-9.]{1,64}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")


def system_of(scheme: str) -> str:
    """The URI of a coding scheme by its designator."""
    known = SYSTEMS.get(scheme)
    if known:
        return known
    if OID.fullmatch(scheme):
        return UID_PREFIX + scheme
    return _OWN + quote(scheme, safe="")


def scheme_of(system: str) -> str:
    """The designator of a code system by its URI; the URI itself where there is no other."""
    known = _SCHEMES.get(system)
    if known:
        return known
    if system.startswith(_OWN):
        return unquote(system.removeprefix(_OWN))
    oid = system.removeprefix(UID_PREFIX)
    return oid if OID.fullmatch(oid) else system


def coding(concept: Coded) -> dict[str, Any]:
    """A concept as one Coding. FHIR R4 §2.24.0.5."""
    found = {}
    if concept.scheme:
        found["system"] = system_of(concept.scheme)
    if concept.version:
        found["version"] = concept.version
    if concept.code:
        found["code"] = concept.code
    if concept.meaning:
        found["display"] = concept.meaning
    return found


def concept(coded: Coded) -> dict[str, Any]:
    """A concept as a CodeableConcept. FHIR R4 §2.24.0.6."""
    return {"coding": [coding(coded)]}


def from_coding(node: Node) -> Coded:
    """The concept that a Coding says."""
    code = node.text("code")
    return Coded(code, scheme_of(node.text("system")), node.text("display"), node.text("version"))


def from_concept(node: Node) -> Coded | None:
    """The concept of the first coding of a CodeableConcept; None where it has text alone."""
    for one in node.children("coding"):
        return from_coding(one) or None
    return None


def issuer(said: Issuer) -> dict[str, Any]:
    """An issuer as the parts of an Identifier: its system where a URI says it, else its assigner.

    FHIR R4 §2.24.0.12; HL7 v2.5.1 §2.A.33.
    """
    found: dict[str, Any] = {}
    assigner: dict[str, Any] = {}
    if said.universal:
        system = _system(said)
        if system:
            found["system"] = system
        else:
            assigner["identifier"] = {"value": said.universal}
            if said.universal_type:
                assigner["identifier"]["type"] = {"text": said.universal_type}
    if said.namespace:
        assigner["display"] = said.namespace
    if assigner:
        found["assigner"] = assigner
    return found


def _system(said: Issuer) -> str:
    universal, kind = said.universal, said.universal_type
    if kind == "ISO" and OID.fullmatch(universal):
        return UID_PREFIX + universal
    if kind == "UUID" and _UUID.fullmatch(universal):
        return f"urn:uuid:{universal}"
    if kind == "URI" and _URI.fullmatch(universal) and not universal.startswith((UID_PREFIX, "urn:uuid:")):
        return universal
    return ""


def from_issuer(node: Node) -> Issuer:
    """The issuer that an Identifier names."""
    universal, kind = node.text("system"), ""
    if universal.startswith(UID_PREFIX):
        universal, kind = universal.removeprefix(UID_PREFIX), "ISO"
    elif universal.startswith("urn:uuid:"):
        universal, kind = universal.removeprefix("urn:uuid:"), "UUID"
    elif universal:
        kind = "URI"
    namespace = ""
    for assigner in node.children("assigner"):
        namespace = assigner.text("display")
        for one in assigner.children("identifier"):
            universal, kind = one.text("value"), ""
            for stated in one.children("type"):
                kind = stated.text("text")
    return Issuer(namespace, universal, kind)


def identifier(said: Identifier) -> dict[str, Any]:
    """An identifier with its issuer and its type of HL7 table 0203. FHIR R4 §2.24.0.12."""
    found: dict[str, Any] = {}
    if said.kind:
        found["type"] = {"coding": [{"system": f"{V2}0203", "code": said.kind}]}
    found.update(issuer(said.issuer))
    found["value"] = said.value
    return found


def from_identifier(node: Node) -> Identifier | None:
    """The identifier of a node; None for one without a value."""
    value = node.text("value")
    kind = ""
    for stated in node.children("type"):
        for one in stated.children("coding"):
            kind = kind or one.text("code")
            one.text("system")
    return Identifier(value, from_issuer(node), kind) if value else None


def uid(value: str) -> str:
    """A UID as FHIR writes it, `urn:oid:` before it; raises ValueFormatError for what is no UID.

    Components with leading zeros pass: they are wrong, and common. PS3.5 §9.1; FHIR R4 §6.11.5.
    """
    if not _UID.fullmatch(value):
        raise ValueFormatError(f"'{value[:70]}' is not a UID", rule="PS3.5 §9.1")
    return UID_PREFIX + value


def uid_identifier(value: str) -> dict[str, str]:
    """An Identifier of a DICOM object; what is no UID is said without a system."""
    if _UID.fullmatch(value):
        return {"system": UID_SYSTEM, "value": UID_PREFIX + value}
    return {"value": str(checked("string", value))}
