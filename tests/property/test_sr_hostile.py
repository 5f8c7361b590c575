"""Hostile reports end in an error of Chiasm's own or in a result, never in anything else."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm import dicom, hl7
from chiasm.errors import ChiasmError
from chiasm.mapping import crosswalk, document_back, report_back, report_forward
from chiasm.model import Instant, Sender

CROSSWALK = crosswalk.default()
SENT = Sender("SENDER", "FACILITY", Instant("20240131120000"))
RAW = (Path(pydicom.__file__).parent / "data" / "test_files" / "test-SR.dcm").read_bytes()
MESSAGE = report_forward.to_message([("", dicom.parse(RAW))], "oru", CROSSWALK, SENT).output
FOREIGN = (
    b"MSH|^~\\&|RIS|HOSPITAL|||20240131130000||ORU^R01^ORU_R01|1|P|2.5.1\rPID|1||P1\r"
    b"OBR|1|||24627-2^Chest CT^LN||||||||||||||||||20240131120000|||F|||||||7&Doe^20240131\r"
    b"OBX|1|NM|410668003^Length^SCT|1.1|12.5|mm^millimeter^UCUM|5-20|H|||F|||20240131113000\r"
    b"OBX|2|CWE|363698007^Site^SCT|1.2|39607008^Lung^SCT||||||F\rOBX|3|SN|1^V^L|2.1|>^100||||||F\r"
    b"OBX|4|ED|1^Report^L||^AP^PDF^Base64^JVBERi0=||||||F\r"
)
edits = st.lists(
    st.tuples(st.floats(0, 0.999), st.binary(max_size=3), st.integers(0, 3)), min_size=1, max_size=6
)


def _edited(data: bytes, changes: list[tuple[float, bytes, int]], start: int) -> bytes:
    for place, put, cut in changes:
        at = start + int(place * (len(data) - start))
        data = data[:at] + put + data[at + cut :]
    return data


@given(edits)
@pytest.mark.parametrize("message", [MESSAGE, FOREIGN], ids=["own", "foreign"])
def test_a_message_with_broken_bytes(message: bytes, changes: list[tuple[float, bytes, int]]) -> None:
    try:
        result = report_back.to_sr(hl7.parse(_edited(message, changes, 40)), CROSSWALK)
    except ChiasmError:
        return
    assert len(result.ledger) > 0
    dicom.parse(result.output)


@given(edits)
def test_a_document_with_broken_bytes(changes: list[tuple[float, bytes, int]]) -> None:
    try:
        document_back.to_documents(hl7.parse(_edited(FOREIGN, changes, 40)), CROSSWALK)
    except ChiasmError:
        return


@given(edits)
def test_a_data_set_with_broken_bytes(changes: list[tuple[float, bytes, int]]) -> None:
    try:
        package = dicom.parse(_edited(RAW, changes, 400))
        result = report_forward.to_message([("", package)], "oru", CROSSWALK, SENT)
    except ChiasmError:
        return
    sources = [entry.source for entry in result.ledger]
    assert len(sources) == len(set(sources))
    hl7.parse(result.output)


@pytest.mark.parametrize("step", [7])
def test_a_data_set_cut_short_at_each_place(step: int) -> None:
    for stop in range(140, len(RAW), step):
        try:
            package = dicom.parse(RAW[:stop])
            report_forward.to_message([("", package)], "oru", CROSSWALK, SENT)
        except ChiasmError:
            continue


def test_a_message_cut_short_at_each_place() -> None:
    for stop in range(60, len(FOREIGN), 5):
        try:
            report_back.to_sr(hl7.parse(FOREIGN[:stop]), CROSSWALK)
        except ChiasmError:
            continue
