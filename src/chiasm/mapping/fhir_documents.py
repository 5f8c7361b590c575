"""Documents as DocumentReference, their bytes as Base64. FHIR R4 §10.5; PS3.3 §C.24.2."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from ..errors import ChiasmError
from ..model.report import PREDECESSOR
from . import status
from .fhir_kind import checked
from .fhir_terms import concept, uid_identifier
from .fhir_times import to_date_time, to_instant
from .writing import Written

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Document
    from .fhir_writing import BundleDraft, Content, Draft

_STATUSES = {
    "final": "final",
    "corrected": "amended",
    "preliminary": "preliminary",
    "partial": "preliminary",
}
"""DiagnosticReport.status and the composition status that says the same: FHIR R4 §10.5."""

Account = dict[tuple[str, int], Written]


def write_document(
    bundle: BundleDraft, one: Document, bind: Callable[[Content], None], study: Draft | None
) -> Account:
    """A DocumentReference with the document inside; gives back where each concept of it went."""
    draft = bundle.add("DocumentReference", status="current")
    content = draft.content
    here = f"Bundle.entry[{draft.number}].resource"
    found: Account = {}

    def went(name: str, target: str) -> None:
        found[f"document.{name}", 0] = Written(f"{here}.{target}")

    if one.uid:
        content["masterIdentifier"] = uid_identifier(one.uid)
    if one.hl7_instance:
        content["identifier"] = [{"value": checked("string", one.hl7_instance)}]
        went("hl7_instance", "identifier[0].value")
    stated = _STATUSES.get(status.of(one.status).report)
    if stated:
        content["docStatus"] = stated
        went("status", "docStatus")
    if one.concept:
        content["type"] = concept(one.concept)
        went("concept", "type")
    bind(content)
    moment = to_instant(one.issued)
    if moment:
        content["date"] = moment
    if one.replaces:
        target = {"identifier": uid_identifier(one.replaces)}
        content["relatesTo"] = [{"code": "replaces", "target": target}]
        found[f"report.{PREDECESSOR}", 0] = Written(f"{here}.relatesTo[0].target")
    if one.verifiers:
        content["authenticator"] = bundle.practitioner(one.verifiers[0].person)
    content["content"] = [{"attachment": _attachment(one, went, found, here)}]
    if study:
        content["context"] = {"related": [bundle.reference(study)]}
    return found


def _attachment(one: Document, went: Callable[[str, str], None], found: Account, here: str) -> Content:
    attachment: Content = {}
    if one.media_type:
        attachment["contentType"] = checked("code", one.media_type)
        went("media_type", "content[0].attachment.contentType")
    if one.data:
        attachment.setdefault("contentType", "application/octet-stream")
        attachment["data"] = base64.b64encode(one.data).decode("ascii")
        went("data", "content[0].attachment.data")
    if one.title:
        attachment["title"] = checked("string", one.title)
        went("title", "content[0].attachment.title")
    if one.issued:
        try:
            held = to_date_time(one.issued)
        except ChiasmError:
            return attachment
        attachment["creation"] = held.values[0]
        notes = frozenset({held.note} if held.note else ())
        found["document.issued", 0] = Written(f"{here}.content[0].attachment.creation", held.unheld, notes)
    return attachment
