"""Orders become worklist items, step by step, with every leaf of the message accounted for."""

from pathlib import Path

import pytest

from chiasm import dicom, hl7, mapping
from chiasm.errors import ChiasmError, MappingError
from chiasm.model import Disposition

ORDERS = ("OMI", "ORM", "OMG", "SIU")


def samples(shared_data: Path) -> list[Path]:
    return [
        path
        for path in sorted((shared_data / "hl7-imaging-samples").glob("*.hl7"))
        if path.name[:3] in ORDERS
    ]


def test_every_order_sample_becomes_an_item(shared_data: Path) -> None:
    for path in samples(shared_data):
        message = hl7.parse(path.read_bytes())
        result = mapping.convert(message, "worklist")
        data = dicom.parse(result.output).data
        assert data["PatientID"] == "PID_1", path.name
        assert data["IssuerOfPatientID"] == "ADT1", path.name
        assert data.get("ScheduledProcedureStepSequence"), path.name
        sources = [entry.source for entry in result.ledger]
        assert len(sources) == len(set(sources))
        assert set(sources) == {place for place, value in message.walk() if value}, path.name


def test_mutating_each_leaf_of_an_order_changes_output_or_ledger(shared_data: Path) -> None:
    for path in samples(shared_data):
        data = path.read_bytes()
        message = hl7.parse(data)
        result = mapping.convert(message, "worklist")
        ledger = {entry.source: entry for entry in result.ledger}
        for place, entry in ledger.items():
            mutant = hl7.parse(data)
            if place.startswith(("MSH[1]-2", "MSH[1]-1[", "MSH[1]-9", "MSH[1]-18", "MSH[1]-12")):
                continue
            del mutant[place]
            try:
                again = mapping.convert(mutant, "worklist")
                after = {one.source: one for one in again.ledger}
                assert again.outputs != result.outputs or after != ledger, (path.name, place, entry)
            except ChiasmError:
                continue  # what is told as an error is no silent loss
            if entry.disposition is Disposition.MAPPED and not entry.reason:
                agrees = [e for e in ledger.values() if e.rule == entry.rule and e.source != place]
                assert again.outputs != result.outputs or agrees, (path.name, place, entry)


def test_two_steps_are_two_items() -> None:
    text = (
        "MSH|^~\\&|A|B|C|D|20260101||OMI^O23^OMI_O23|1|P|2.5.1\rPID|||1\rORC|NW|1\rOBR||1||X^Y^L\r"
        "IPC|A|R|1.2|S1|CT\rIPC|A|R|1.2|S2|MR\r"
    )
    result = mapping.convert(hl7.parse(text), "worklist")
    found = [dicom.parse(output).get("00400100/0/00080060") for output in result.outputs]
    assert found == ["CT", "MR"]


def test_an_order_without_a_study_uid_gets_the_same_one_each_time() -> None:
    text = "MSH|^~\\&|A|B|C|D|20260101||ORM^O01|1|P|2.3.1\rPID|||1\rORC|NW|7\rOBR||7||X\r"
    uids = {
        dicom.parse(mapping.convert(hl7.parse(text), "worklist").output)["StudyInstanceUID"] for _ in range(2)
    }
    assert len(uids) == 1
    assert uids.pop().startswith("2.25.")


def test_a_message_without_an_order_is_refused() -> None:
    with pytest.raises(MappingError, match="no order"):
        mapping.convert(hl7.parse("MSH|^~\\&|A|B|C|D|20260101||ADT^A08|1|P|2.5.1\rPID|||1\r"), "worklist")
