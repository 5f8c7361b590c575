"""ED observations become encapsulated documents that dciodvfy accepts. PS3.3 §C.24.2; HL7 v2.5.1 §2.A.24."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from chiasm import dicom, hl7
from chiasm.errors import MappingError
from chiasm.mapping import crosswalk, document_back, document_forward
from chiasm.model import Sender

CROSSWALK = crosswalk.default()
PDF = b"%PDF-1.4 a|b^c~d&e\\f\r\n%%EOF\n"
CDA = b'<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3" extension="4"/><t>a</t></ClinicalDocument>'
HEAD = (
    "MSH|^~\\&|RIS|HOSPITAL|||20240131130000||ORU^R01^ORU_R01|1|P|2.5.1\r"
    "PID|1||P1^^^HOSP||Doe^Jane||19800101|F\r"
    "OBR|1|||24627-2^Chest CT^LN|||20240131110000|||||||||||ACC1||||20240131120000|||F\r"
)


def _observed(content: bytes, encoding: str = "Base64") -> str:
    text = {
        "Base64": base64.b64encode(content).decode("ascii"),
        "Hex": content.hex(),
        "A": content.decode("latin-1"),
    }[encoding]
    return f"OBX|1|ED|18748-4^Diagnostic Imaging Report^LN||^AP^x^{encoding}^{text}||||||F\r"


@pytest.mark.parametrize(
    ("content", "encoding", "sop_class"),
    [
        (PDF, "Base64", "1.2.840.10008.5.1.4.1.1.104.1"),
        (PDF, "Hex", "1.2.840.10008.5.1.4.1.1.104.1"),
        (CDA, "Base64", "1.2.840.10008.5.1.4.1.1.104.2"),
        (CDA, "A", "1.2.840.10008.5.1.4.1.1.104.2"),
    ],
)
def test_each_encoding_and_kind(
    content: bytes, encoding: str, sop_class: str, tmp_path: Path, needs_tool: Callable[[str], str]
) -> None:
    result = document_back.to_documents(hl7.parse(HEAD + _observed(content, encoding)), CROSSWALK)
    data = dicom.parse(result.output).data
    document, _ = document_forward.read_document(data)
    assert (document.data, document.sop_class) == (content, sop_class)
    assert (data.get("PatientID"), data.get("AccessionNumber"), data.get("ContentDate")) == (
        "P1",
        "ACC1",
        "20240131",
    )
    assert data.get("VerificationFlag") == "VERIFIED"
    (tmp_path / "made.dcm").write_bytes(result.output)
    found = subprocess.run(
        [needs_tool("dciodvfy"), str(tmp_path / "made.dcm")], capture_output=True, text=True, check=False
    )
    assert [line for line in found.stderr.splitlines() if line.startswith("Error")] == []


@pytest.mark.parametrize("kind", ["oru", "mdm"])
def test_there_and_back_the_bytes_are_the_same(kind: str, sender: Sender) -> None:
    first = document_back.to_documents(hl7.parse(HEAD + _observed(PDF)), CROSSWALK).output
    message = document_forward.to_message([("", dicom.parse(first))], kind, CROSSWALK, sender).output
    again = document_back.to_documents(hl7.parse(message), CROSSWALK).output
    before, after = (document_forward.read_document(dicom.parse(one).data)[0] for one in (first, again))
    assert (before.data, before.concept, before.issued) == (after.data, after.concept, after.issued)
    assert before.uid != after.uid


def test_each_ed_becomes_a_document_of_its_own() -> None:
    result = document_back.to_documents(hl7.parse(HEAD + _observed(PDF) + _observed(CDA)), CROSSWALK)
    uids = {dicom.parse(one).data.get("SOPInstanceUID") for one in result.outputs}
    assert len(uids) == 2


@pytest.mark.parametrize(
    ("observed", "why"),
    [
        ("OBX|1|TX|1^a^LN||x||||||F\r", "no document"),
        ("OBX|1|ED|1^a^LN||^AP^PDF^Base64^AAE||||||F\r", "base64"),
        ("OBX|1|ED|1^a^LN||^AP^PDF^Base64^AAE=||||||F\r", "neither a PDF"),
        ("OBX|1|ED|1^a^LN||^AP^PDF^zip^AAE=||||||F\r", "not an encoding"),
        ("OBX|1|ED|1^a^LN||^AP^XML^A^<?xml version='1.0' encoding='klingon'?>||||||F\r", "unknown encoding"),
    ],
)
def test_what_is_no_document_is_refused(observed: str, why: str) -> None:
    with pytest.raises(MappingError, match=why):
        document_back.to_documents(hl7.parse(HEAD + observed), CROSSWALK)


def test_an_external_entity_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    hostile = (
        f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]>'
        '<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="&x;"/></ClinicalDocument>'
    ).encode()
    try:
        output = document_back.to_documents(hl7.parse(HEAD + _observed(hostile)), CROSSWALK).output
    except MappingError:
        return
    assert "secret" not in str(dicom.parse(output).data.get("HL7InstanceIdentifier"))


def test_every_leaf_of_the_message_is_in_the_ledger_once() -> None:
    message = hl7.parse(HEAD + _observed(PDF))
    sources = [entry.source for entry in document_back.to_documents(message, CROSSWALK).ledger]
    assert sorted(sources) == sorted({path for path, value in message.walk() if value})


def test_the_published_cda_becomes_a_document(shared_data: Path) -> None:
    raw = (shared_data / "hl7-imaging-samples" / "ORU^R01-CDA.hl7").read_bytes()
    result = document_back.to_documents(hl7.parse(raw), CROSSWALK)
    data = dicom.parse(result.output).data
    assert data.get("MIMETypeOfEncapsulatedDocument") == "text/XML"
