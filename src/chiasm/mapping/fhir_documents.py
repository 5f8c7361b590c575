"""Documents as DocumentReference, their bytes as Base64. FHIR R4 §10.5."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from . import status
from .fhir_terms import UID_SYSTEM, concept, uid
from .fhir_times import to_date_time, to_instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Document
    from .fhir_writing import BundleDraft, Content, Draft

_STATUSES = {"final": "final", "corrected": "amended", "preliminary": "preliminary", "partial": "preliminary"}


def documents(
    bundle: BundleDraft, found: tuple[Document, ...], bind: Callable[[Content], None], study: Draft | None
) -> list[Draft]:
    """A DocumentReference for each document, with the document inside."""
    return [_document(bundle, one, bind, study) for one in found]


def _document(
    bundle: BundleDraft, one: Document, bind: Callable[[Content], None], study: Draft | None
) -> Draft:
    draft = bundle.add("DocumentReference", status="current")
    content = draft.content
    if one.uid:
        content["masterIdentifier"] = {"system": UID_SYSTEM, "value": uid(one.uid)}
    if one.hl7_instance:
        content["identifier"] = [{"value": one.hl7_instance}]
    stated = _STATUSES.get(status.of(one.status).report)
    if stated:
        content["docStatus"] = stated
    if one.concept:
        content["type"] = concept(one.concept)
    bind(content)
    moment = to_instant(one.issued)
    if moment:
        content["date"] = moment
    attachment: Content = {"contentType": one.media_type, "data": base64.b64encode(one.data).decode("ascii")}
    if not one.data:
        del attachment["data"]
    if one.title:
        attachment["title"] = one.title
        content["description"] = one.title
    if one.issued:
        attachment["creation"] = to_date_time(one.issued).values[0]
    if one.replaces:
        target = {"identifier": {"value": one.replaces}}
        content["relatesTo"] = [{"code": "replaces", "target": target}]
    if one.verifiers:
        content["authenticator"] = bundle.practitioner(one.verifiers[0].person)
    content["content"] = [{"attachment": attachment}]
    if study:
        content["context"] = {"related": [bundle.reference(study)]}
    return draft
