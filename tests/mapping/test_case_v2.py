"""What a message says becomes a case; every place is looked into, contradictions are told."""

from pathlib import Path

import pytest

from chiasm import hl7
from chiasm.mapping import case_v2
from chiasm.mapping.crosswalk import default


def read(body: str) -> case_v2.MessageReading:
    return case_v2.read(hl7.parse("MSH|^~\\&|APP|FAC|C|D|202601020304||" + body), default())


def test_the_imaging_order_sample(shared_data: Path) -> None:
    message = hl7.parse((shared_data / "hl7-imaging-samples" / "OMI^O23-ImagingOrder.hl7").read_bytes())
    case = case_v2.read(message, default()).case
    (order,) = case.orders
    (step,) = order.steps
    assert case.patient.names[0].alphabetic.family == "Smith"
    assert (order.accession_number, order.procedure_id) == ("AccessionNumber", "RequestedProcID")
    assert order.study_uid == "1.2.392.200036.9125.0.198811291108.7"
    assert (step.identifier, step.modality, step.location) == (
        "ScheduledProcStepID",
        "CT",
        "ScheduledProcStepLocation",
    )
    assert step.ae_titles == ("ScheduledStationAET1", "ScheduledStationAET2")
    assert step.start.digits == "200008161510"
    assert (case.measures.weight.value, case.measures.weight.unit.code) == ("65", "kg")
    assert case.visit.pregnancy == "B6"
    assert case.patient.comments == "PatientComments"
    assert order.comments == "RequestedProcedureComments"


def test_the_sender_is_that_of_the_header() -> None:
    sender = read("ADT^A08|77|P|2.5.1\rPID|||1\r").case.sender
    assert (sender.application, sender.facility, sender.control_id, sender.sent.digits) == (
        "APP",
        "FAC",
        "77",
        "202601020304",
    )


def test_two_places_that_agree_are_both_accounted_for() -> None:
    reading = read("ORM^O01|1|P|2.5.1\rPID|||1\rORC|NW|P1\rOBR|1|P1||X\r")
    leaves = {leaf for one in reading.reads if one.concept == "order.placer_number" for leaf in one.leaves}
    assert leaves == {"ORC[1]-2[1].1.1", "OBR[1]-2[1].1.1"}
    assert not any(one.refusal for one in reading.reads)


def test_two_places_that_disagree_are_told() -> None:
    reading = read("ORM^O01|1|P|2.5.1\rPID|||1\rORC|NW|P1\rOBR|1|P2||X\r")
    (refused,) = [one for one in reading.reads if one.refusal]
    assert (refused.concept, refused.leaves) == ("order.placer_number", ["OBR[1]-2[1].1.1"])
    assert reading.case.orders[0].placer_number == "P1"


def test_an_explicit_null_is_kept_apart() -> None:
    reading = read('ADT^A08|1|P|2.5.1\rPID|||1||Doe||""\r')
    assert reading.nulls == {"patient.birth_date": "PID[1]-7"}


def test_notes_are_joined_by_lines() -> None:
    reading = read("ORU^R01|1|P|2.5.1\rPID|||1\rNTE|1||one\rNTE|2||two\rOBR|1|||X\r")
    assert reading.case.patient.comments == "one\ntwo"


@pytest.mark.parametrize("code", ["OBX|1|NM|29463-7^Body weight^LN||70|kg", "OBX|1|NM|^body WEIGHT||70|kg"])
def test_an_observation_is_found_by_code_or_by_text(code: str) -> None:
    case = read(f"ORU^R01|1|P|2.5.1\rPID|||1\rOBR|1|||X\r{code}|||||F\r").case
    assert case.measures.weight.value == "70"
