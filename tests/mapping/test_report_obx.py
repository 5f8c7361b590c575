"""OBX read field by field, with an account of every leaf. HL7 v2.5.1 §7.4.2."""

from __future__ import annotations

from chiasm import hl7
from chiasm.mapping.report_obx import Obx, credit, entries, observations
from chiasm.mapping.writing import Written
from chiasm.model import Disposition, Entry

LINE = "OBX|1|ED|1^Name^LN^2^Other^99X|3|^AP^PDF^Base64^A&B~second||||||F"


def _obx() -> Obx:
    return observations(hl7.parse("MSH|^~\\&|A|B|||1||ORU^R01|1|P|2.5.1\r" + LINE))[0]


def test_reading_notes_the_leaves() -> None:
    one = _obx()
    assert one.code == ("1", "Name", "LN", "2", "Other", "99X")
    assert (one.kind, one.peek(4), one.leaves) == ("ED", "3", set())
    assert (one.value_type, one.text(4), one.component(5, 3)) == ("ED", "3", "PDF")
    assert one.leaves == {"OBX[1]-2[1].1.1", "OBX[1]-4[1].1.1", "OBX[1]-5[1].3.1"}


def test_all_repetitions_of_a_field() -> None:
    one = _obx()
    assert one.parts(5) == [["", "AP", "PDF", "Base64", "A"], ["second"]]
    assert "OBX[1]-5[2].1.1" in one.leaves


def test_a_component_that_an_ampersand_has_split_is_whole() -> None:
    one = _obx()
    assert one.whole(5, 5) == "A&B"
    assert one.leaves == {"OBX[1]-5[1].5.1", "OBX[1]-5[1].5.2"}


def test_absent_fields_are_empty() -> None:
    one = _obx()
    assert (one.text(17), one.parts(17), one.component(17, 2), one.whole(17, 1)) == ("", [], "", "")


def test_the_account_puts_each_leaf_where_it_went() -> None:
    one = _obx()
    one.text(4)
    one.use("0040A730/0", "rule")
    rows = [
        Entry("PID[1]-3[1].1.1", Disposition.MAPPED, "00100020", "patient.identifiers"),
        Entry("OBR[1]-25[1].1.1", Disposition.DROPPED, "", "no-row"),
        Entry("OBX[1]-4[1].1.1", Disposition.DROPPED, "", "no-row"),
        Entry("OBX[1]-11[1].1.1", Disposition.DROPPED, "", "no-row"),
    ]
    status = Entry("OBR[1]-25[1].1.1", Disposition.MAPPED, "0040A491", "report.header")
    found = list(entries(rows, [one], "an SR document", {status.source: status}))
    assert found[:2] == [rows[0], status]
    assert found[2] == Entry("OBX[1]-4[1].1.1", Disposition.MAPPED, "0040A730/0", "rule")
    assert (found[3].disposition, found[3].reason) == (
        Disposition.DROPPED,
        "OBX-11 of an observation has no place in an SR document",
    )


def test_a_refused_observation_says_why() -> None:
    one = _obx()
    one.refusal = "because"
    row = Entry("OBX[1]-5[1].2.1", Disposition.DROPPED, "", "no-row")
    assert next(entries([row], [one], "x", {})).reason == "because"


def test_a_row_that_read_an_observation_read_its_code() -> None:
    from chiasm.mapping.case_v2 import FieldRead, MessageReading
    from chiasm.model import Case

    one = _obx()
    reading = MessageReading(Case(), [FieldRead("study.description", 0, ["OBX[1]-5[1].1.1"])], {})
    assert credit([one], reading, {("study.description", 0): Written("00081030")}) == {"OBX[1]"}
    assert (one.target, "OBX[1]-3[1].1.1" in one.leaves) == ("00081030", True)
