"""ORU messages become SR documents that dciodvfy accepts. PS3.3 §A.35; PS3.16 §TID 1500, §TID 2000."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chiasm import dicom, hl7
from chiasm.errors import MappingError
from chiasm.mapping import Result, crosswalk, report_back, report_forward
from chiasm.mapping.sr_items import read_items
from chiasm.model import Sender

CROSSWALK = crosswalk.default()
HEAD = (
    "MSH|^~\\&|RIS|HOSPITAL|||20240131130000||ORU^R01^ORU_R01|1|P|2.5.1\r"
    "PID|1||P1^^^HOSP||Doe^Jane||19800101|F\r"
    "OBR|1|PLACER|FILLER|24627-2^Chest CT^LN|||20240131110000|||||||||||ACC1|RP1|||20240131120000|||{status}"
    "|||||||7&Doe&Jane&&&&&&99HOSP^20240131121500\r"
)
TEXTS = "OBX|1|TX|59776-5^Findings^LN||No mass.||||||F\rOBX|2|TX|19005-8^Impression^LN||Normal.||||||F\r"
NUMBERS = (
    "OBX|1|NM|410668003^Length^SCT|1.1|12.5|mm^millimeter^UCUM|5-20|H|||F|||20240131113000\r"
    "OBX|2|CWE|363698007^Finding Site^SCT|1.2|39607008^Lung^SCT||||||F\r"
    "OBX|3|SN|118565006^Volume^SCT|2.1|>^100|mL^milliliter^UCUM|||||F\r"
)


def _made(observations: str, status: str = "F") -> Result:
    return report_back.to_sr(hl7.parse(HEAD.format(status=status) + observations), CROSSWALK)


def _errors(output: bytes, tool: str, folder: Path) -> list[str]:
    path = folder / "made.dcm"
    path.write_bytes(output)
    found = subprocess.run([tool, str(path)], capture_output=True, text=True, check=False).stderr
    return [line for line in found.splitlines() if line.startswith("Error")]


@pytest.mark.parametrize(
    ("observations", "sop_class"),
    [(TEXTS, "1.2.840.10008.5.1.4.1.1.88.11"), (NUMBERS, "1.2.840.10008.5.1.4.1.1.88.33")],
)
@pytest.mark.parametrize("status", ["F", "P", "C", "R", "A", ""])
def test_each_report_is_accepted(
    observations: str, sop_class: str, status: str, tmp_path: Path, needs_tool: Callable[[str], str]
) -> None:
    result = _made(observations, status)
    assert dicom.parse(result.output).data.get("SOPClassUID") == sop_class
    assert _errors(result.output, needs_tool("dciodvfy"), tmp_path) == []


def test_the_header_says_what_the_message_says() -> None:
    data = dicom.parse(_made(TEXTS).output).data
    assert (data.get("CompletionFlag"), data.get("VerificationFlag")) == ("COMPLETE", "VERIFIED")
    assert (data.get("ContentDate"), data.get("ContentTime")) == ("20240131", "120000")
    assert data.get("VerifyingObserverSequence/0/VerifyingOrganization") == "HOSPITAL"
    assert data.get("VerifyingObserverSequence/0/VerificationDateTime") == "20240131121500"
    request = "ReferencedRequestSequence/0"
    assert data.get(f"{request}/PlacerOrderNumberImagingServiceRequest") == "PLACER"
    assert data.get(f"{request}/RequestedProcedureID") == "RP1"
    assert (data.get("PatientID"), data.get("AccessionNumber"), data.get("Modality")) == ("P1", "ACC1", "SR")


def test_a_corrected_report_goes_forward_as_one(sender: Sender) -> None:
    package = dicom.parse(_made(TEXTS, "C").output)
    message = report_forward.to_message([("", package)], "oru", CROSSWALK, sender).output
    assert hl7.parse(message)["OBR-25"] == "C"


@pytest.mark.parametrize(
    ("observations", "status", "why"),
    [
        (TEXTS, "X", "no results"),
        ("", "F", "no observation"),
        ("OBX|1|ED|1^a^LN||^AP^PDF^Base64^AAE=||||||F\r", "F", "no observation"),
        ("OBX|1|NM|1^a^LN||abc||||||F\r", "F", "no observation"),
    ],
)
def test_what_is_no_report_is_refused(observations: str, status: str, why: str) -> None:
    with pytest.raises(MappingError, match=why):
        _made(observations, status)


def test_without_an_interpreter_nothing_is_verified() -> None:
    text = HEAD.format(status="F").replace("7&Doe&Jane&&&&&&99HOSP^20240131121500", "")
    result = report_back.to_sr(hl7.parse(text + TEXTS), CROSSWALK)
    assert dicom.parse(result.output).data.get("VerificationFlag") == "UNVERIFIED"
    told = {entry.source: entry.reason for entry in result.ledger}
    assert "not written as verified" in told["OBR[1]-25[1].1.1"]


def test_without_a_time_there_is_no_report() -> None:
    text = (HEAD.format(status="F") + TEXTS).replace("20240131120000", "").replace("20240131130000", "")
    with pytest.raises(MappingError, match="no time"):
        report_back.to_sr(hl7.parse(text), CROSSWALK)


def test_the_same_message_makes_the_same_document() -> None:
    assert _made(TEXTS).output == _made(TEXTS).output
    first, second = (dicom.parse(_made(one).output).data for one in (TEXTS, NUMBERS))
    assert first.get("SOPInstanceUID") != second.get("SOPInstanceUID")


def test_the_document_that_it_came_from_is_its_predecessor(
    sr_package: Callable[..., dicom.Package], dose_report: Any, sender: Sender
) -> None:
    package = sr_package(dose_report)
    message = report_forward.to_message([("", package)], "oru", CROSSWALK, sender).output
    data = dicom.parse(report_back.to_sr(hl7.parse(message), CROSSWALK).output).data
    path = "PredecessorDocumentsSequence/0/ReferencedSeriesSequence/0/ReferencedSOPSequence/0/ReferencedSOPInstanceUID"
    assert data.get(path) == "1.2.3.4.5"
    assert data.get("SOPInstanceUID") != "1.2.3.4.5"


@pytest.mark.parametrize("observations", [TEXTS, NUMBERS])
def test_every_leaf_of_the_message_is_in_the_ledger_once(observations: str) -> None:
    message = hl7.parse(HEAD.format(status="F") + observations)
    sources = [entry.source for entry in report_back.to_sr(message, CROSSWALK).ledger]
    assert sorted(sources) == sorted({path for path, value in message.walk() if value})


def test_no_leaf_of_the_message_is_lost_in_silence() -> None:
    text = HEAD.format(status="F") + NUMBERS
    before = _made(NUMBERS)
    said = {entry.source for entry in before.ledger if entry.disposition != "dropped"}
    silent = []
    for path, value in hl7.parse(text).walk():
        if path not in said:
            continue
        mutant = hl7.parse(text)
        mutant[path] = {"F": "P"}.get(value, ("2" if value[0] == "1" else "1") + value[1:])
        try:
            after = report_back.to_sr(mutant, CROSSWALK)
        except MappingError:
            continue
        shown = [_content(one) for one in (before, after)]
        ledgers = [[(one.source, one.disposition) for one in made.ledger] for made in (before, after)]
        if shown[0] == shown[1] and ledgers[0] == ledgers[1]:
            silent.append(path)
    assert silent == []


def _content(result: Result) -> list[tuple[str, object]]:
    """What a document says besides its own UIDs, which change with every byte of the message."""
    own = {"SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"}
    walked = dicom.parse(result.output).data.walk()
    return [(path, one.value) for path, one in walked if one.keyword not in own]


def test_the_published_sample_becomes_a_report(shared_data: Path) -> None:
    raw = (shared_data / "hl7-imaging-samples" / "ORU^R01-SR.hl7").read_bytes()
    data = dicom.parse(report_back.to_sr(hl7.parse(raw), CROSSWALK).output).data
    named = {item.name.meaning for item in read_items(data).items if item.name is not None}
    assert {"Procedure Findings", "Liver Mass", "Study recommendation", "Normality"} <= named
    assert "SR Instance UID" not in named
