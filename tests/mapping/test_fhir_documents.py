"""Documents in FHIR."""

from __future__ import annotations

import base64
from typing import Any

from chiasm.fhir import validate
from chiasm.mapping.fhir_documents import Account, write_document
from chiasm.mapping.fhir_writing import BundleDraft
from chiasm.model import Coded, Document, Instant


def written(document: Document) -> tuple[dict[str, Any], Account]:
    bundle = BundleDraft()
    account = write_document(bundle, document, lambda content: None, None)
    resource = bundle.finish()
    assert validate(resource) == []
    content: dict[str, Any] = resource["entry[0].resource"]
    return content, account


def test_pdf() -> None:
    content, account = written(
        Document(
            "application/pdf",
            b"%PDF-1.7\0",
            uid="1.2.3",
            title="Report",
            concept=Coded("18748-4", "LN", "Diagnostic imaging study"),
            status="F",
            issued=Instant("20200229101112", "", "+0100"),
            hl7_instance="1.2.9^x",
            replaces="1.2.2",
        )
    )
    attachment = content["content"][0]["attachment"]
    assert base64.b64decode(attachment["data"]) == b"%PDF-1.7\0"
    assert attachment["contentType"] == "application/pdf"
    assert content["masterIdentifier"]["value"] == "urn:oid:1.2.3"
    assert content["docStatus"] == "final"
    assert content["date"] == "2020-02-29T10:11:12+01:00"
    assert content["relatesTo"][0]["target"]["identifier"]["value"] == "urn:oid:1.2.2"
    names = ["hl7_instance", "status", "concept", "media_type", "data", "title", "issued"]
    assert {f"document.{name}" for name in names} <= {concept for concept, _ in account}


def test_time_without_a_zone_and_nothing_else() -> None:
    content, account = written(Document("", b"", issued=Instant("20200229101112"), replaces="old"))
    assert content["content"][0]["attachment"] == {"creation": "2020-02-29"}
    assert "date" not in content
    assert "without a zone" in next(iter(account["document.issued", 0].notes))
    assert content["relatesTo"][0]["target"]["identifier"] == {"value": "old"}
