"""Acknowledgments: who is told what, in both modes and in each version's own form."""

from datetime import UTC, datetime

import pytest

from chiasm import hl7
from chiasm.errors import Finding, ParseError, Severity, UsageError
from chiasm.standards import hl7tables

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


def message(version="2.5.1", accept="", application="", event="ORU^R01^ORU_R01", marks="^~\\&", more=""):
    header = (
        f"MSH|{marks}|APP^1.2^ISO|FAC|TO|THERE|20260101||{event}|CTRL7|P|{version}|||{accept}|{application}"
    )
    return hl7.parse(f"{header}{more}\rPID|1||7||X\r")


def text_of(made):
    return str(made).rstrip("\r").split("\r")


def test_original_mode_golden():
    made = hl7.acknowledge(message(), control_id="A1", now=NOW)
    assert text_of(made) == [
        # sender and receiver change places (MSH-3..6); MSH-9 names trigger and structure; MSH-12 is echoed
        "MSH|^~\\&|TO|THERE|APP^1.2^ISO|FAC|20260314150926+0000||ACK^R01^ACK|A1|P|2.5.1",
        "MSA|AA|CTRL7",
    ]
    assert [f for f in made.validate() if f.severity is Severity.ERROR] == []


@pytest.mark.parametrize(
    ("version", "event"),
    [
        ("2.1", "ACK^R01"),
        ("2.3", "ACK^R01"),
        ("2.3.1", "ACK^R01"),
        ("2.4", "ACK^R01^ACK"),
        ("2.8.2", "ACK^R01^ACK"),
    ],
)
def test_the_event_is_written_as_the_version_has_it(version, event):
    made = hl7.acknowledge(message(version, event="ORU^R01"))
    assert made["MSH-9"].startswith(event.split("^")[0])
    assert made["MSH-12"] == version
    if version != "2.3.1":
        assert made["MSH-9"] == event


@pytest.mark.parametrize(
    ("accept", "application", "success", "expected"),
    [  # HL7 v2.5.1 table 0155: AL always, NE never, ER on error, SU on success
        ("", "", True, (False, False, True)),
        ("AL", "", True, (True, True, False)),
        ("", "AL", True, (True, False, True)),
        ("NE", "NE", True, (True, False, False)),
        ("ER", "SU", True, (True, False, True)),
        ("ER", "SU", False, (True, True, False)),
        ("SU", "ER", True, (True, True, False)),
    ],
)
def test_pitfall_17_either_field_valued_is_enhanced_mode(accept, application, success, expected):
    assert (
        hl7.acknowledgments_due(message(accept=accept, application=application), success=success) == expected
    )


def test_enhanced_mode_knows_accept_acknowledgments_and_asks_for_nothing():
    made = hl7.acknowledge(message(accept="AL", application="NE"), "CA")
    assert made["MSA-1"] == "CA"
    assert (made["MSH-15"], made["MSH-16"]) == ("NE", "NE")
    with pytest.raises(UsageError, match="original mode"):
        hl7.acknowledge(message(), "CA")


@pytest.mark.parametrize("code", ["AA", "AE", "AR"])
def test_pitfall_17_an_acknowledgment_is_never_acknowledged(code):
    made = hl7.acknowledge(message(), code)
    assert made["MSA-2"] == "CTRL7"
    for reply in ("AA", "CA"):
        with pytest.raises(UsageError, match="not acknowledged"):
            hl7.acknowledge(made, reply)
    assert hl7.acknowledgments_due(made) == (False, False, False)
    commit = hl7.acknowledge(message(accept="AL"), "CR")
    assert hl7.acknowledgments_due(commit) == (True, False, False)


def test_an_answer_of_the_application_may_ask_to_be_accepted():
    answer = hl7.parse("MSH|^~\\&|A|B|C|D|2026||ORR^O02|9|P|2.5.1|||AL|NE\rMSA|AA|1\r")
    assert hl7.acknowledgments_due(answer) == (True, True, False)
    assert hl7.acknowledge(answer, "CA")["MSA-2"] == "9"
    with pytest.raises(UsageError):
        hl7.acknowledge(answer, "AA")


def test_errors_from_2_5_on_are_one_segment_each():
    finding = Finding(Severity.ERROR, "PID[1]-3[1].4.1", "missing-field", "it is required")
    made = hl7.acknowledge(message(), "AE", errors=[finding, ParseError("no", place="OBX[2]-5"), "why"])
    rows = made.segments_named("ERR")
    internal = hl7tables.version("2.5.1").table("0357").codes["207"]
    assert [row.text(2) for row in rows] == ["PID^1^3^1^4^1", "OBX^2^5", ""]
    assert [row.text(3) for row in rows] == [
        "101^Required field missing^HL70357",
        f"207^{internal}^HL70357",
        f"207^{internal}^HL70357",
    ]
    assert [row.text(4) for row in rows] == ["E", "E", "E"]
    assert [row.text(8) for row in rows] == ["it is required", "no", "why"]
    assert [f for f in made.validate() if f.severity is Severity.ERROR] == []


def test_errors_before_2_5_are_repetitions_of_err_1():
    finding = Finding(Severity.ERROR, "PID[1]-3", "value-format", "bad")
    made = hl7.acknowledge(message("2.3.1"), "AE", errors=[finding, finding], text="words")
    assert made["MSA-3"] == "words"
    (row,) = made.segments_named("ERR")
    assert row.text(1) == "~".join(["PID^1^3^102&Data type error&HL70060"] * 2)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("unknown-version", "203"),
        ("unknown-structure", "200"),
        ("structure-mismatch", "201"),
        ("misplaced-segment", "100"),
        ("missing-segment", "100"),
        ("missing-component", "101"),
        ("value-format", "102"),
        ("table-value", "103"),
    ],
)
def test_rules_have_their_code_of_table_0357(rule, code):
    made = hl7.acknowledge(message(), "AE", errors=[Finding(Severity.WARNING, "", rule, "x")])
    assert made["ERR-3.1"] == code
    assert made["ERR-4"] == "W"


def test_delimiters_and_character_set_are_echoed():
    source = hl7.parse("MSH$#*@%$Ä$B$C$D$2026$$ADT#A01$5$P$2.5.1#GBR$$$$$$8859/1\rPID$1\r".encode("latin-1"))
    made = hl7.acknowledge(source)
    assert made.delimiters == source.delimiters
    assert made["MSH-12"] == "2.5.1#GBR"
    assert (made["MSH-18"], made["MSH-5"]) == ("8859/1", "Ä")
    assert "Ä".encode("latin-1") in made.encode()


def test_words_that_the_set_cannot_hold_are_sent_in_utf_8():
    source = hl7.parse(b"MSH|^~\\&|A|B|C|D|2026||ADT^A01|5|P|2.5.1||||||8859/1\r")
    made = hl7.acknowledge(source, "AE", text="山田")
    assert made["MSH-18"] == "UNICODE UTF-8"
    assert "山田".encode() in made.encode()


def test_an_unknown_code_is_refused():
    with pytest.raises(UsageError, match="no acknowledgment code"):
        hl7.acknowledge(message(), "OK")
