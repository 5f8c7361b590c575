"""Encapsulated documents travel in ORU and MDM, their bytes exact. PS3.3 §C.24.2; HL7 v2.5.1 §9.6."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from chiasm import dicom, hl7
from chiasm.dicom.encapsulated import encapsulated
from chiasm.errors import MappingError, UsageError
from chiasm.mapping import Result, crosswalk, document_forward
from chiasm.model import Sender

CROSSWALK = crosswalk.default()
PDF = b"%PDF-1.4 a|b^c~d&e\\f\r\n%%EOF\n"
CDA = b'<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3" extension="4"/></ClinicalDocument>'


def _package(content: bytes, **more: Any) -> dicom.Package:
    described = {"PatientID": "P1", "PatientName": "Doe^Jane", "AccessionNumber": "ACC1"}
    data = encapsulated(content, described, "A title")
    for keyword, value in more.items():
        data[keyword] = value
    return dicom.parse(dicom.create(data, sop_class=str(data["SOPClassUID"])).encode())


def _message(package: dicom.Package, kind: str, sender: Sender) -> Result:
    return document_forward.to_message([("", package)], kind, CROSSWALK, sender)


@pytest.mark.parametrize("kind", ["oru", "mdm"])
@pytest.mark.parametrize(("content", "types"), [(PDF, ("AP", "PDF")), (CDA, ("TEXT", "XML"))])
def test_the_bytes_are_exact(content: bytes, types: tuple[str, str], kind: str, sender: Sender) -> None:
    message = hl7.parse(_message(_package(content), kind, sender).output)
    found = [one for one in message.segments_named("OBX") if one.value(2)[0][0][0] == "ED"]
    parts = [component[0] for component in found[0].value(5)[0]]
    assert (parts[1], parts[2], parts[3]) == (*types, "Base64")
    assert base64.b64decode(parts[4]) == content


def test_an_mdm_has_its_event_and_its_txa(sender: Sender) -> None:
    package = _package(PDF, VerificationFlag="VERIFIED")
    message = hl7.parse(_message(package, "mdm", sender).output)
    assert [one.id for one in message.segments][:7] == ["MSH", "EVN", "PID", "PV1", "ORC", "OBR", "TXA"]
    assert (message["MSH-9.2"], message["EVN-1"], message["TXA-2"]) == ("T02", "T02", "DI")
    assert message["TXA-12.1"] == package.data.get("SOPInstanceUID")
    assert (message["TXA-17"], message["TXA-19"]) == ("AU", "AV")


def test_a_document_that_replaces_another_is_a_t10(sender: Sender) -> None:
    data = dicom.DataSet(
        {"ReferencedSOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1", "ReferencedSOPInstanceUID": "1.2.9"}
    )
    series = dicom.DataSet({"SeriesInstanceUID": "1.2.8", "ReferencedSOPSequence": [data]})
    study = dicom.DataSet({"StudyInstanceUID": "1.2.7", "ReferencedSeriesSequence": [series]})
    message = hl7.parse(_message(_package(PDF, PredecessorDocumentsSequence=[study]), "mdm", sender).output)
    assert (message["MSH-9.2"], message["TXA-13.1"]) == ("T10", "1.2.9")


def test_the_padding_of_an_old_object_is_not_part_of_it() -> None:
    package = _package(PDF + b"x")
    del package.data["EncapsulatedDocumentLength"]
    document, _ = document_forward.read_document(package.data)
    assert document.data == PDF + b"x"


def test_a_length_that_says_more_than_there_is_is_refused() -> None:
    with pytest.raises(MappingError, match="its length says"):
        document_forward.read_document(_package(PDF, EncapsulatedDocumentLength=10_000).data)


@pytest.mark.parametrize("kind", ["oru", "mdm"])
def test_every_leaf_is_in_the_ledger_once_and_none_is_lost_in_silence(kind: str, sender: Sender) -> None:
    package = _package(PDF)
    before = _message(package, kind, sender)
    sources = [entry.source for entry in before.ledger]
    assert sorted(sources) == sorted(set(sources))
    assert {path for path, _ in package.data.walk()} <= set(sources)
    for entry in before.ledger:
        element = package.data.element(entry.source) if entry.source[:4] != "0002" else None
        if (
            entry.disposition == "dropped"
            or element is None
            or element.vr in {"SQ", "OB"}
            or not element.length
        ):
            continue
        mutant = dicom.parse(package.encode())
        changed: Any = {"DA": "19990101", "TM": "010101", "UI": "1.2.99", "IS": "7", "UL": 3}.get(
            element.vr, "MUTANT"
        )
        mutant.data.set(entry.source, changed, element.vr)
        assert _message(mutant, kind, sender).output != before.output, entry.source


def test_tens_of_megabytes_take_no_loop(sender: Sender) -> None:
    content = b"%PDF-1.4 " + bytes(range(256)) * (80 << 10)
    message = hl7.parse(_message(_package(content), "mdm", sender).output)
    last = message.segments_named("OBX")[-1].value(5)[0][4][0]
    assert base64.b64decode(last) == content


def test_a_document_is_told_from_a_report() -> None:
    assert document_forward.is_document(_package(PDF).data)
    assert not document_forward.is_document(dicom.DataSet({"ValueType": "CONTAINER"}))


def test_other_messages_bring_no_documents(sender: Sender) -> None:
    with pytest.raises(UsageError):
        _message(_package(PDF), "omi", sender)
