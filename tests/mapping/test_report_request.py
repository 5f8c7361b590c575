"""What an OBR says of the report: status, time, interpreter. HL7 v2.5.1 §7.4.1."""

from __future__ import annotations

from chiasm import hl7
from chiasm.mapping.report_request import Answer, answer_of
from chiasm.model import Identifier, Instant, Issuer, NameGroup

HEADER = "MSH|^~\\&|A|HOSPITAL|||20240131||ORU^R01|1|P|2.5.1\r"


def _answer(interpreter: str = "", more: str = "") -> Answer:
    fields = ["OBR", "1"] + [""] * 31
    fields[22], fields[25], fields[32] = "20240131120000+0100", "F", interpreter
    return answer_of(hl7.parse(HEADER + "|".join(fields) + "\r" + more))


def test_status_and_time() -> None:
    answer = _answer()
    assert (answer.status, answer.issued) == ("F", Instant("20240131120000", "", "+0100"))
    assert answer.interpreter is None
    assert set(answer.used) == {"OBR[1]-22[1].1.1", "OBR[1]-25[1].1.1"}


def test_the_interpreter_is_an_ndl_with_suffix_before_prefix() -> None:
    answer = _answer("7&Doe&Jane&M&Jr&Dr&MD&&HOSP^20240131130000")
    signature = answer.interpreter
    assert signature is not None
    assert signature.person.name.alphabetic == NameGroup("Doe", "Jane", "M", "Dr", "Jr", "MD")
    assert signature.person.identifier == Identifier("7", Issuer("HOSP"))
    assert signature.when == Instant("20240131130000")


def test_without_its_own_time_the_interpreter_has_that_of_the_result() -> None:
    signature = _answer("&Doe").interpreter
    assert signature is not None
    assert signature.when == Instant("20240131120000", "", "+0100")


def test_the_organization_is_that_of_an_observation_or_the_sender() -> None:
    with_obx = _answer("&Doe", "OBX|1|ST|1^a^L||x||||||F" + "|" * 12 + "CLINIC\r").interpreter
    without = _answer("&Doe").interpreter
    assert with_obx is not None
    assert without is not None
    assert (with_obx.organization, without.organization) == ("CLINIC", "HOSPITAL")


def test_a_refused_interpreter_is_accounted_for() -> None:
    answer = _answer("7&Doe")
    answer.refuse("too long")
    assert answer.interpreter is None
    found = answer.entries("rule")
    assert found["OBR[1]-32[1].1.2"].reason == "refused: too long"
    assert found["OBR[1]-25[1].1.1"].disposition == "mapped"


def test_a_caveat_stands_with_the_status() -> None:
    answer = _answer()
    answer.caveat = "not verified"
    assert answer.entries("rule")["OBR[1]-25[1].1.1"].reason == "not verified"


def test_a_message_without_an_obr_says_nothing() -> None:
    assert answer_of(hl7.parse(HEADER + "PID|||1")) == Answer()
